/** everwarp: GPU programs that keep running, and a search that lives in one. This file only re-exports. */
export { ERROR_CODES, type ErrorCode, EverwarpError } from "./base/errors.ts";
export { Corpus, type CorpusOptions } from "./search/corpus/index.ts";
export {
  type Query,
  type Search,
  SearchEngine,
  type SearchEngineInfo,
  type SearchEngineOptions,
  type SearchResult,
  type SkippedFile,
} from "./search/engine/index.ts";
export {
  type Benchmark,
  DirectoryStore,
  HttpStore,
  type HttpStoreOptions,
  type MissReason,
  type PreloadAnswer,
  type PreloadOptions,
  type Program,
  ProgramCache,
  type ProgramCacheOptions,
  type ProgramConstants,
  type ProgramLease,
  type ProgramOrigin,
  type ProgramRequest,
  type ProgramStats,
  type ProgramVariant,
  type PruneAnswer,
  type PruneOptions,
  SecondLevel,
  type SecondLevelOptions,
  type SecondLevelStats,
  type SecondLevelStore,
  type SourceRequest,
  type TuneAnswer,
  type TuneOptions,
  type VariantFigure,
} from "./programs/index.ts";
export type { BackendChoice, CallLimits, DeviceChoice } from "./engine/index.ts";
export {
  type AddTreeOptions,
  type AddTreeProgress,
  type AddTreeResult,
  type BatcherOptions,
  type BatchOptions,
  type ChangeOptions,
  type DeepChangeOptions,
  type ErrnoCode,
  type InodeKind,
  type InodeStat,
  type LookupCallOptions,
  type LookupOptions,
  Namespace,
  type NamespaceInfo,
  type NamespaceOptions,
  type NamespaceStats,
  type PackedPaths,
  packPaths,
  type PathBatcher,
  PathError,
  type PathLike,
  type PathOperation,
  ROOT_INODE,
  type TreeEntry,
} from "./paths/index.ts";
export {
  Device,
  listDevices,
  type BufferOptions,
  type ComputePipeline,
  type DeviceBuffer,
  type DeviceInfo,
  type DeviceOptions,
  type DeviceSelection,
  type MemoryRole,
} from "./vulkan/index.ts";
export { openProfiledDevice } from "./residency/device/profiled-device.ts";
export type { DeviceProfile } from "./residency/profile/device-profile.ts";
export type { CallOptions } from "./residency/requests/request-options.ts";
export type { KernelOptions } from "./residency/service/kernel-options.ts";
export type { KernelStats } from "./residency/service/kernel-stats.ts";
export { type CheckpointInfo, ResidentKernel } from "./residency/service/resident-kernel.ts";
export { STRATEGY_NAMES, type StrategyName } from "./residency/strategies/strategy-name.ts";
export { array, doc, f32, i32, type Infer, padding, struct, u32, u64 } from "./schema/index.ts";
