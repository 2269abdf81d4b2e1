/**
 * Files that are larger than a place of the arena, in parts.
 *
 *   corpus:     file 0      file 1 (large)            file 2
 *   placement:  row 0       row 1 │ row 2 │ row 3     row 4        a part ends behind a line feed
 *
 * Everything that works on a placement knows rows alone; a part is a file to it. What is told to users is turned back
 * by `FileParts`.
 *
 * Invariants: rows are in the order of files, and the parts of a file in the order of their content; no line lies in
 * two parts.
 */
import { closeSync, constants, openSync, readSync } from "node:fs";
import { decodingOf, LONGEST_MARK_BYTES, utf8MarkLength } from "../content/index.ts";
import { countLineFeeds, findByte } from "../scanner/index.ts";
import { type FileTable, FileTableBuilder } from "./file-table.ts";
import { ALIGNMENT_BYTES, paddedLength, PlaceWriter, type WindowSource } from "./place-writer.ts";
import {
  allocatePlacement,
  FILE_FLAGS,
  type FileParts,
  PlacementColumns,
  type PlacementMemory,
} from "./placement.ts";

const LINE_FEED = 10;
const PIECE_BYTES = 1 << 20;
/** A line as long as this, where a file is to be cut, keeps the file whole. */
const LONGEST_LINE_BYTES = 256 << 20;

/**
 * Where to cut a file, so that each part fits a place and ends behind a line feed.
 * @returns offsets, the file's end included; undefined for a file that cannot be cut: UTF-16, or a very long line
 * @throws the system's error where the file cannot be read
 */
export function cutsOf(
  path: string | Buffer,
  sizeBytes: number,
  maxPlaceBytes: number,
): number[] | undefined {
  const descriptor = openSync(path, constants.O_RDONLY);
  try {
    const piece = Buffer.allocUnsafe(PIECE_BYTES);
    const length = readSync(descriptor, piece, 0, LONGEST_MARK_BYTES, 0);
    if (decodingOf(piece, length, "auto").label !== undefined) return undefined; // UTF-16
    const cuts: number[] = [];
    const partBytes = maxPlaceBytes - ALIGNMENT_BYTES;
    for (let start = 0; sizeBytes - start > partBytes;) {
      const cut = lastLineEnd(descriptor, piece, start, start + partBytes);
      if (cut === undefined) return undefined;
      cuts.push(cut);
      start = cut;
    }
    return [...cuts, sizeBytes];
  } finally {
    closeSync(descriptor);
  }
}

/** Offset behind the last line feed of [start, end). */
function lastLineEnd(descriptor: number, piece: Buffer, start: number, end: number): number | undefined {
  const first = Math.max(start, end - LONGEST_LINE_BYTES);
  for (let to = end; to > first;) {
    const from = Math.max(first, to - piece.length);
    const length = readSync(descriptor, piece, 0, to - from, from);
    const at = piece.subarray(0, length).lastIndexOf(LINE_FEED);
    if (at >= 0) return from + at + 1;
    to = from;
  }
  return undefined;
}

/** A table, its columns and runs, with rows for the parts of large files. */
export interface Rows {
  readonly files: FileTable;
  readonly columns: PlacementMemory;
  readonly parts: FileParts;
  /** The row that a file begins with. */
  readonly rowOf: Uint32Array;
}

/** Makes room for the parts of large files. @param cuts by file: as `cutsOf` says */
export function withPartRows(
  files: FileTable,
  columns: PlacementMemory,
  cuts: ReadonlyMap<number, readonly number[]>,
): Rows {
  const rowOf = new Uint32Array(files.fileCount);
  const fileOf: number[] = [];
  const offsets: number[] = [];
  const builder = new FileTableBuilder();
  for (let file = 0; file < files.fileCount; file++) {
    rowOf[file] = fileOf.length;
    for (const start of [0, ...(cuts.get(file)?.slice(0, -1) ?? [])]) {
      fileOf.push(file);
      offsets.push(start);
      builder.add(files.foundFile(file));
    }
  }
  const memory = allocatePlacement(fileOf.length);
  const before = new PlacementColumns(columns);
  const after = new PlacementColumns(memory);
  for (const [row, file] of fileOf.entries()) after.copyRow(row, before, file);
  return {
    files: builder.seal(files.memory.directory),
    columns: memory,
    parts: sharedParts(fileOf, offsets),
    rowOf,
  };
}

function sharedParts(fileOf: readonly number[], offsets: readonly number[]): FileParts {
  const memory = (entryBytes: number): SharedArrayBuffer => new SharedArrayBuffer(entryBytes * fileOf.length);
  const parts = {
    file: new Uint32Array(memory(4)),
    offset: new Float64Array(memory(8)),
    lineFeeds: new Uint32Array(memory(4)),
  };
  parts.file.set(fileOf);
  parts.offset.set(offsets);
  return parts;
}

/** What is needed to load the parts of a file. */
export interface PartsJob {
  readonly rows: Rows;
  readonly file: number;
  /** As `cutsOf` says. */
  readonly cuts: readonly number[];
  /** Keep what comes after a NUL, too. */
  readonly keepsAll: boolean;
  readonly source: WindowSource;
  /** At least a MiB of memory, from `allocateScanBuffer`. */
  readonly scratch: Uint8Array;
}

/**
 * Loads the parts of a file, one after the other.
 * @returns runs, five words each: segment, start, end, first row, last row
 * @throws the system's error where the file cannot be read
 */
export async function loadParts(job: PartsJob): Promise<Uint32Array> {
  const { rows, file, cuts } = job;
  const columns = new PlacementColumns(rows.columns);
  const descriptor = openSync(rows.files.openPath(rows.rowOf[file] as number), constants.O_RDONLY);
  const runs: number[] = [];
  let lineFeeds = 0;
  let hasEnded = false;
  try {
    for (const [part, end] of cuts.entries()) {
      const row = (rows.rowOf[file] as number) + part;
      const start = part === 0 ? 0 : (cuts[part - 1] as number);
      columns.flags[row] = FILE_FLAGS.LOADED;
      rows.parts.lineFeeds[row] = lineFeeds;
      if (hasEnded) continue; // behind a NUL
      const loaded = await loadPart(job, descriptor, start, end);
      columns.segment[row] = loaded.segment;
      columns.start[row] = loaded.start;
      columns.length[row] = loaded.length;
      if (part === 0 && loaded.hasMark) columns.flags[row] |= FILE_FLAGS.UTF8_MARK;
      if (loaded.nul >= 0) {
        columns.flags[row] |= FILE_FLAGS.BINARY;
        columns.binaryOffset[row] = loaded.nul;
        hasEnded = !job.keepsAll;
      }
      lineFeeds += loaded.lineFeeds;
      if (loaded.length > 0) runs.push(loaded.segment, loaded.start, loaded.start + loaded.length, row, row);
    }
  } finally {
    closeSync(descriptor);
  }
  return Uint32Array.from(runs);
}

interface LoadedPart {
  readonly segment: number;
  readonly start: number;
  readonly length: number;
  readonly lineFeeds: number;
  /** Offset of the first NUL in the part; −1 where there is none. */
  readonly nul: number;
  readonly hasMark: boolean;
}

async function loadPart(
  { source, scratch, keepsAll }: PartsJob,
  descriptor: number,
  start: number,
  end: number,
): Promise<LoadedPart> {
  const writer = new PlaceWriter(source, paddedLength(end - start));
  let length = 0;
  let lineFeeds = 0;
  let nul = -1;
  let hasMark = false;
  while (start + length < end) {
    const wanted = Math.min(PIECE_BYTES, end - start - length);
    const read = readSync(descriptor, scratch, 0, wanted, start + length);
    if (read === 0) break; // the file has become shorter
    if (length === 0) hasMark = utf8MarkLength(scratch, read) > 0;
    const found = nul < 0 ? findByte(0, scratch, 0, read) : -1;
    const kept = found >= 0 && !keepsAll ? found : read;
    if (found >= 0) nul = length + found;
    lineFeeds += countLineFeeds(scratch, 0, kept);
    await writer.write(scratch, kept);
    length += kept;
    if (kept < read) break;
  }
  const { segment, offsetBytes } = await writer.finish();
  return { segment, start: offsetBytes, length, lineFeeds, nul, hasMark };
}
