/** Reads results: a ring of sealed words in mapped memory, two for each path. */
import { EverwarpError } from "../../base/index.ts";
import { Seal } from "../../residency/index.ts";
import { PathRequest } from "../table/index.ts";

/** How long after its completion a result may come. */
const RESULT_TIMEOUT_MS = 1_000;
const MISPLACED = PathRequest.MISPLACED | 0;
const MIX_X = Seal.MIX_X | 0;

/** Copies results out of the ring. */
export class ResultReader {
  /** Signed, as JavaScript computes with signed integers. */
  readonly #words: Int32Array;

  constructor(words: Int32Array) {
    this.#words = words;
  }

  /**
   * Copies results, each as soon as its seal shows that it has come.
   * @param at where in the ring the first result is
   * @param sequence number of the request
   * @returns false if a path leads out of its text
   * @throws EW_TIMEOUT
   */
  copy(results: Int32Array, first: number, count: number, at: number, sequence: number): boolean {
    const words = this.#words.subarray(at * 2, (at + count) * 2);
    const taken = results.subarray(first, first + count);
    const number = sequence | 0;
    // One pass over all seals without a branch is twice as fast.
    let unsealed = 0;
    let unusual = 0;
    for (let index = 0; index < count; index++) {
      const result = words[2 * index];
      taken[index] = result;
      unsealed |= ((words[2 * index + 1] - Math.imul(result, MIX_X)) | 0) ^ number;
      unusual |= result ^ (result << 1); // the sign: an inode has two high bits of 0, an errno of 1, nothing else has
    }
    if (unsealed !== 0)
      for (let index = 0; index < count; index++) taken[index] = this.#await(2 * (at + index), number);
    return (unsealed === 0 && unusual >= 0) || !taken.includes(MISPLACED);
  }

  /** A result that may come later than the completion that counts it. */
  #await(word: number, number: number): number {
    const begin = performance.now();
    do {
      const seal = Atomics.load(this.#words, word + 1);
      const result = Atomics.load(this.#words, word);
      if (((seal - Math.imul(result, MIX_X)) | 0) === number) return result;
    } while (performance.now() - begin < RESULT_TIMEOUT_MS);
    throw new EverwarpError(
      "EW_TIMEOUT",
      `a result of request ${number >>> 0} did not come within ${RESULT_TIMEOUT_MS} ms of its completion`,
      { remedy: "Please report this, with the output of `everwarp doctor`." },
    );
  }
}
