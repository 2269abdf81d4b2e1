/**
 * Opens files that others may have written, for example in a cache.
 *
 * Invariants: nothing here waits. A named pipe without a writer is opened, examined and refused; so are folders,
 * devices, sockets and circular links. Nothing larger than the caller's limit is read. A problem with a file is an
 * answer, not an exception. A path may be byte text (see `byteText`).
 */

import { closeSync, constants, fstatSync, openSync, readSync } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import { systemPath } from "../base/index.ts";

/** Why a file was not opened. */
export type NotOpened =
  | { readonly state: "absent" }
  /** There is something that is no such file. */
  | { readonly state: "refused"; readonly reason: string }
  /** The system refuses access. */
  | { readonly state: "unreadable"; readonly reason: string };

/** Options for opening a regular file. */
export interface OpenOptions {
  /** A larger file is refused. */
  readonly maxBytes: number;
  /** Opens the file for writing too. */
  readonly isWritten?: boolean;
}

/** Do not wait for the other end of a pipe, and do not let a terminal take control of this process. */
const FLAGS = constants.O_NONBLOCK | constants.O_NOCTTY;

/** Opens a regular file. The caller closes the handle. */
export async function openRegularFile(
  path: string,
  options: OpenOptions,
): Promise<{ readonly state: "open"; readonly handle: FileHandle; readonly sizeBytes: number } | NotOpened> {
  let handle: FileHandle | undefined;
  try {
    handle = await open(systemPath(path), flagsOf(options));
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

/** Reads a whole regular file. The file may shrink meanwhile; the caller must notice that. */
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

/** Like `readRegularFile`. */
export function readRegularFileSync(
  path: string,
  maxBytes: number,
): { readonly state: "read"; readonly bytes: Uint8Array } | NotOpened {
  let descriptor: number | undefined;
  try {
    descriptor = openSync(systemPath(path), flagsOf({ maxBytes }));
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

/** A small text; undefined if it cannot be read for any reason. */
export async function readRegularText(path: string, maxBytes: number): Promise<string | undefined> {
  return textOf(await readRegularFile(path, maxBytes));
}

/** Like `readRegularText`. */
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

/** Codes for sockets (ENXIO, ENODEV), folders opened for writing (EISDIR), and circular links. */
const REFUSALS: ReadonlySet<string | undefined> = new Set(["ELOOP", "ENXIO", "ENODEV", "EISDIR"]);

/** @throws errors that are no file system errors */
function notOpened(error: unknown): NotOpened {
  const { code, message } = error as NodeJS.ErrnoException;
  if (code === undefined || !/^E[A-Z0-9]+$/.test(code)) throw error;
  if (code === "ENOENT" || code === "ENOTDIR") return { state: "absent" };
  return { state: REFUSALS.has(code) ? "refused" : "unreadable", reason: message };
}
