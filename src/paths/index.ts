/** The path namespace: lookups by the hundred thousand, on a device or on the host. */
export { loadNamespaceFile, saveNamespaceFile } from "./file/index.ts";
export { DeviceBackend, type LookupShape } from "./gpu/index.ts";
export {
  type BatcherOptions,
  type LookupOptions,
  type PackedPaths,
  type PathBatcher,
  PathError,
  type PathLike,
  type PathOperation,
  PathPacker,
  errnoCode,
  packPaths,
} from "./lookup/index.ts";
export {
  type BatchOptions,
  type ChangeOptions,
  type DeepChangeOptions,
  type LookupCallOptions,
  Namespace,
  type NamespaceInfo,
  type NamespaceOptions,
} from "./namespace/index.ts";
export {
  ERRNO,
  type ErrnoCode,
  PathTable,
  type PathTableStats as NamespaceStats,
  ROOT_INODE,
} from "./table/index.ts";
export {
  type AddTreeOptions,
  type AddTreeProgress,
  type AddTreeResult,
  type InodeKind,
  type InodeStat,
  PathTree,
  type TreeEntry,
} from "./tree/index.ts";
