/** The rules, one file each: what a kernel must do, why, an example of each kind, and the check. */
export { RULES } from "./all-rules.ts";
export type { Breach, Rule } from "./rule.ts";
