/** `everwarp/paths`: the names of a file system in memory. Resolves paths as Linux does, many at a time. */
export * from "./errors.ts";
export { Device } from "../vulkan/index.ts";
export {
  Namespace,
  packPaths,
  PathError,
  PathPacker,
  ROOT_INODE,
  type PathOperation,
  type PackedPaths,
  type NamespaceInfo,
  type PathTableStats,
  type AddTreeResult,
  type PathBatcher,
  type TreeEntry,
  type InodeStat,
  type PathLike,
  type ChangeOptions,
  type AddTreeOptions,
  type BatcherOptions,
  type LookupOptions,
  type BatchOptions,
  type NamespaceOptions,
  type InodeKind,
  type AddTreeProgress,
  type DeepChangeOptions,
  type LookupCallOptions,
} from "../paths/index.ts";
export type { DeviceChoice } from "../engine/index.ts";
