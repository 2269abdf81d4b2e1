/** The commands, one file each. */
export { readArguments, type SearchOverrides } from "./search.ts";
