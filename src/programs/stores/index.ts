/** Second levels of the program cache: folders and HTTP servers that several machines share. */
export { DirectoryStore } from "./directory-store.ts";
export { HttpStore, type HttpStoreOptions } from "./http-store.ts";
export {
  SecondLevel,
  type SecondLevelCloseOptions,
  type SecondLevelOptions,
  type StoreCallOptions,
  type SecondLevelStats,
  type SecondLevelStore,
} from "./second-level.ts";
export { secondLevelFrom } from "./store-choice.ts";
