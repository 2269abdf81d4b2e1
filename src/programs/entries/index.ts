/** What a compiled program looks like outside memory: its key, its file, and archives of many. */
export { readArchive, writeArchive, type WrittenArchive } from "./archive.ts";
export {
  decodeEntry,
  encodeEntry,
  type Entry,
  ENTRY_END_BYTES,
  type EntryHeader,
  isMeasured,
  isTarget,
  MAX_ENTRY_BYTES,
  type MeasuredPerformance,
  nextUse,
  USE_RECORD_BYTES,
  useAt,
} from "./entry-file.ts";
export {
  COMPILER,
  digits,
  ENTRY_ID,
  MISS_REASONS,
  type MissReason,
  moduleIdOf,
  partsOf,
  pipelineKeyOf,
  type Target,
  targetOf,
  variantIdOf,
} from "./program-key.ts";
