/** The daemon: one process of a user that keeps trees in memory and answers the searches of all clients. */
export {
  CLIENT_MARK,
  CLIENT_SETTINGS,
  DAEMON_USES,
  type DaemonReport,
  type RuntimeFolder,
  daemonUse,
  runtimeFolder,
  type SearchRequest,
  sentVariables,
} from "./protocol/index.ts";
export {
  DaemonServer,
  type DaemonServerOptions,
  type SearchContext,
  type SearchScope,
  type SearchService,
} from "./server/index.ts";
export { askDaemon, askForReport, askToStop, openDaemonLog } from "./client/index.ts";
export {
  ResidentTrees,
  type ResidentTreesOptions,
  type ResidentTreesParts,
  type ResidentTreesStats,
} from "./trees/index.ts";
