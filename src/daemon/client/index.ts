/** The client's side of the socket, for Node: asking for a search, for the daemon's state, and for its end. */
export { askForReport, askToStop } from "./control.ts";
export { openDaemonLog } from "./daemon-log.ts";
export { type Outcome, type SearchClient, askDaemon } from "./ask-daemon.ts";
