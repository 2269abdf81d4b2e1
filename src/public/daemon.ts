/** `everwarp/daemon`: searches that this user's daemon answers, whose trees are in memory already. */
export * from "./errors.ts";
export {
  connect,
  type ConnectOptions,
  type ChangeListenerOptions,
  type TreeEngine,
  type TreeHits,
  type TreeSearch,
} from "../daemon/index.ts";
export type {
  HitList,
  SearchEngineInfo,
  SearchEngineStats,
  SearchOptions,
  TextEngine,
  TextHits,
  TextQuery,
  TextSearch,
  TreeOptions,
  TypeChange,
} from "../search/index.ts";
