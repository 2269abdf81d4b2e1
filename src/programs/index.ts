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
  SecondLevel,
  secondLevelFrom,
  type SecondLevelOptions,
  type SecondLevelStore,
  storeAt,
  type SecondLevelStats,
  type HttpStoreOptions,
} from "./stores/index.ts";
export {
  type Benchmark,
  ProgramCache,
  type ProgramCacheOptions,
  type ProgramLease,
  type ProgramRequest,
  type ProgramStats,
  type ProgramVariant,
  sharedPrograms,
  type SharedPrograms,
  shippedPrograms,
  shippedProgramsNamed,
  type TuneAnswer,
  type TuneOptions,
  type VariantFigure,
  type DiskStats,
  type PreloadAnswer,
  type ProgramConstants,
  type PreloadOptions,
} from "./cache/index.ts";
export {
  checkLayout,
  compile,
  expandFile,
  kernelFile,
  precompile,
  prepareSource,
  type Program,
  type ProgramOrigin,
  type SourceRequest,
  type VirtualFiles,
} from "./sources/index.ts";
export {
  COMPILER,
  encodeEntry,
  type Entry,
  ENTRY_ID,
  partsOf,
  pipelineKeyOf,
  readArchive,
  type Target,
  targetOf,
  writeArchive,
  type WrittenArchive,
  type MissReason,
} from "./entries/index.ts";
