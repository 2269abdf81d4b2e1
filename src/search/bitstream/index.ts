/** Filters of lines: patterns as streams of bits, 64 places at a time, in a WebAssembly module of their own. */
export { compileFilter } from "./compile-filter.ts";
export { FILTER_EXPORT, filterModule } from "./filter-module.ts";
