/** What a benchmark says: the document with its rows, as JSON and as a table. */
export { type MeasuredRow, type RowKey, type UnmeasuredRow, summarize } from "./document.ts";
export { type Machine, describeMachine } from "./machine.ts";
export { Reporter } from "./reporter.ts";
