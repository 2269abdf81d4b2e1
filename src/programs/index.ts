/** Kernels from source to pipeline: includes, compilation, what the build compiled ahead, and the cache in memory and on disk. */
export { cacheDirectory } from "./cache/cache-folder.ts";
export { DirectoryStore } from "./cache/directory-store.ts";
export { HttpStore } from "./cache/http-store.ts";
export { SecondLevel, type SecondLevelOptions, type SecondLevelStore } from "./cache/store.ts";
export { secondLevelFrom, storeAt } from "./cache/store-choice.ts";
export { type ProgramStats } from "./cache/statistics.ts";
export { checkLayout } from "./check-layout.ts";
export { compile, type SourceRequest } from "./compile.ts";
export { kernelFile } from "./kernel-file.ts";
export { type Program, type ProgramOrigin } from "./modules.ts";
export { precompile } from "./precompile.ts";
export { ProgramCache, type ProgramCacheOptions, type ProgramLease } from "./program-cache.ts";
export { type ProgramRequest, type ProgramVariant } from "./program-request.ts";
export { type SharedPrograms, sharedPrograms } from "./shared-programs.ts";
export { type Benchmark, type TuneAnswer, type TuneOptions, type VariantFigure } from "./tune.ts";
