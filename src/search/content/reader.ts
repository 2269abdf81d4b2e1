/**
 * Reads the bytes of a file in order, and keeps the buffer through which ripgrep looks at a stream.
 *
 *     buffer:  ├── kept and searched ──┤── whole lines, to search ──┤── part of a line ──┤── free ──┤
 *              0                    position                   searchEnd              filled     capacity
 *
 * The buffer is always filled completely before it is searched. So its borders are the same in every run, and
 * so is the place where a NUL ends a search.
 */
import { constants } from "node:buffer";
import { fstatSync, readSync } from "node:fs";
import { EverwarpError } from "../../base/index.ts";
import type { BinaryMode } from "./binary-mode.ts";

/**
 * Size of ripgrep's read buffer. Its borders decide where a NUL ends a search, so the size is part of the
 * behaviour.
 */
export const STREAM_BUFFER_BYTES = 64 * 1024;

/** Gives the bytes of a file, each once. */
export interface ByteReader {
  /** Copies at most `length` bytes to target[at…]. @returns the number of bytes, 0 only at the end */
  read(target: Buffer, at: number, length: number): number;
}

/** Reads from memory. */
export class MemoryReader implements ByteReader {
  private readonly bytes: Buffer;
  private at: number;

  constructor(bytes: Buffer, at: number) {
    this.bytes = bytes;
    this.at = at;
  }

  read(target: Buffer, at: number, length: number): number {
    const copied = this.bytes.copy(target, at, this.at, Math.min(this.bytes.length, this.at + length));
    this.at += copied;
    return copied;
  }
}

/** Reads from a file descriptor, after the bytes that were already read from it. */
export class DescriptorReader implements ByteReader {
  private readonly descriptor: number;
  private readonly head: MemoryReader;

  constructor(descriptor: number, head: Buffer) {
    this.descriptor = descriptor;
    this.head = new MemoryReader(head, 0);
  }

  /** The descriptor is a regular file, so ripgrep could have mapped it into memory. */
  get isFile(): boolean {
    return fstatSync(this.descriptor).isFile();
  }

  read(target: Buffer, at: number, length: number): number {
    return this.head.read(target, at, length) || readDescriptor(this.descriptor, target, at, length);
  }
}

/** Largest read of one system call. Some systems end a process only when the current call is over. */
const LONGEST_READ_BYTES = 1 << 24;

const sleeper = new Int32Array(new SharedArrayBuffer(4));

/** Reads once. Where the descriptor is a terminal or a pipe without data, it waits. */
export function readDescriptor(descriptor: number, target: Buffer, at: number, length: number): number {
  for (;;) {
    try {
      return readSync(descriptor, target, at, Math.min(length, LONGEST_READ_BYTES), null);
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code === "EOF") return 0;
      if (code !== "EAGAIN") throw error;
      Atomics.wait(sleeper, 0, 0, 2);
    }
  }
}

/** All that is left of a reader, in memory. */
export function readAll(reader: ByteReader): Buffer {
  let bytes = Buffer.allocUnsafeSlow(STREAM_BUFFER_BYTES);
  let length = 0;
  for (;;) {
    const count = reader.read(bytes, length, bytes.length - length);
    if (count === 0) return bytes.subarray(0, length);
    length += count;
    if (length < bytes.length) continue;
    if (length >= constants.MAX_LENGTH) {
      throw new EverwarpError(
        "EW_OUT_OF_HOST_MEMORY",
        `a file of more than ${length} bytes does not fit in memory`,
        {
          remedy: "Leave the file out, or leave out -U: matches across lines are looked for in whole files.",
        },
      );
    }
    const larger = Buffer.allocUnsafeSlow(Math.min(length * 4, constants.MAX_LENGTH));
    bytes.copy(larger, 0, 0, length);
    bytes = larger;
  }
}

/** The stream buffer. One object serves all streams. It grows only for a line that does not fit. */
export class LineBuffer {
  bytes: Buffer;
  /** The whole lines end here. At the end of the stream, this is the end of all bytes. */
  searchEnd = 0;
  /** Offset of the first NUL in the stream, or −1. */
  binaryOffset = -1;
  /** Number of bytes that were read, with the partial line behind `searchEnd`. */
  filled = 0;
  private origin = 0;
  private capacity: number;
  private readonly terminator: number;

  constructor(terminator: number, capacityBytes = STREAM_BUFFER_BYTES) {
    this.terminator = terminator;
    this.capacity = capacityBytes;
    this.bytes = Buffer.alloc(0);
  }

  /** Begins a stream. A size that a long line needed once is kept, as ripgrep keeps it. */
  reset(): void {
    if (this.bytes.length < this.capacity) this.bytes = Buffer.allocUnsafeSlow(this.capacity);
    this.searchEnd = 0;
    this.binaryOffset = -1;
    this.filled = 0;
    this.origin = 0;
  }

  /**
   * Drops what lies before `keepFrom` and reads more.
   * @returns false when there is nothing left to search
   */
  fill(reader: ByteReader, keepFrom: number, binary: BinaryMode): boolean {
    this.bytes.copyWithin(0, keepFrom, this.filled);
    this.origin += keepFrom;
    this.filled -= keepFrom;
    this.searchEnd -= keepFrom;
    if (binary === "quit" && this.binaryOffset !== -1) return this.searchEnd > 0;
    // The rest of the last line was already looked at. Only new bytes decide where the next lines end.
    this.searchEnd = this.filled;
    for (;;) {
      if (this.filled === this.capacity) this.grow();
      const before = this.filled;
      while (this.filled < this.capacity) {
        const count = reader.read(this.bytes, this.filled, this.capacity - this.filled);
        if (count === 0) break;
        this.filled += count;
      }
      if (this.filled === before) {
        this.searchEnd = this.filled;
        return this.searchEnd > 0;
      }
      if (binary !== "none") {
        const nul = this.bytes.subarray(before, this.filled).indexOf(0);
        if (nul !== -1 && binary === "quit") {
          this.filled = before + nul;
          this.searchEnd = this.filled;
          this.binaryOffset = this.origin + this.filled;
          return this.filled > 0;
        }
        if (nul !== -1) {
          if (this.binaryOffset === -1) this.binaryOffset = this.origin + before + nul;
          for (let at = before + nul; at < this.filled; at++)
            if (this.bytes[at] === 0) this.bytes[at] = this.terminator;
        }
      }
      const last = this.bytes.subarray(before, this.filled).lastIndexOf(this.terminator);
      if (last !== -1) {
        this.searchEnd = before + last + 1;
        return true;
      }
    }
  }

  /**
   * Grows the buffer as if a text had been read through it. The text was searched in memory up to
   * `searchedTo`.
   * If one of its lines makes ripgrep's buffer grow, ours must grow too: the next file with a NUL shows the
   * difference.
   */
  noteText(text: Buffer, start: number, searchedTo: number): void {
    let from = start;
    let read = start;
    while (read < text.length && from + this.capacity < text.length) {
      const to = from + this.capacity;
      const last = text.subarray(read, to).lastIndexOf(this.terminator);
      if (last === -1) this.capacity *= 3;
      else from = read + last + 1;
      read = to;
      if (from >= searchedTo) return;
    }
  }

  private grow(): void {
    this.capacity *= 3;
    if (this.capacity > constants.MAX_LENGTH)
      throw new EverwarpError(
        "EW_OUT_OF_HOST_MEMORY",
        `a line of more than ${this.filled} bytes does not fit in memory`,
        {
          remedy: "Exclude this file, or leave out -a and --binary where it is not text.",
        },
      );
    const larger = Buffer.allocUnsafeSlow(this.capacity);
    this.bytes.copy(larger, 0, 0, this.filled);
    this.bytes = larger;
  }
}
