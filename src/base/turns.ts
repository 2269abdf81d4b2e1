/** Turns: so many works at a time, and further ones wait, first come, first served. */

/** See the head of this file. */
export class Turns {
  readonly #max: number;
  readonly #waiting: (() => void)[] = [];
  #taken = 0;

  /** @param max works at a time */
  constructor(max: number) {
    this.#max = max;
  }

  /** Works that have their turn now. */
  get taken(): number {
    return this.#taken;
  }

  /** Works that wait for a turn. */
  get waiting(): number {
    return this.#waiting.length;
  }

  /** Works in its turn. @returns what `work` gives @throws what `work` throws */
  async take<T>(work: () => Promise<T>): Promise<T> {
    // Whoever leaves hands its turn to the next that waits.
    if (this.#taken === this.#max) await new Promise<void>((resolve) => this.#waiting.push(resolve));
    else this.#taken++;
    try {
      return await work();
    } finally {
      const next = this.#waiting.shift();
      if (next === undefined) this.#taken--;
      else next();
    }
  }
}
