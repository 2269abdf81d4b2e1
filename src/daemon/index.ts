/** The daemon: one process of a user that keeps trees in memory and answers the searches of all clients. */
export {
  CLIENT_MARK,
  CLIENT_SETTINGS,
  DAEMON_USES,
  type DaemonUse,
  type DaemonReport,
  type RuntimeFolder,
  daemonUse,
  NO_STREAMS,
  runtimeFolder,
  type SearchRequest,
  sentVariables,
} from "./protocol/index.ts";
export {
  DaemonServer,
  type DaemonServerOptions,
  type PlannedSearch,
  type SearchContext,
  type SearchService,
} from "./server/index.ts";
export {
  askDaemon,
  askForReport,
  askToStop,
  type Outcome,
  connect,
  type ConnectOptions,
  startDaemon,
} from "./client/index.ts";
export { TreeHits } from "./hits/index.ts";
export { type ChangeListenerOptions, TreeEngine, TreeSearch } from "./tree-engine/index.ts";
export {
  openOwnTree,
  ResidentTrees,
  type ResidentTreesOptions,
  type ResidentTreesParts,
  type ResidentTreesStats,
} from "./trees/index.ts";
