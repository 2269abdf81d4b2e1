/** Which files are searched, and how their bytes get into the memory of a backend. */
export { Corpus, type CorpusOptions, TREE_OPTIONS, type TreeOptions } from "./corpus.ts";
export { copyPlacement } from "./copy-placement.ts";
export { FileTable, type FileTableMemory } from "./file-table.ts";
export { estimatedBytes, worthyThreads } from "./loader.ts";
export {
  FILE_FLAGS,
  type FileParts,
  Placement,
  PlacementColumns,
  type PlacementMemory,
  PlacementRows,
  UTF8_MARK_BYTES,
  type UnitColumns,
} from "./placement.ts";
export { type FileStamp, lineOnDisk, loadedStamp, readContent, sameStamp, stampOf } from "./read-content.ts";
export type { CorpusSink, Position, SinkWindow } from "./sink.ts";
