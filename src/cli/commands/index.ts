/** The commands, one file each. */
export type { SearchOverrides } from "./search.ts";
