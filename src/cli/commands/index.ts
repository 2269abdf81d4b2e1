/** The commands, one file each. */
export type { SearchEngineHook, SearchHooks } from "./search.ts";
