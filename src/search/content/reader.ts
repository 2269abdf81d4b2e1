/**
 * Bytes of a file in the order they come, and the buffer through which ripgrep looks at a stream.
 *
 *     buffer:  ├── kept and searched ──┤── whole lines, to search ──┤── part of a line ──┤── free ──┤
 *              0                    position                   searchEnd              filled     capacity
 *
 * The buffer is filled to the brim before it is looked at, so its borders are the same for every run, and so is what a NUL stops.
 */
import { constants } from "node:buffer";
import { fstatSync, readSync } from "node:fs";
import { EverwarpError } from "../../base/index.ts";
import type { BinaryMode } from "./binary-mode.ts";

/** ripgrep's read buffer. What a NUL stops depends on where its borders lie, so the size is part of the behaviour. */
export const STREAM_BUFFER_BYTES = 64 * 1024;

/** Gives the bytes of a file once. */
export interface ByteReader {
  /** Copies at most `length` bytes to target[at…]. @returns how many; 0 only at the end */
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

/** Reads from a descriptor, after what was already read from it. */
export class DescriptorReader implements ByteReader {
  private readonly descriptor: number;
  private readonly head: MemoryReader;

  constructor(descriptor: number, head: Buffer) {
    this.descriptor = descriptor;
    this.head = new MemoryReader(head, 0);
  }

  /** A regular file, so that it could have been mapped into memory. */
  get isFile(): boolean {
    return fstatSync(this.descriptor).isFile();
  }

  read(target: Buffer, at: number, length: number): number {
    return this.head.read(target, at, length) || readDescriptor(this.descriptor, target, at, length);
  }
}

/** One system call reads so much at most: some systems end a process that was told to end only when the call is over. */
const LONGEST_READ_BYTES = 1 << 24;

const sleeper = new Int32Array(new SharedArrayBuffer(4));

/** One read; waits where the descriptor is a terminal or pipe that has nothing yet. */
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

/** The stream buffer. One object is reused for all streams; it grows only for a line that does not fit. */
export class LineBuffer {
  bytes: Buffer;
  /** Whole lines end here (at the end of the stream: everything). */
  searchEnd = 0;
  /** Offset of the first NUL in the stream, or −1. */
  binaryOffset = -1;
  /** So many bytes were read, the part of a line behind `searchEnd` included. */
  filled = 0;
  private origin = 0;
  private capacity: number;
  private readonly terminator: number;

  constructor(terminator: number, capacityBytes = STREAM_BUFFER_BYTES) {
    this.terminator = terminator;
    this.capacity = capacityBytes;
    this.bytes = Buffer.alloc(0);
  }

  /** Begins a stream. The size a long line needed once is kept, as ripgrep keeps it. */
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
    // What is left over counts as looked at; only new bytes decide where the next lines end.
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
   * A text that ripgrep would have read through its buffer was searched in memory up to `searchedTo`: if one of its lines makes that
   * buffer grow, ours does, since the next file with a NUL shows it.
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
