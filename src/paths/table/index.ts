/** The path table in host memory: its layout, its hash, its rules, and the numbers of Linux that it uses. */
export { findEntry, findSlot } from "./hash.ts";
export type { TableEdits, TableImage } from "./image.ts";
export {
  ERRNO,
  type ErrnoCode,
  INODE_KIND,
  NAME_BYTES_MAX,
  PATH_BYTES_MAX,
  ROOT_INODE,
  SYMLINKS_MAX,
} from "./linux.ts";
export { ENTRIES_MAX, REGIONS, usedWords } from "./shape.ts";
export { PathRequest, Table, TableHeader } from "./table.schema.ts";
export { PathTable, type PathTableOptions, type PathTableStats } from "./table.ts";
