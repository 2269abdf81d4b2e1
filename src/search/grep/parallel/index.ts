/** Threads that read and search files as the walk finds them. Loaded lazily. */
export { searchInParallel } from "./parallel-search.ts";
