/**
 * Writes files atomically: a path always leads to all of the old content or to all of the new content.
 *
 *     temporary file in the same folder ─▶ content ─▶ (fsync) ─▶ rename ─▶ (fsync of the folder)
 *
 * Invariants: a failed write keeps the old file and leaves no temporary file. Symbolic links stay, and lead to the new
 * file. A pipe, a device or /dev/stdout is never replaced: the bytes are written into it. In folders of our own the
 * opposite holds: whatever has our name there is replaced without being opened.
 */

import {
  closeSync,
  constants,
  fchmodSync,
  fsyncSync,
  openSync,
  renameSync,
  write as writeCall,
  writeSync,
} from "node:fs";
import { type FileHandle, open, rename } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";
import { EverwarpError, fileFaultAt, type FileFaultPoint } from "../base/index.ts";
import { makeFolder, makeFolderSync, PRIVATE_FOLDER_MODE } from "./make-folder.ts";
import { temporaryFileIn } from "./temporary-file.ts";
import { type WriteTarget, writeTarget } from "./write-target.ts";

/** Fault points before each step. `written`: in the middle of the bytes. */
export type WritePoints = Partial<
  Record<"begun" | "written" | "synced" | "renamed" | "folderSynced", FileFaultPoint>
>;

/** Options of a write. */
export interface WriteOptions {
  /**
   * `named`: a user gave the path, so existing files and links are respected. `own`: the path is ours, in a folder of
   * ours. A missing folder is created.
   */
  readonly place: "named" | "own";
  /**
   * Permissions of a new file before the umask. Default: 0666 for `named`, 0600 for `own`. An existing `named` file
   * keeps its permissions.
   */
  readonly mode?: number;
  /** Permissions of created folders; 0700 if not given. */
  readonly folderMode?: number;
  /** If true, the write returns only when a power failure cannot bring back the old content. */
  readonly isDurable?: boolean;
  readonly points?: WritePoints;
}

/** Receives the content of a file, piece by piece. */
export interface FileSink {
  /** Writes all of the bytes. @throws errors of the file system */
  write(bytes: Uint8Array): Promise<void>;
}

/** How long to wait for a reader of a named pipe. */
const READER_TIMEOUT_MS = 10_000;
const PAUSE_MS = 5;
const TEMPORARY_FLAGS = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW;
const STREAM_FLAGS = constants.O_WRONLY | constants.O_NONBLOCK | constants.O_NOCTTY;

/**
 * Writes a file with the content that `fill` provides.
 *
 * @returns the result of `fill`
 * @throws errors of the file system, and errors of `fill`
 */
export async function writeAtomically<T>(
  path: string,
  options: WriteOptions,
  fill: (sink: FileSink) => Promise<T>,
): Promise<T> {
  const target = targetOf(path, options);
  if (target.kind !== "file") return writeInto(target, options, fill);
  const { points = {}, isDurable = false } = options;
  const folder = dirname(target.path);
  const temporary = temporaryFileIn(folder);
  let handle: FileHandle;
  try {
    pass(points.begun);
    handle = await begin(temporary.path, folder, options);
  } catch (error) {
    temporary.settle(); // another file has this name, so do not remove it
    throw error;
  }
  let result: T;
  try {
    try {
      if (target.mode !== undefined) await handle.chmod(target.mode);
      result = await fill({ write: (bytes) => writeAll(bytes, writerOf(handle)) });
      if (isDurable) {
        pass(points.synced);
        await handle.sync();
      }
    } finally {
      await handle.close();
    }
    pass(points.renamed);
    await rename(temporary.path, target.path);
    temporary.settle();
  } catch (error) {
    await temporary.discard();
    throw error;
  }
  if (isDurable) {
    pass(points.folderSynced);
    await syncFolder(folder);
  }
  return result;
}

/** Writes a file whose content is complete already. @throws errors of the file system */
export async function writeBytesAtomically(
  path: string,
  bytes: Uint8Array,
  options: WriteOptions,
): Promise<void> {
  const middle = bytes.length >>> 1;
  await writeAtomically(path, options, async (sink) => {
    await sink.write(bytes.subarray(0, middle));
    pass(options.points?.written);
    await sink.write(bytes.subarray(middle));
  });
}

/**
 * Like `writeBytesAtomically`, for a process that is exiting, or where nothing can be awaited. @throws errors of the
 * file system
 */
export function writeBytesAtomicallySync(path: string, bytes: Uint8Array, options: WriteOptions): void {
  const target = targetOf(path, options);
  if (target.kind === "descriptor") {
    writeAllSync(target.descriptor, bytes);
    return;
  }
  if (target.kind === "stream") {
    const descriptor = openSync(target.path, STREAM_FLAGS);
    try {
      writeAllSync(descriptor, bytes);
    } finally {
      closeSync(descriptor);
    }
    return;
  }
  const { points = {}, isDurable = false } = options;
  const folder = dirname(target.path);
  const temporary = temporaryFileIn(folder);
  let descriptor: number;
  try {
    pass(points.begun);
    descriptor = beginSync(temporary.path, folder, options);
  } catch (error) {
    temporary.settle();
    throw error;
  }
  try {
    try {
      if (target.mode !== undefined) fchmodSync(descriptor, target.mode);
      const middle = bytes.length >>> 1;
      writeAllSync(descriptor, bytes.subarray(0, middle));
      pass(points.written);
      writeAllSync(descriptor, bytes.subarray(middle));
      if (isDurable) {
        pass(points.synced);
        fsyncSync(descriptor);
      }
    } finally {
      closeSync(descriptor);
    }
    pass(points.renamed);
    renameSync(temporary.path, target.path);
    temporary.settle();
  } catch (error) {
    temporary.discardSync();
    throw error;
  }
}

const REMEDIES: Readonly<Record<string, string>> = {
  ENOENT: "Make its folder first.",
  EISDIR: "Name a file: that is a folder.",
};

/**
 * The error for a path from a user that cannot be written. Other errors than those of the file system are returned
 * unchanged.
 *
 * @param what the kind of file, such as "the archive"
 */
export function unwritable(what: string, path: string, cause: unknown): unknown {
  const { code, message } = cause as NodeJS.ErrnoException;
  if (cause instanceof EverwarpError || code === undefined || !/^E[A-Z0-9]+$/.test(code)) return cause;
  return new EverwarpError("EW_PATH_UNWRITABLE", `${what} ${path} cannot be written: ${message}`, {
    remedy: REMEDIES[code] ?? "Make room, or change the permissions or the path.",
    cause,
  });
}

function targetOf(path: string, { place }: WriteOptions): WriteTarget {
  return place === "named" ? writeTarget(path) : { kind: "file", path: resolve(path), mode: undefined };
}

function modeOf({ place, mode }: WriteOptions): number {
  return mode ?? (place === "named" ? 0o666 : 0o600);
}

type Replaced = Extract<WriteTarget, { kind: "file" }>;

async function begin(temporary: string, folder: string, options: WriteOptions): Promise<FileHandle> {
  const make = (): Promise<FileHandle> => open(temporary, TEMPORARY_FLAGS, modeOf(options));
  return make().catch(async (error: unknown) => {
    if (!isMissingFolder(error, options)) throw error;
    await makeFolder(folder, options.folderMode ?? PRIVATE_FOLDER_MODE);
    return make();
  });
}

function beginSync(temporary: string, folder: string, options: WriteOptions): number {
  const make = (): number => openSync(temporary, TEMPORARY_FLAGS, modeOf(options));
  try {
    return make();
  } catch (error) {
    if (!isMissingFolder(error, options)) throw error;
    makeFolderSync(folder, options.folderMode ?? PRIVATE_FOLDER_MODE);
    return make();
  }
}

function isMissingFolder(error: unknown, { place }: WriteOptions): boolean {
  return place === "own" && codeOf(error) === "ENOENT";
}

/** Writes into a pipe, a device or similar. After an error, bytes that were already written cannot be taken back. */
async function writeInto<T>(
  target: Exclude<WriteTarget, Replaced>,
  { points = {} }: WriteOptions,
  fill: (sink: FileSink) => Promise<T>,
): Promise<T> {
  pass(points.begun);
  if (target.kind === "descriptor") {
    const write = promisify(writeCall);
    return fill({
      write: (bytes) =>
        writeAll(
          bytes,
          async (rest) => (await write(target.descriptor, rest, 0, rest.length, null)).bytesWritten,
        ),
    });
  }
  const handle = await openStream(target.path, target.isPipe);
  try {
    return await fill({ write: (bytes) => writeAll(bytes, writerOf(handle)) });
  } finally {
    await handle.close();
  }
}

/**
 * Opens without blocking a thread, because a blocked open cannot be cancelled. So waiting for the reader of a pipe
 * happens here.
 */
async function openStream(path: string, isPipe: boolean): Promise<FileHandle> {
  const endMs = performance.now() + READER_TIMEOUT_MS;
  for (;;) {
    try {
      return await open(path, STREAM_FLAGS);
    } catch (error) {
      if (!isPipe || codeOf(error) !== "ENXIO" || performance.now() >= endMs) throw error;
      await sleep(PAUSE_MS);
    }
  }
}

function writerOf(handle: FileHandle): (rest: Uint8Array) => Promise<number> {
  return async (rest) => (await handle.write(rest, 0, rest.length, null)).bytesWritten;
}

/** Writes all bytes in several calls: one call may write only a part, or nothing if a pipe is full. */
async function writeAll(bytes: Uint8Array, write: (rest: Uint8Array) => Promise<number>): Promise<void> {
  for (let done = 0; done < bytes.length;) {
    try {
      done += await write(bytes.subarray(done));
    } catch (error) {
      if (codeOf(error) !== "EAGAIN") throw error;
      await sleep(PAUSE_MS);
    }
  }
}

const sleeper = new Int32Array(new SharedArrayBuffer(4));

function writeAllSync(descriptor: number, bytes: Uint8Array): void {
  for (let done = 0; done < bytes.length;) {
    try {
      done += writeSync(descriptor, bytes, done, bytes.length - done);
    } catch (error) {
      if (codeOf(error) !== "EAGAIN") throw error;
      Atomics.wait(sleeper, 0, 0, PAUSE_MS);
    }
  }
}

async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, "r");
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

function pass(point: FileFaultPoint | undefined): void {
  if (point !== undefined) fileFaultAt(point);
}

function codeOf(error: unknown): string | undefined {
  return (error as NodeJS.ErrnoException).code;
}
