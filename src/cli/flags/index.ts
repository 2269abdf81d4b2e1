/** The flags of a search: their table, their parser, and what they mean together. */
export { configArgs } from "./config.ts";
export type { FlagValues } from "./flag-values.ts";
export { toGrepOptions } from "./grep-options.ts";
export { parseFlags } from "./parse.ts";
