/** What `everwarp wasm` reads, runs and says. */
export { inspectText } from "./inspect.ts";
export { invoke, type RowResult } from "./invoke.ts";
