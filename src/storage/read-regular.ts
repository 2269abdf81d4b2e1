/**
 * Opens files that others may have put there, as in a cache.
 *
 * Invariants: nothing here waits for anybody: a named pipe without a writer is opened, looked at and refused, as
 * folders, devices, sockets and links that go in circles are. Nothing larger than the caller's limit is read. What is
 * wrong with a file is an answer, and no error.
 */

import { closeSync, constants, fstatSync, openSync, readSync } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";

/** Why a file was not opened. */
export type NotOpened =
  | { readonly state: "absent" }
  /** Something is there that cannot be such a file. */
  | { readonly state: "refused"; readonly reason: string }
  /** The system does not give it. */
  | { readonly state: "unreadable"; readonly reason: string };

/** How a regular file is opened. */
export interface OpenOptions {
  /** What is larger is refused. */
  readonly maxBytes: number;
  /** Opens it for writing, too. */
  readonly isWritten?: boolean;
}

/** Without waiting for the other end of a pipe, and without getting a terminal to control this process. */
const FLAGS = constants.O_NONBLOCK | constants.O_NOCTTY;

/** Opens a regular file. Whoever gets the handle closes it. */
export async function openRegularFile(
  path: string,
  options: OpenOptions,
): Promise<{ readonly state: "open"; readonly handle: FileHandle; readonly sizeBytes: number } | NotOpened> {
  let handle: FileHandle | undefined;
  try {
    handle = await open(path, flagsOf(options));
    const info = await handle.stat();
    const objection = objectionTo(info, options.maxBytes);
    if (objection === undefined) return { state: "open", handle, sizeBytes: info.size };
    await handle.close();
    return { state: "refused", reason: objection };
  } catch (error) {
    await handle?.close();
    return notOpened(error);
  }
}

/** Reads a regular file whole. It may have become shorter meanwhile, which its reader has to notice. */
export async function readRegularFile(
  path: string,
  maxBytes: number,
): Promise<{ readonly state: "read"; readonly bytes: Uint8Array } | NotOpened> {
  const opened = await openRegularFile(path, { maxBytes });
  if (opened.state !== "open") return opened;
  try {
    const bytes = new Uint8Array(opened.sizeBytes);
    let done = 0;
    while (done < bytes.length) {
      const { bytesRead } = await opened.handle.read(bytes, done, bytes.length - done, done);
      if (bytesRead === 0) break;
      done += bytesRead;
    }
    return { state: "read", bytes: bytes.subarray(0, done) };
  } catch (error) {
    return notOpened(error);
  } finally {
    await opened.handle.close();
  }
}

/** As `readRegularFile`. */
export function readRegularFileSync(
  path: string,
  maxBytes: number,
): { readonly state: "read"; readonly bytes: Uint8Array } | NotOpened {
  let descriptor: number | undefined;
  try {
    descriptor = openSync(path, flagsOf({ maxBytes }));
    const info = fstatSync(descriptor);
    const objection = objectionTo(info, maxBytes);
    if (objection !== undefined) return { state: "refused", reason: objection };
    const bytes = new Uint8Array(info.size);
    let done = 0;
    while (done < bytes.length) {
      const bytesRead = readSync(descriptor, bytes, done, bytes.length - done, done);
      if (bytesRead === 0) break;
      done += bytesRead;
    }
    return { state: "read", bytes: bytes.subarray(0, done) };
  } catch (error) {
    return notOpened(error);
  } finally {
    if (descriptor !== undefined) closeSync(descriptor);
  }
}

/** A small text; undefined for whatever reason it cannot be had. */
export async function readRegularText(path: string, maxBytes: number): Promise<string | undefined> {
  return textOf(await readRegularFile(path, maxBytes));
}

/** As `readRegularText`. */
export function readRegularTextSync(path: string, maxBytes: number): string | undefined {
  return textOf(readRegularFileSync(path, maxBytes));
}

function textOf(
  answer: { readonly state: "read"; readonly bytes: Uint8Array } | NotOpened,
): string | undefined {
  return answer.state === "read"
    ? Buffer.from(answer.bytes.buffer, 0, answer.bytes.length).toString()
    : undefined;
}

function flagsOf({ isWritten = false }: OpenOptions): number {
  return FLAGS | (isWritten ? constants.O_RDWR : constants.O_RDONLY);
}

function objectionTo(info: { isFile(): boolean; size: number }, maxBytes: number): string | undefined {
  if (!info.isFile()) return "it is no regular file";
  return info.size > maxBytes ? `it has ${info.size} bytes, and ${maxBytes} are the most` : undefined;
}

/** Sockets (ENXIO, ENODEV), folders that were to be written (EISDIR), links that go in circles. */
const REFUSALS: ReadonlySet<string | undefined> = new Set(["ELOOP", "ENXIO", "ENODEV", "EISDIR"]);

/** @throws what is no error of the file system */
function notOpened(error: unknown): NotOpened {
  const { code, message } = error as NodeJS.ErrnoException;
  if (code === undefined || !/^E[A-Z0-9]+$/.test(code)) throw error;
  if (code === "ENOENT" || code === "ENOTDIR") return { state: "absent" };
  return { state: REFUSALS.has(code) ? "refused" : "unreadable", reason: message };
}
