/** The patterns of earlier sessions, in a file of the user's. */
export { HistoryFile } from "./history-file.ts";
