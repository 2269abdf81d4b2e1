/** What accumulator.comp does, the slow way. */
export class AccumulatorReference {
  readonly #values: number[] = [];
  /** Values that the kernel's state has room for. */
  readonly #capacity: number;

  /** @param historyBytes size of the state section `history` */
  constructor(historyBytes: number) {
    this.#capacity = Math.floor(historyBytes / 4) - 2;
  }

  call({ windowLength, value }: { windowLength: number; value: number }): { mean: number } {
    this.#values.push(Math.fround(value));
    const window = this.#values.slice(-Math.min(windowLength, this.#capacity));
    return { mean: Math.fround(window.reduce((sum, each) => sum + each, 0) / window.length) };
  }
}
