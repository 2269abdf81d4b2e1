/**
 * Reads parts of files around hits, for the lines that are on the screen.
 *
 * Invariants: nothing here waits or throws. Only regular files are read, and of each hit only what lies near it. No
 * file stays open.
 */
import { closeSync, constants, fstatSync, openSync, readSync } from "node:fs";

/** Bytes that are read at once. */
const WINDOW_BYTES = 16 * 1024;
/** A larger file of UTF-16 is not decoded for its lines. */
const MAX_UTF16_BYTES = 16 * 1024 * 1024;
/** Do not wait for the other end of a pipe, and do not let a terminal take control of this process. */
const FLAGS = constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOCTTY;

/** Bytes of a file's text, from a place on. */
export interface FileWindow {
  /** Where `bytes` begin in the text. */
  readonly offset: number;
  readonly bytes: Uint8Array;
  /** The text ends where the window ends. */
  readonly isAtEnd: boolean;
}

/** See the head of this file. */
export class LineReader {
  /** The window that was read last, and whose it is. */
  #kept: { readonly key: number; readonly window: FileWindow } | undefined;

  /**
   * A piece of text that has these bytes and some around them.
   * @param key tells files apart
   * @returns undefined where the file cannot be read
   */
  window(key: number, path: string | Buffer, begin: number, end: number): FileWindow | undefined {
    const kept = this.#kept;
    if (kept?.key === key && covers(kept.window, begin, end)) return kept.window;
    const window = readWindow(path, begin, Math.max(end - begin, WINDOW_BYTES));
    this.#kept = window && { key, window };
    return window;
  }
}

function covers({ offset, bytes, isAtEnd }: FileWindow, begin: number, end: number): boolean {
  return offset <= begin && (isAtEnd || end <= offset + bytes.length);
}

function readWindow(path: string | Buffer, begin: number, lengthBytes: number): FileWindow | undefined {
  let descriptor: number | undefined;
  try {
    descriptor = openSync(path, FLAGS);
    const info = fstatSync(descriptor);
    if (!info.isFile()) return undefined;
    const label = utf16Label(readAt(descriptor, 0, 2).bytes);
    if (label === undefined) return readAt(descriptor, begin, lengthBytes);
    if (info.size > MAX_UTF16_BYTES) return undefined;
    return { offset: 0, bytes: decodeAll(descriptor, info.size, label), isAtEnd: true };
  } catch {
    return undefined; // it is gone, may not be read, or its disk fails: its lines are not shown
  } finally {
    if (descriptor !== undefined) closeSync(descriptor);
  }
}

function utf16Label(bytes: Uint8Array): "utf-16le" | "utf-16be" | undefined {
  if (bytes[0] === 0xff && bytes[1] === 0xfe) return "utf-16le";
  return bytes[0] === 0xfe && bytes[1] === 0xff ? "utf-16be" : undefined;
}

function decodeAll(descriptor: number, sizeBytes: number, label: string): Uint8Array {
  const bytes = readAt(descriptor, 2, sizeBytes).bytes;
  return new TextEncoder().encode(new TextDecoder(label, { ignoreBOM: true }).decode(bytes));
}

function readAt(descriptor: number, offset: number, lengthBytes: number): FileWindow {
  const bytes = Buffer.allocUnsafe(lengthBytes);
  let done = 0;
  for (let count; done < lengthBytes; done += count) {
    count = readSync(descriptor, bytes, done, lengthBytes - done, offset + done);
    if (count === 0) break;
  }
  return { offset, bytes: bytes.subarray(0, done), isAtEnd: done < lengthBytes };
}
