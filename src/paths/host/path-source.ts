/** The paths of a batch, and how they get into a piece of the shared queue: copied, or encoded right there. */
import { type PackedPaths, encodeGroup, GROUP_PATHS, type PathLike } from "../lookup/index.ts";
import { PIECE_BYTES, PIECE_PATHS, type PiecePlace } from "./shared-queue.ts";

/** What a piece was filled with. */
export interface Filling {
  /** Paths; 0 if not even one fits, which is then far too long for a path. */
  readonly count: number;
  /** The first offset, and the bytes from there on. */
  readonly base: number;
  readonly limit: number;
}

/** The paths of a batch. */
export interface PathSource {
  readonly count: number;
  /** Fills a piece with as many paths as it takes, beginning with path `first`. */
  fill(memory: Uint8Array, place: PiecePlace, first: number): Filling;
}

/** Packed paths, which are copied. */
export class PackedSource implements PathSource {
  readonly count: number;
  readonly #packed: PackedPaths;

  constructor(packed: PackedPaths) {
    this.#packed = packed;
    this.count = packed.offsets.length - 1;
  }

  fill(memory: Uint8Array, place: PiecePlace, first: number): Filling {
    const { bytes, offsets } = this.#packed;
    const base = offsets[first];
    let last = Math.min(first + PIECE_PATHS, this.count);
    if (offsets[last] - base > PIECE_BYTES) {
      let low = first;
      for (let high = last; low + 1 < high;) {
        const middle = (low + high) >>> 1;
        if (offsets[middle] - base <= PIECE_BYTES) low = middle;
        else high = middle;
      }
      last = low;
    }
    memory.set(bytes.subarray(base, offsets[last]), place.bytes);
    const count = last - first;
    new Uint32Array(memory.buffer, place.offsets, count + 1).set(offsets.subarray(first, last + 1));
    return { count, base, limit: offsets[last] - base };
  }
}

/** Strings and bytes, which are encoded group by group: threads work on the first while the next is encoded. */
export class TextSource implements PathSource {
  readonly count: number;
  readonly #paths: readonly PathLike[];

  constructor(paths: readonly PathLike[]) {
    this.#paths = paths;
    this.count = paths.length;
  }

  fill(memory: Uint8Array, place: PiecePlace, first: number): Filling {
    const group =
      first === 0 && this.count <= GROUP_PATHS ? this.#paths : this.#paths.slice(first, first + GROUP_PATHS);
    const bytes = memory.subarray(place.bytes, place.bytes + PIECE_BYTES);
    const offsets = new Uint32Array(memory.buffer, place.offsets, group.length + 1);
    const count = encodeGroup(group, bytes, offsets);
    return { count, base: 0, limit: offsets[count] };
  }
}
