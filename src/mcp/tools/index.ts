/** The tools, one file each: what an agent may give, and what it gets. */
export type { Session, Tool } from "./tool.ts";
export { TOOLS } from "./tools.ts";
