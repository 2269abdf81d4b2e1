/**
 * Many entries in one file, for transport to another machine.
 *
 *     ┌ 16 bytes ──────────────┬ record ─┬ record ─┬ … ─┬ 16 bytes ──────────────────┐
 *     │ magic, format, 0       │         │         │    │ mark of the end, count, 0  │
 *     └────────────────────────┴─────────┴─────────┴────┴────────────────────────────┘
 *     record:  mark, packed bytes, unpacked bytes, SHA-256 of the packed bytes (its first 16),
 *              then the packed entry (Brotli)
 *
 * Invariants:
 * - Each record is read and checked separately. A damaged record loses only itself. If its sizes are damaged, the
 *   reader continues at the next mark. A truncated archive gives its intact entries, and reports the truncation.
 *   Unpacked bytes are checked like an entry file.
 * - Reading takes time in proportion to the file's size, whatever the content. All records together unpack to at most
 *   `UNFOLDED_MAX`. Records that claim to overlap are checked for at most `CHECKED_MAX` bytes.
 */

import { createHash } from "node:crypto";
import type { FileHandle } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import { promisify } from "node:util";
import { brotliCompress, brotliDecompress, constants as zlib } from "node:zlib";
import { EverwarpError } from "../../base/index.ts";
import {
  type FileSink,
  unwritable,
  writeAtomically,
  openRegularFile,
  removeLeftBehind,
} from "../../storage/index.ts";
import { MarkFinder, readAt } from "./archive-marks.ts";
import { decodeEntry, type Entry, MAX_ENTRY_BYTES } from "./entry-file.ts";

const pack = promisify(brotliCompress);
const unpack = promisify(brotliDecompress);

const MAGIC = Buffer.from([0x89, 0x45, 0x57, 0x41, 0x0d, 0x0a, 0x1a, 0x0a]);
const FORMAT = 1;
const RECORD_MARK = Buffer.from("\x01ewentry", "latin1");
const END_MARK = Buffer.from("\x04ew-end\n", "latin1");
const HEAD_BYTES = 16;
const DIGEST_BYTES = 16;
const RECORD_HEAD_BYTES = RECORD_MARK.length + 8 + DIGEST_BYTES;
/** Brotli quality: packs about ten MB/s, and SPIR-V to a quarter of its size. */
const QUALITY = 5;
/** Limit of unpacked bytes. Programs unpack to about four times their size. A ratio of hundreds is an attack. */
const UNFOLDED_MAX = { perByte: 64, bytes: 64 << 20 };
/** Limit of checked bytes. Intact records are checked once, records with damaged sizes a few times more. */
const CHECKED_MAX = { perByte: 8, bytes: 64 << 20 };

/** One item of an archive: an entry, or a reason why there is none. */
export type ArchiveItem =
  | { readonly entry: Entry; /** The whole entry file. */ readonly bytes: Uint8Array }
  | {
      readonly entry: undefined;
      /** What is wrong with the record, or with the archive from there on. */ readonly reason: string;
    };

/** Sizes of a written archive. */
export interface WrittenArchive {
  readonly count: number;
  /** Bytes of the entries. */
  readonly bytes: number;
  /** Bytes of the archive file. */
  readonly archiveBytes: number;
}

/**
 * Writes entries into one file. A regular file appears only when it is complete. Other files, such as pipes, are
 * written as the data comes.
 *
 * @param entries complete entry files
 * @throws EW_PATH_UNWRITABLE
 */
export async function writeArchive(
  path: string,
  entries: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
): Promise<WrittenArchive> {
  await removeLeftBehind(dirname(resolve(path)));
  try {
    return await writeAtomically(path, { place: "named" }, (sink) => writeRecords(sink, entries));
  } catch (cause) {
    throw unwritable("the archive", path, cause);
  }
}

async function writeRecords(
  sink: FileSink,
  entries: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
): Promise<WrittenArchive> {
  const head = Buffer.alloc(HEAD_BYTES);
  MAGIC.copy(head);
  head.writeUInt32LE(FORMAT, 8);
  await sink.write(head);
  let count = 0;
  let bytes = 0;
  let archiveBytes = 2 * HEAD_BYTES;
  for await (const entry of entries) {
    const packed = await pack(entry, {
      params: { [zlib.BROTLI_PARAM_QUALITY]: QUALITY, [zlib.BROTLI_PARAM_SIZE_HINT]: entry.length },
    });
    const sizes = Buffer.alloc(8);
    sizes.writeUInt32LE(packed.length, 0);
    sizes.writeUInt32LE(entry.length, 4);
    await sink.write(Buffer.concat([RECORD_MARK, sizes, digestOf(sizes, packed), packed]));
    count++;
    bytes += entry.length;
    archiveBytes += RECORD_HEAD_BYTES + packed.length;
  }
  const end = Buffer.alloc(HEAD_BYTES);
  END_MARK.copy(end);
  end.writeUInt32LE(count, 8);
  await sink.write(end);
  return { count, bytes, archiveBytes };
}

/**
 * Reads an archive, entry by entry.
 *
 * @throws EW_PATH_NOT_FOUND, EW_PATH_UNREADABLE, EW_BAD_ARGUMENT for a file that is no archive
 */
export async function* readArchive(path: string): AsyncGenerator<ArchiveItem, void> {
  const handle = await openArchive(path);
  try {
    const { size } = await handle.stat();
    const marks = new MarkFinder(handle, [RECORD_MARK, END_MARK]);
    const budget: Budget = { unfolded: budgetOf(UNFOLDED_MAX, size), checked: budgetOf(CHECKED_MAX, size) };
    let count = 0;
    let at = HEAD_BYTES;
    for (;;) {
      const head = await readAt(handle, at, RECORD_HEAD_BYTES);
      if (head.length >= HEAD_BYTES && head.subarray(0, END_MARK.length).equals(END_MARK)) {
        const announcedCount = head.readUInt32LE(END_MARK.length);
        if (announcedCount !== count)
          yield { entry: undefined, reason: `the archive has ${count} of its ${announcedCount} entries` };
        return;
      }
      const record = await readRecord(handle, at, head, size, marks, budget);
      if (record.state === "cut") {
        yield { entry: undefined, reason: `the archive ends in the middle, after ${size} bytes` };
        return;
      }
      if (record.state === "lost") {
        yield { entry: undefined, reason: record.reason };
        if (budget.checked < 0) {
          yield { entry: undefined, reason: `too many entries overlap: nothing behind byte ${at} was read` };
          return;
        }
        const next = await marks.next(at + 1);
        if (next === undefined) return;
        at = next;
        continue;
      }
      count++;
      at = record.nextAt;
      yield record.item;
    }
  } finally {
    await handle.close();
  }
}

type RecordAnswer =
  | { readonly state: "read"; readonly item: ArchiveItem; readonly nextAt: number }
  /** The record is damaged in such a way that the start of the next record is unknown. */
  | { readonly state: "lost"; readonly reason: string }
  | { readonly state: "cut" };

/** Bytes that may still be processed. Below zero the limit is exceeded. */
interface Budget {
  unfolded: number;
  checked: number;
}

function budgetOf({ perByte, bytes }: typeof UNFOLDED_MAX, sizeBytes: number): number {
  return perByte * sizeBytes + bytes;
}

async function readRecord(
  handle: FileHandle,
  at: number,
  head: Buffer,
  sizeBytes: number,
  marks: MarkFinder,
  budget: Budget,
): Promise<RecordAnswer> {
  if (head.length < RECORD_HEAD_BYTES) return { state: "cut" };
  if (!head.subarray(0, RECORD_MARK.length).equals(RECORD_MARK))
    return { state: "lost", reason: `no entry begins at byte ${at}` };
  const sizes = head.subarray(RECORD_MARK.length, RECORD_MARK.length + 8);
  const packedBytes = sizes.readUInt32LE(0);
  const entryBytes = sizes.readUInt32LE(4);
  const packedAt = at + RECORD_HEAD_BYTES;
  if (entryBytes > MAX_ENTRY_BYTES || packedBytes > MAX_ENTRY_BYTES)
    return { state: "lost", reason: `the entry at byte ${at} claims to have ${entryBytes} bytes` };
  // The archive was truncated, or the size is wrong and more records follow. A search for the next mark tells.
  if (packedAt + packedBytes > sizeBytes) {
    const isLast = (await marks.next(at + 1)) === undefined;
    return isLast
      ? { state: "cut" }
      : { state: "lost", reason: `the entry at byte ${at} claims to end behind the file's end` };
  }
  budget.checked -= packedBytes;
  const packed = await readAt(handle, packedAt, packedBytes);
  if (packed.length < packedBytes) return { state: "cut" };
  const digest = head.subarray(RECORD_HEAD_BYTES - DIGEST_BYTES);
  if (!digestOf(sizes, packed).equals(digest))
    return { state: "lost", reason: `the checksum of the entry at byte ${at} is not that of its contents` };
  const nextAt = packedAt + packedBytes;
  budget.unfolded -= entryBytes;
  if (budget.unfolded < 0) {
    const reason =
      `the entry at byte ${at} would unfold to ${entryBytes} bytes, ` +
      `with those before it too many for ${sizeBytes} bytes of archive`;
    budget.unfolded += entryBytes;
    return { state: "read", item: { entry: undefined, reason }, nextAt };
  }
  return { state: "read", item: await unpackEntry(packed, entryBytes, at), nextAt };
}

async function unpackEntry(packed: Uint8Array, entryBytes: number, at: number): Promise<ArchiveItem> {
  let bytes: Uint8Array;
  try {
    // One byte more than declared: a larger content is detected, and is not unpacked without limit.
    bytes = await unpack(packed, { maxOutputLength: entryBytes + 1 });
  } catch (error) {
    return {
      entry: undefined,
      reason: `the entry at byte ${at} cannot be unpacked: ${(error as Error).message}`,
    };
  }
  const decoded = decodeEntry(bytes);
  return decoded.ok
    ? { entry: decoded.entry, bytes }
    : { entry: undefined, reason: `the entry at byte ${at}: ${decoded.reason}` };
}

async function openArchive(path: string): Promise<FileHandle> {
  const opened = await openRegularFile(path, { maxBytes: Infinity });
  if (opened.state === "absent") {
    throw new EverwarpError("EW_PATH_NOT_FOUND", `the archive ${path} does not exist`, {
      remedy: "Check its path.",
    });
  }
  if (opened.state === "unreadable") {
    throw new EverwarpError("EW_PATH_UNREADABLE", `the archive ${path} cannot be read: ${opened.reason}`, {
      remedy: "Change its permissions, or copy it elsewhere.",
    });
  }
  if (opened.state === "refused") throw noArchive(path, opened.reason);
  const { handle } = opened;
  try {
    const head = await readAt(handle, 0, HEAD_BYTES);
    if (head.length < HEAD_BYTES || !head.subarray(0, MAGIC.length).equals(MAGIC))
      throw noArchive(path, "its first bytes are wrong");
    const format = head.readUInt32LE(MAGIC.length);
    if (format !== FORMAT) {
      throw new EverwarpError(
        "EW_BAD_ARGUMENT",
        `the archive ${path} has format ${format}, and ${FORMAT} is read`,
        {
          remedy: "Export it with this version of everwarp.",
        },
      );
    }
    return handle;
  } catch (error) {
    await handle.close();
    throw error;
  }
}

function noArchive(path: string, why: string): EverwarpError {
  return new EverwarpError("EW_BAD_ARGUMENT", `${path} is no archive of programs: ${why}`, {
    remedy: "Give a file that `everwarp cache export` wrote.",
  });
}

function digestOf(sizes: Uint8Array, packed: Uint8Array): Buffer {
  return createHash("sha256").update(sizes).update(packed).digest().subarray(0, DIGEST_BYTES);
}
