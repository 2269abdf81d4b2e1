/** everwarp: GPU programs that keep running, and a search that lives in one. This file only re-exports. */
export { ERROR_CODES, type ErrorCode, EverwarpError } from "./base/errors.ts";
export { Corpus, type CorpusOptions } from "./search/corpus/corpus.ts";
export { SearchEngine, type SearchEngineInfo, type SearchEngineOptions } from "./search/engine.ts";
export type { SkippedFile } from "./search/engine/engine-corpus.ts";
export type { Query } from "./search/engine/query.ts";
export type { Search } from "./search/engine/search.ts";
export type { SearchResult } from "./search/result.ts";
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
export { openProfiledDevice } from "./residency/device/profiled-device.ts";
export type { DeviceProfile } from "./residency/profile/device-profile.ts";
export type { RequestOptions } from "./residency/requests/request-options.ts";
export type { KernelOptions } from "./residency/service/kernel-options.ts";
export type { KernelStats } from "./residency/service/kernel-stats.ts";
export { type CheckpointInfo, ResidentKernel } from "./residency/service/resident-kernel.ts";
export { STRATEGY_NAMES, type StrategyName } from "./residency/strategies/strategy-name.ts";
export { array, doc, f32, i32, type Infer, padding, struct, u32, u64 } from "./schema/index.ts";
