/** A file's content: reading it, decoding it, the borders of its lines, and what the system says when it refuses. */
export type { BinaryMode } from "./binary-mode.ts";
export {
  type Decoding,
  DecodingReader,
  LONGEST_MARK_BYTES,
  canonicalEncoding,
  decode,
  decodingOf,
  loadDecoder,
  utf8MarkLength,
} from "./encoding.ts";
export { countTerminators, lineEnd, lineStart, precedingLine, textEnd } from "./lines.ts";
export { openAtOnce } from "./open-at-once.ts";
export { inDirectory, placeOf } from "./place-of.ts";
export {
  type ByteReader,
  DescriptorReader,
  LineBuffer,
  MemoryReader,
  readAll,
  STREAM_BUFFER_BYTES,
  readDescriptor,
} from "./reader.ts";
export { ioErrorText, systemErrorText } from "./system-error.ts";
