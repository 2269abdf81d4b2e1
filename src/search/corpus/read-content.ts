/** Reads a file of a corpus again, for backends whose memory the host cannot read. */
import { closeSync, fstatSync, openSync, readSync, constants, type Stats } from "node:fs";
import { decode, decodingOf, LONGEST_MARK_BYTES, readDescriptor } from "../content/index.ts";
import type { PlacementColumns, PlacementRows } from "./placement.ts";

/** Identifies a state of a file. */
export interface FileStamp {
  readonly sizeBytes: number;
  readonly modifiedMs: number;
  readonly inode: number;
}

/** The current content of a file. */
export interface FileContent {
  /**
   * The content as a loader would keep it: UTF-16 is decoded, and the part after a NUL is dropped unless it is kept.
   */
  readonly bytes: Buffer;
  readonly stamp: FileStamp;
  /** Whether the file differs from the loaded one. */
  readonly isChanged: boolean;
}

/**
 * Reads a file and treats it like the loader.
 * @param allText keep the part after a NUL, as when the corpus was loaded
 * @returns undefined if there is no such regular file any more
 * @throws the system's error if the file may not be read
 */
export function readContent(
  placement: PlacementRows,
  file: number,
  allText: boolean,
): FileContent | undefined {
  const { files } = placement;
  let descriptor: number;
  try {
    // O_NONBLOCK: the file may have been replaced by a pipe, whose open would wait for a writer.
    descriptor = openSync(files.openPath(file), constants.O_RDONLY | constants.O_NONBLOCK);
  } catch (error) {
    if (isGone(error)) return undefined;
    throw error;
  }
  try {
    const stats = fstatSync(descriptor);
    if (!stats.isFile()) return undefined;
    const stamp = stampOf(stats);
    return {
      bytes:
        partOf(placement, file, descriptor) ??
        asLoaded(readAll(descriptor, stats.size), allText || files.explicit(file)),
      stamp,
      isChanged: !sameStamp(stamp, loadedStamp(placement, file)),
    };
  } finally {
    closeSync(descriptor);
  }
}

/** A part of a large file, as much of it as was kept; undefined for a whole file. */
function partOf(placement: PlacementRows, row: number, descriptor: number): Buffer | undefined {
  if (!placement.isPart(row)) return undefined;
  const bytes = Buffer.allocUnsafeSlow(placement.length[row] as number);
  const offset = placement.parts?.offset[row] as number;
  return bytes.subarray(0, readSync(descriptor, bytes, 0, bytes.length, offset));
}

/** The file's stamp of the time when it was loaded. */
export function loadedStamp(placement: PlacementColumns, file: number): FileStamp {
  return {
    sizeBytes: placement.sizeBytes[file] as number,
    modifiedMs: placement.modifiedMs[file] as number,
    inode: placement.inode[file] as number,
  };
}

/** The stamp of a file, from the system's answer. */
export function stampOf(stats: Stats): FileStamp {
  return { sizeBytes: stats.size, modifiedMs: stats.mtimeMs, inode: stats.ino };
}

/** Whether two stamps describe the same state of a file. */
export function sameStamp(a: FileStamp, b: FileStamp): boolean {
  return a.sizeBytes === b.sizeBytes && a.modifiedMs === b.modifiedMs && a.inode === b.inode;
}

function asLoaded(raw: Buffer, keepsAll: boolean): Buffer {
  const { label } = decodingOf(raw, raw.length, "auto");
  const content = label === undefined ? raw : decode(raw, label);
  const nul = keepsAll ? -1 : content.indexOf(0);
  return nul === -1 ? content : content.subarray(0, nul);
}

const LINE_FEED = 10;
/** Bytes of a line that are read at a time. */
const PIECE_BYTES = 64 * 1024;

/**
 * The line that begins at an offset of a file's text, without its line feed. The text of a UTF-16 file is its content
 * in UTF-8; of every other file it is its bytes.
 * @param keepsAll of a text that ends at a NUL, the line ends there too, unless this is so
 * @throws the system's error if the file may not be read
 */
export function lineOnDisk(openPath: string | Buffer, start: number, keepsAll: boolean): string {
  const line = wholeLineOnDisk(openPath, start);
  const nul = keepsAll ? -1 : line.indexOf("\0");
  return nul === -1 ? line : line.slice(0, nul);
}

function wholeLineOnDisk(openPath: string | Buffer, start: number): string {
  const descriptor = openSync(openPath, constants.O_RDONLY | constants.O_NONBLOCK);
  try {
    const { size } = fstatSync(descriptor);
    const head = Buffer.alloc(LONGEST_MARK_BYTES);
    const { label } = decodingOf(head, readSync(descriptor, head, 0, head.length, 0), "auto");
    if (label !== undefined) {
      const text = decode(readAll(descriptor, size), label);
      return text.toString("utf8", start, lineEndIn(text, start));
    }
    const parts: Buffer[] = [];
    for (let at = start; at < size;) {
      const piece = Buffer.allocUnsafe(PIECE_BYTES);
      const length = readSync(descriptor, piece, 0, piece.length, at);
      const feed = piece.subarray(0, length).indexOf(LINE_FEED);
      parts.push(piece.subarray(0, feed === -1 ? length : feed));
      if (feed !== -1 || length === 0) break;
      at += length;
    }
    return Buffer.concat(parts).toString("utf8");
  } finally {
    closeSync(descriptor);
  }
}

function lineEndIn(text: Buffer, start: number): number {
  const feed = text.indexOf(LINE_FEED, start);
  return feed === -1 ? text.length : feed;
}

/** Buffer size for files of /proc, which report size 0 but have content. */
const UNSIZED_BYTES = 1 << 20;

function readAll(descriptor: number, sizeBytes: number): Buffer {
  const wanted = sizeBytes === 0 ? UNSIZED_BYTES : sizeBytes;
  const bytes = Buffer.allocUnsafeSlow(wanted);
  let length = 0;
  while (length < wanted) {
    const count = readDescriptor(descriptor, bytes, length, wanted - length);
    if (count === 0) break;
    length += count;
  }
  return bytes.subarray(0, length);
}

function isGone(error: unknown): boolean {
  const code = error instanceof Error && "code" in error ? error.code : undefined;
  return code === "ENOENT" || code === "ENOTDIR" || code === "ELOOP" || code === "ENXIO";
}
