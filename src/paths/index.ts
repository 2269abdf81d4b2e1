/** A namespace of paths: names of a file system in one table, resolved by Linux's rules on a device or on the host. */
export { ERRNO, ROOT_INODE, PathTable, type PathTableStats } from "./table/index.ts";
export { loadNamespaceFile, saveNamespaceFile } from "./file/index.ts";
export {
  PathTree,
  type AddTreeResult,
  type TreeEntry,
  type InodeStat,
  type AddTreeOptions,
  type InodeKind,
  type AddTreeProgress,
} from "./tree/index.ts";
export {
  errnoCode,
  type PackedPaths,
  packPaths,
  PathError,
  PathPacker,
  type PathOperation,
  type PathBatcher,
  type PathLike,
  type BatcherOptions,
  type LookupOptions,
} from "./lookup/index.ts";
export { DeviceBackend, type LookupShape } from "./gpu/index.ts";
export {
  Namespace,
  type NamespaceOptions,
  type NamespaceInfo,
  type ChangeOptions,
  type BatchOptions,
  type DeepChangeOptions,
  type LookupCallOptions,
} from "./namespace/index.ts";
