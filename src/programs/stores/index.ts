/** Second levels of the program cache: folders and HTTP servers that several machines share. */
export { DirectoryStore } from "./directory-store.ts";
export { HttpStore, type HttpStoreOptions } from "./http-store.ts";
export {
  SecondLevel,
  type SecondLevelOptions,
  type SecondLevelStore,
  type SecondLevelStats,
} from "./second-level.ts";
export { secondLevelFrom, storeAt } from "./store-choice.ts";
