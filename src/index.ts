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
  type Program,
  ProgramCache,
  type ProgramCacheOptions,
  type ProgramLease,
  type ProgramRequest,
  type ProgramStats,
  type ProgramVariant,
} from "./programs/index.ts";
export type { AddTreeOptions, AddTreeProgress, AddTreeResult } from "./paths/add-tree.ts";
export type { BatcherOptions, PathBatcher } from "./paths/batcher.ts";
export { type LookupOptions, type PackedPaths, ROOT_INODE } from "./paths/contracts.ts";
export {
  type BatchOptions,
  type ChangeOptions,
  Namespace,
  type NamespaceInfo,
  type NamespaceOptions,
} from "./paths/namespace.ts";
export { packPaths, type PathLike } from "./paths/pack.ts";
export { PathError } from "./paths/path-error.ts";
export type { InodeKind, InodeStat, TreeEntry } from "./paths/tree.ts";
export { Device, type DeviceInfo, listDevices } from "./vulkan/index.ts";
export { type DeviceProfile, openProfiledDevice } from "./residency/profile.ts";
export type { KernelOptions } from "./residency/kernel-options.ts";
export type { KernelStats } from "./residency/kernel-stats.ts";
export type { RequestOptions } from "./residency/request-lanes.ts";
export { type CheckpointInfo, ResidentKernel } from "./residency/resident-kernel.ts";
export { STRATEGY_NAMES, type StrategyName } from "./residency/strategies/index.ts";
export { array, doc, f32, i32, type Infer, padding, struct, u32, u64 } from "./schema/index.ts";
