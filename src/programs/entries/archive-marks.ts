/**
 * Finds the marks of records in an archive, for a reader that lost its position.
 *
 * Invariant: while a reader moves forward through a file, each byte is read and examined once per mark, however many
 * records there are.
 */

import type { FileHandle } from "node:fs/promises";

/** How many bytes are searched at a time. */
const PIECE_BYTES = 1 << 20;

/** Finds the marks at which entries of an archive begin. Reads the file piece by piece. */
export class MarkFinder {
  readonly #handle: FileHandle;
  readonly #marks: readonly Buffer[];
  /** Where each mark was found last; Infinity if there is no further one. */
  readonly #foundAt: number[];
  /** The offset from which `#foundAt` is valid. */
  #searchedFrom = Infinity;
  #piece: { readonly at: number; readonly bytes: Buffer } | undefined;

  constructor(handle: FileHandle, marks: readonly Buffer[]) {
    this.#handle = handle;
    this.#marks = marks;
    this.#foundAt = marks.map(() => -1);
  }

  /** The offset of the next mark at or after `from`; undefined if there is none. */
  async next(from: number): Promise<number | undefined> {
    if (from < this.#searchedFrom) this.#foundAt.fill(-1); // only at the first call: readers move only forward
    this.#searchedFrom = from;
    for (const [index, mark] of this.#marks.entries()) {
      if (this.#foundAt[index]! < from) this.#foundAt[index] = await this.#find(mark, from);
    }
    const at = Math.min(...this.#foundAt);
    return at === Infinity ? undefined : at;
  }

  async #find(mark: Buffer, from: number): Promise<number> {
    for (let at = from; ;) {
      const piece = await this.#pieceAt(at, mark.length);
      const found = piece.bytes.indexOf(mark, at - piece.at);
      if (found >= 0) return piece.at + found;
      if (piece.bytes.length < PIECE_BYTES) return Infinity;
      // A mark may cross the border of two pieces.
      at = piece.at + piece.bytes.length - mark.length + 1;
    }
  }

  /** Reads `sizeBytes` bytes of the file from `at` on, or fewer at the end of the file. */
  async #pieceAt(at: number, sizeBytes: number): Promise<{ readonly at: number; readonly bytes: Buffer }> {
    const last = this.#piece;
    const isLast = last !== undefined && last.bytes.length < PIECE_BYTES;
    if (last !== undefined && at >= last.at && (isLast || at + sizeBytes <= last.at + last.bytes.length))
      return last;
    this.#piece = { at, bytes: await readAt(this.#handle, at, PIECE_BYTES) };
    return this.#piece;
  }
}

/** Reads bytes of a file. Returns fewer bytes at the end of the file. */
export async function readAt(handle: FileHandle, at: number, sizeBytes: number): Promise<Buffer> {
  const bytes = Buffer.alloc(sizeBytes);
  let done = 0;
  while (done < sizeBytes) {
    const { bytesRead } = await handle.read(bytes, done, sizeBytes - done, at + done);
    if (bytesRead === 0) break;
    done += bytesRead;
  }
  return bytes.subarray(0, done);
}
