/** The program cache: from a request to a pipeline in memory. */
export type { ModuleRewrite, ProgramCacheOptions } from "./program-cache-options.ts";
export { ProgramCache, type ProgramLease } from "./program-cache.ts";
export type { ProgramConstants, ProgramRequest, ProgramVariant } from "./program-request.ts";
export type { PreloadAnswer, PreloadOptions } from "./preload.ts";
export { sharedPrograms } from "./shared-programs.ts";
export { shippedPrograms, shippedProgramsNamed } from "./shipped.ts";
export type { ProgramStats, DiskStats } from "./statistics.ts";
export type { Benchmark, TuneAnswer, TuneOptions, VariantFigure } from "./tune.ts";
