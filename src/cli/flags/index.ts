/** The flags of a search: their table, their parser, and what they mean together. */
export { configArgs } from "./config.ts";
export type { LowArgs, SortKey } from "./flag-values.ts";
export { type HiArgs, toHiArgs } from "./hi-args.ts";
export { parseLowArgs } from "./parse.ts";
