/** What counter.comp does, the slow way. */
export class CounterReference {
  readonly #counts = new Map<string, bigint>();
  readonly #capacity: number;

  /** @param tableBytes size of the state section `table` */
  constructor(tableBytes: number) {
    this.#capacity = Math.floor(tableBytes / 32);
  }

  /** @returns the count, or undefined where the table has no room for another key */
  add(key: string, amount: number): bigint | undefined {
    if (!this.#counts.has(key) && this.#counts.size === this.#capacity) return undefined;
    const count = this.get(key) + BigInt(amount);
    this.#counts.set(key, count);
    return count;
  }

  get(key: string): bigint {
    return this.#counts.get(key) ?? 0n;
  }
}
