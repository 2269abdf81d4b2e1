/** The daemon's side of the socket: who may ask, what may be asked for, and how much of it at a time. */
export type { PlannedSearch, SearchContext, SearchService, ServedTrees } from "./search-service.ts";
export { DaemonServer, type DaemonServerOptions } from "./daemon-server.ts";
