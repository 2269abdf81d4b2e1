/**
 * What a thread of the host engine does with signatures. It makes them while there is nothing to search. In a search,
 * they tell which parts of a unit may have a literal.
 */
import type { LinearMemory } from "../../threads/index.ts";
import type { Literal } from "../contracts.ts";
import { literalRows, SIGNATURE, SignatureKernel } from "../signature/index.ts";
import { SegmentSignatures, type SignatureMemory } from "./segment-signatures.ts";

/** A gap of so many bytes between two parts is searched with them: that is quicker than to begin anew. */
const GAP_BYTES = SIGNATURE.BLOCK_BYTES;
const ALL_BLOCKS = -1;

/** The rows of each of several literals. */
export type LiteralRows = readonly (readonly number[])[];

/** Signatures of one corpus on one thread. See the head of this file. */
export class UnitSignatures {
  readonly #segments: readonly SegmentSignatures[];
  readonly #memories: readonly LinearMemory[];
  readonly #kernels: SignatureKernel[] = [];
  readonly #scratch: number;
  #unmade = 0;
  readonly #ranges: number[] = [];

  /** @param scratch address in every segment of memory that only this thread uses, and not between two calls */
  constructor(segments: readonly LinearMemory[], signatures: readonly SignatureMemory[], scratch: number) {
    this.#memories = segments;
    this.#segments = signatures.map((memory) => new SegmentSignatures(memory));
    this.#scratch = scratch;
  }

  /** Makes the signatures of one word of blocks. @returns false where nothing is left to be made */
  makeWord(): boolean {
    for (; this.#unmade < this.#segments.length; this.#unmade++) {
      const segment = this.#segments[this.#unmade]!;
      const word = segment.takeWord();
      if (word < 0) continue;
      const kernel = (this.#kernels[this.#unmade] ??= new SignatureKernel(this.#memories[this.#unmade]!));
      const begin = segment.begin + word * SIGNATURE.WORD_BYTES;
      segment.put(word, kernel.sign(begin, segment.end, this.#scratch, segment.rowMask));
      return true;
    }
    return false;
  }

  /** The rows of groups of literals. A group of which some literal has none is undefined: nothing is passed over. */
  rowsOf(groups: readonly (readonly Literal[])[]): (LiteralRows | undefined)[] {
    const { rowMask } = this.#segments[0] ?? { rowMask: 0 };
    return groups.map((group) => {
      const rows = group.map(({ bytes }) => literalRows(bytes, 0, rowMask));
      return rows.some(({ length }) => length === 0) ? undefined : rows;
    });
  }

  /**
   * The parts of [from, end) of a segment in which one of the literals may begin, in ascending order.
   * @returns begin and end of each; valid until the next call
   */
  ranges(segment: number, literals: LiteralRows, from: number, end: number): readonly number[] {
    const ranges = this.#ranges;
    ranges.length = 0;
    const signatures = this.#segments[segment]!;
    const first = Math.floor((from - signatures.begin) / SIGNATURE.BLOCK_BYTES);
    const last = Math.floor((end - 1 - signatures.begin) / SIGNATURE.BLOCK_BYTES);
    for (let word = first >>> 5; word <= last >>> 5; word++) {
      let blocks = signatures.isMade(word) ? remaining(signatures, word, literals) : ALL_BLOCKS;
      if (word === first >>> 5) blocks &= ALL_BLOCKS << (first & 31);
      if (word === last >>> 5) blocks &= ALL_BLOCKS >>> (31 - (last & 31));
      for (; blocks !== 0; blocks &= blocks - 1) {
        const begin =
          signatures.begin + (32 * word + 31 - Math.clz32(blocks & -blocks)) * SIGNATURE.BLOCK_BYTES;
        if (ranges.length > 0 && begin - ranges[ranges.length - 1]! <= GAP_BYTES)
          ranges[ranges.length - 1] = begin + SIGNATURE.BLOCK_BYTES;
        else ranges.push(begin, begin + SIGNATURE.BLOCK_BYTES);
      }
    }
    if (ranges.length === 0) return ranges;
    ranges[0] = Math.max(ranges[0]!, from);
    ranges[ranges.length - 1] = Math.min(ranges[ranges.length - 1]!, end);
    return ranges;
  }
}

/** Blocks of a word that may have one of the literals, one bit each. */
function remaining(signatures: SegmentSignatures, word: number, literals: LiteralRows): number {
  const { rows, stride } = signatures;
  const place = signatures.place(word);
  let blocks = 0;
  for (const literal of literals) {
    let own = ALL_BLOCKS;
    for (let index = 0; index < literal.length && own !== 0; index++)
      own &= rows[place + literal[index]! * stride]!;
    blocks |= own;
  }
  return blocks;
}
