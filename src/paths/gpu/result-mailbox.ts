/** Results as the kernel leaves them: a ring of sealed words in mapped memory, two for each path. */
import { EverwarpError } from "../../base/errors.ts";
import { Seal } from "../../residency/seal.schema.ts";

/** How long a result may come after the completion that counts it. */
const RESULT_TIMEOUT_MS = 1_000;

export class ResultMailbox {
  readonly #words: Uint32Array;

  constructor(words: Uint32Array) {
    this.#words = words;
  }

  /**
   * Copies results, each when its seal shows that it has come.
   * @param at first of them in the ring
   * @param sequence of the request that they belong to
   * @throws EW_TIMEOUT
   */
  copy(results: Int32Array, first: number, count: number, at: number, sequence: number): void {
    const words = this.#words;
    for (let index = 0, word = at * 2; index < count; index++, word += 2) {
      const result = words[word];
      if ((words[word + 1] - Math.imul(result, Seal.MIX_X)) >>> 0 === sequence)
        results[first + index] = result;
      else results[first + index] = this.#await(word, sequence);
    }
  }

  /** A result that comes later than the completion that counts it. */
  #await(word: number, sequence: number): number {
    const begin = performance.now();
    do {
      const seal = Atomics.load(this.#words, word + 1);
      const result = Atomics.load(this.#words, word);
      if ((seal - Math.imul(result, Seal.MIX_X)) >>> 0 === sequence) return result;
    } while (performance.now() - begin < RESULT_TIMEOUT_MS);
    throw new EverwarpError(
      "EW_TIMEOUT",
      `a result of request ${sequence} did not come within ${RESULT_TIMEOUT_MS} ms of its completion`,
      { remedy: "Please report this, with the output of `everwarp doctor`." },
    );
  }
}
