/** Reads results from a ring of sealed words in mapped memory, two words per path. */
import { EverwarpError } from "../../base/index.ts";
import { Seal } from "../../residency/index.ts";
import { PathRequest } from "../table/index.ts";

/** How long after its completion a result may arrive. */
const RESULT_TIMEOUT_MS = 1_000;
const MISPLACED = PathRequest.MISPLACED | 0;
const MIX_X = Seal.MIX_X | 0;

/** Copies results from the ring. */
export class ResultReader {
  /** Signed, because JavaScript's bit operations give signed integers. */
  readonly #words: Int32Array;

  constructor(words: Int32Array) {
    this.#words = words;
  }

  /**
   * Copies results, each as soon as its seal shows that it has arrived.
   * @param at the place of the first result in the ring
   * @param sequence number of the request
   * @returns false if a path lies outside of its text
   * @throws EW_TIMEOUT
   */
  copy(results: Int32Array, first: number, count: number, at: number, sequence: number): boolean {
    const words = this.#words.subarray(at * 2, (at + count) * 2);
    const taken = results.subarray(first, first + count);
    const number = sequence | 0;
    // One branchless pass over all seals is twice as fast as a check per result.
    let unsealed = 0;
    let unusual = 0;
    for (let index = 0; index < count; index++) {
      const result = words[2 * index];
      taken[index] = result;
      unsealed |= ((words[2 * index + 1] - Math.imul(result, MIX_X)) | 0) ^ number;
      // The sign: the two high bits are 0 for an inode and 1 for an errno. No other value has equal bits there.
      unusual |= result ^ (result << 1);
    }
    if (unsealed !== 0)
      for (let index = 0; index < count; index++) taken[index] = this.#await(2 * (at + index), number);
    return (unsealed === 0 && unusual >= 0) || !taken.includes(MISPLACED);
  }

  /** Waits for a result that arrives later than the completion that counts it. */
  #await(word: number, number: number): number {
    const begin = performance.now();
    do {
      const seal = Atomics.load(this.#words, word + 1);
      const result = Atomics.load(this.#words, word);
      if (((seal - Math.imul(result, MIX_X)) | 0) === number) return result;
    } while (performance.now() - begin < RESULT_TIMEOUT_MS);
    throw new EverwarpError(
      "EW_TIMEOUT",
      `a result of request ${number >>> 0} did not arrive within ${RESULT_TIMEOUT_MS} ms of its completion`,
      { remedy: "Please report this, with the output of `everwarp doctor`." },
    );
  }
}
