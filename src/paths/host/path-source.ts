/** Fills pieces of the shared queue with the paths of a batch: by copying, or by encoding directly into the piece. */
import { type PackedPaths, encodeGroup, GROUP_PATHS, type PathLike } from "../lookup/index.ts";
import { PIECE_BYTES, PIECE_PATHS, type PiecePlace } from "./shared-queue.ts";

/** The content of a filled piece. */
export interface Filling {
  /** Number of paths; 0 if not even one fits. Such a path exceeds every limit. */
  readonly count: number;
  /** The first offset, which stands for the first byte. */
  readonly base: number;
  readonly limit: number;
}

/** The paths of a batch. */
export interface PathSource {
  readonly count: number;
  /** Fills a piece with as many paths as fit, beginning with path `first`. */
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

/** Strings and bytes, which are encoded group by group: threads work on the first group while the next is encoded. */
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
