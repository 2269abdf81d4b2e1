/**
 * The client's side of the socket, for Node: asking for a search, for hits, for the daemon's state, and for its end.
 */
export { askForReport, askToStop } from "./control.ts";
export { startDaemon } from "./start-daemon.ts";
export { type Outcome, type SearchClient, askDaemon } from "./ask-daemon.ts";
export { type ConnectOptions, connect } from "./connect.ts";
