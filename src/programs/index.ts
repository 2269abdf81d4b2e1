/**
 * Kernels from source to pipeline: includes, compilation, what the build compiled ahead, and the cache in memory and on
 * disk.
 */
export {
  cacheDirectory,
  DiskStore,
  type ManifestRow,
  type PruneAnswer,
  type PruneOptions,
} from "./disk/index.ts";
export {
  DirectoryStore,
  HttpStore,
  type HttpStoreOptions,
  SecondLevel,
  secondLevelFrom,
  type SecondLevelCloseOptions,
  type SecondLevelOptions,
  type StoreCallOptions,
  type SecondLevelStats,
  type SecondLevelStore,
} from "./stores/index.ts";
export {
  type Benchmark,
  type ModuleRewrite,
  type PreloadAnswer,
  type PreloadOptions,
  ProgramCache,
  type ProgramCacheOptions,
  type ProgramConstants,
  type ProgramLease,
  type ProgramRequest,
  type ProgramStats,
  type ProgramVariant,
  sharedPrograms,
  shippedPrograms,
  shippedProgramsNamed,
  type TuneAnswer,
  type TuneOptions,
  type VariantFigure,
  type DiskStats,
} from "./cache/index.ts";
export {
  checkLayout,
  compileExpandedWithLines,
  compileWithLines,
  type ExpandedSource,
  expandFile,
  kernelFile,
  type LinedModule,
  precompile,
  prepareSource,
  type Program,
  type ProgramOrigin,
  type SourceRequest,
  type VirtualFiles,
  variantsOf,
} from "./sources/index.ts";
export {
  COMPILER,
  encodeEntry,
  type Entry,
  ENTRY_ID,
  type MissReason,
  partsOf,
  pipelineKeyOf,
  readArchive,
  type Target,
  targetOf,
  writeArchive,
  type WrittenArchive,
} from "./entries/index.ts";
