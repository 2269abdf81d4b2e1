/**
 * Where a backend keeps the files of a corpus, and the state of the files when they were read.
 *
 *   segment 0: │file 0 \n…│file 1 \n│file 2 \n…│ … gap … │file 900 (large) … \n│   every file at a multiple of 16,
 *              └────────── unit ───────────────┘         └──── unit ──┬─ unit ─┘   padded with at least one line feed
 *
 * Invariants: columns are indexed by file. Each element is written once, by the thread that loaded the file. A file's
 * content is contiguous. Units are sorted by their first file. Every loaded byte is a possible start of an occurrence
 * in exactly one unit. Inside a unit, offsets ascend with file indexes.
 */
import { statSync } from "node:fs";
import type { FileTable } from "./file-table.ts";

/** Bits of `flags`. */
export const FILE_FLAGS = {
  /** The content was read. Without this bit, the length is 0. */
  LOADED: 1,
  /** There is a NUL at `binaryOffset`. The content ends there, unless the user named the file or all files are text. */
  BINARY: 2,
  /** The file was UTF-16 with a byte order mark. The content is UTF-8, so offsets differ from those on disk. */
  TRANSCODED: 4,
  /** The file begins with a UTF-8 byte order mark, which is part of the content. */
  UTF8_MARK: 8,
  /** The file is larger than a place and cannot be cut into parts. It must be searched by streaming. */
  OVERSIZE: 16,
  /** The file could not be read; see `errors`. */
  FAILED: 32,
  /** The file is not regular (a pipe, a device). It is not loaded; it must be searched by streaming. */
  SPECIAL: 64,
} as const;

/** Length of a UTF-8 byte order mark. */
export const UTF8_MARK_BYTES = 3;

/** Units: runs of bytes that one thread searches at a time. A unit is several whole files, or a part of one file. */
export interface UnitColumns {
  readonly count: number;
  readonly segment: Uint32Array;
  /** Occurrences of this unit start in [start, startEnd) … */
  readonly start: Uint32Array;
  readonly startEnd: Uint32Array;
  /** … and lie in [start, end). */
  readonly end: Uint32Array;
  readonly firstFile: Uint32Array;
  readonly lastFile: Uint32Array;
}

/** A file that could not be read. */
export interface LoadError {
  readonly file: number;
  /** The errno name, such as "ENOENT". */
  readonly code: string;
  readonly message: string;
}

/** Statistics of a load. */
export interface LoadStats {
  readonly fileCount: number;
  /** Files whose content was read. */
  readonly loadedCount: number;
  /** Bytes of content that are kept. */
  readonly contentBytes: number;
  /** Bytes of the arena that are used, including padding. */
  readonly arenaBytes: number;
  readonly loadMs: number;
  readonly threads: number;
}

/** The columns as shared memory, for transfer to another thread. */
export type PlacementMemory = Readonly<
  Record<
    "segment" | "start" | "length" | "flags" | "binaryOffset" | "sizeBytes" | "modifiedMs" | "inode",
    SharedArrayBuffer
  >
>;

/** Allocates the columns for a number of files, filled with zeros. */
export function allocatePlacement(fileCount: number): PlacementMemory {
  return {
    segment: new SharedArrayBuffer(2 * fileCount),
    start: new SharedArrayBuffer(4 * fileCount),
    length: new SharedArrayBuffer(4 * fileCount),
    flags: new SharedArrayBuffer(fileCount),
    binaryOffset: new SharedArrayBuffer(4 * fileCount),
    sizeBytes: new SharedArrayBuffer(8 * fileCount),
    modifiedMs: new SharedArrayBuffer(8 * fileCount),
    inode: new SharedArrayBuffer(8 * fileCount),
  };
}

/** Typed views of the columns. */
export class PlacementColumns {
  readonly segment: Uint16Array;
  /** Offset of the content in its segment, in bytes. */
  readonly start: Uint32Array;
  /** Length of the content in bytes. */
  readonly length: Uint32Array;
  readonly flags: Uint8Array;
  /** Offset of the first NUL in the content, if the flag BINARY is set. */
  readonly binaryOffset: Uint32Array;
  /** Size by fstat when the file was read. */
  readonly sizeBytes: Float64Array;
  readonly modifiedMs: Float64Array;
  readonly inode: Float64Array;
  readonly memory: PlacementMemory;

  constructor(memory: PlacementMemory) {
    this.memory = memory;
    this.segment = new Uint16Array(memory.segment);
    this.start = new Uint32Array(memory.start);
    this.length = new Uint32Array(memory.length);
    this.flags = new Uint8Array(memory.flags);
    this.binaryOffset = new Uint32Array(memory.binaryOffset);
    this.sizeBytes = new Float64Array(memory.sizeBytes);
    this.modifiedMs = new Float64Array(memory.modifiedMs);
    this.inode = new Float64Array(memory.inode);
  }

  /** Where a row's text begins in its content, in bytes: behind a byte order mark. */
  textStart(row: number): number {
    return (this.flags[row]! & FILE_FLAGS.UTF8_MARK) === 0 ? 0 : UTF8_MARK_BYTES;
  }

  /** Makes a row equal to one of other columns. */
  copyRow(row: number, from: PlacementColumns, fromRow: number): void {
    this.segment[row] = from.segment[fromRow]!;
    this.start[row] = from.start[fromRow]!;
    this.length[row] = from.length[fromRow]!;
    this.flags[row] = from.flags[fromRow]!;
    this.binaryOffset[row] = from.binaryOffset[fromRow]!;
    this.sizeBytes[row] = from.sizeBytes[fromRow]!;
    this.modifiedMs[row] = from.modifiedMs[fromRow]!;
    this.inode[row] = from.inode[fromRow]!;
  }
}

/**
 * What each row of a placement is a part of, where files were too large for one place. All arrays have one entry a row
 * and lie in shared memory.
 */
export interface FileParts {
  /** Index of the file in its corpus. */
  readonly file: Uint32Array;
  /** Bytes of the file's content before the row. */
  readonly offset: Float64Array;
  /** Line feeds of the file's content before the row. */
  readonly lineFeeds: Uint32Array;
}

/** The columns, and the files that they are about. Any thread can make one of what another thread sends. */
export class PlacementRows extends PlacementColumns {
  /** The files of the columns. Where there are `parts`, a large file is listed once for each of its parts. */
  readonly files: FileTable;
  /** Undefined where every row is a file of the corpus. */
  readonly parts: FileParts | undefined;

  constructor(files: FileTable, memory: PlacementMemory, parts?: FileParts) {
    super(memory);
    this.files = files;
    this.parts = parts;
  }

  /** Is the row one of several parts of a file? */
  isPart(row: number): boolean {
    const of = this.parts?.file;
    return of !== undefined && (of[row - 1] === of[row] || of[row + 1] === of[row]);
  }
}

/** Where the files of a corpus lie in a backend. See the head of this file. */
export class Placement extends PlacementRows {
  readonly units: UnitColumns;
  readonly errors: readonly LoadError[];
  readonly stats: LoadStats;

  constructor(
    files: FileTable,
    memory: PlacementMemory,
    units: UnitColumns,
    errors: readonly LoadError[],
    stats: LoadStats,
    parts?: FileParts,
  ) {
    super(files, memory, parts);
    this.units = units;
    this.errors = errors;
    this.stats = stats;
  }

  /** Has the file on disk changed since it was loaded: is it gone, rewritten, or of another size? One stat call. */
  changed(file: number): boolean {
    let now;
    try {
      now = statSync(this.files.openPath(file), { throwIfNoEntry: false });
    } catch {
      return true; // the file cannot be reached any more; the next reader reports why
    }
    return (
      now === undefined ||
      now.size !== this.sizeBytes[file] ||
      now.mtimeMs !== this.modifiedMs[file] ||
      now.ino !== this.inode[file]
    );
  }
}

/** A run of contiguous files, or of rows, as loader threads report it: five words each. */
export type Run = [segment: number, start: number, end: number, first: number, last: number];
/** Words of a run. */
export const RUN_WORDS = 5;

/** Large files are divided into units of about this size, so that all threads share the work. */
const UNIT_BYTES = 1 << 20;

/** Sorts the runs of all threads by file, and divides the long ones. */
export function unitsFromRuns(runs: readonly Uint32Array[]): UnitColumns {
  const parts: {
    segment: number;
    start: number;
    startEnd: number;
    end: number;
    first: number;
    last: number;
  }[] = [];
  for (const words of runs) {
    for (let at = 0; at < words.length; at += RUN_WORDS) {
      const [segment, start, end, first, last] = words.subarray(at, at + RUN_WORDS) as unknown as Run;
      // Only a run of a single file may be divided: a part of a longer run would not know where its first file begins.
      const step = first === last ? UNIT_BYTES : 2 ** 32;
      for (let from = start; from < end; from += step) {
        const startEnd = end - from < 1.5 * step ? end : from + step;
        parts.push({ segment, start: from, startEnd, end, first, last });
        if (startEnd === end) break;
      }
    }
  }
  parts.sort((a, b) => a.first - b.first || a.start - b.start);
  return {
    count: parts.length,
    segment: Uint32Array.from(parts, (it) => it.segment),
    start: Uint32Array.from(parts, (it) => it.start),
    startEnd: Uint32Array.from(parts, (it) => it.startEnd),
    end: Uint32Array.from(parts, (it) => it.end),
    firstFile: Uint32Array.from(parts, (it) => it.first),
    lastFile: Uint32Array.from(parts, (it) => it.last),
  };
}
