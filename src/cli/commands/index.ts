/** The commands, one file each. */
export type { SearchHooks } from "./search.ts";
