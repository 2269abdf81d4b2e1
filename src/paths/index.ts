/** The door of paths: what other folders may use. */
export { ERRNO, type PackedPaths, ROOT_INODE } from "./contracts.ts";
export { loadNamespaceFile, saveNamespaceFile } from "./file.ts";
export { DevicePathsBackend } from "./gpu/device-backend.ts";
export type { LookupShape } from "./gpu/lookup-shape.ts";
export { Namespace, type NamespaceOptions } from "./namespace.ts";
export { PathPacker, packPaths } from "./pack.ts";
export { errnoCode } from "./path-error.ts";
export { PathTable } from "./table.ts";
export { PathTree } from "./tree.ts";
