/** The door of paths: what other folders may use. */
export { ERRNO, ROOT_INODE, PathTable } from "./table/index.ts";
export { loadNamespaceFile, saveNamespaceFile } from "./file/index.ts";
export { type PackedPaths, PathPacker, packPaths, errnoCode } from "./lookup/index.ts";
export { DeviceBackend, type LookupShape } from "./gpu/index.ts";
export { Namespace, type NamespaceOptions } from "./namespace/index.ts";
export { PathTree } from "./tree/index.ts";
