/**
 * One 32-bit word of shared memory by which threads agree: a count, a state or a flag.
 *
 *     one thread                       another thread
 *     seen = word.value                word.set(1)          stores, then wakes
 *     … nothing to do …
 *     word.sleepWhile(seen)            never sleeps past a change: the sleep compares the value first
 *
 * Invariant: every method that changes the word wakes those who sleep on it, unless its name says otherwise. So a
 * thread that sleeps on a value that it has seen misses no change.
 */

/** A word of an `Int32Array` on shared memory. Threads that make it of the same word see the same value. */
export class SharedWord {
  readonly #words: Int32Array;
  readonly #index: number;

  /** @param index of the word in `words` */
  constructor(words: Int32Array, index: number) {
    this.#words = words;
    this.#index = index;
  }

  /** What the word holds now. */
  get value(): number {
    return Atomics.load(this.#words, this.#index);
  }

  /** Stores a value and wakes sleepers. @param sleepers how many; all if not given */
  set(value: number, sleepers = Infinity): void {
    Atomics.store(this.#words, this.#index, value);
    Atomics.notify(this.#words, this.#index, sleepers);
  }

  /** Stores a value, and wakes nobody. */
  setQuietly(value: number): void {
    Atomics.store(this.#words, this.#index, value);
  }

  /** Adds to the word and wakes all sleepers. @returns the value before */
  add(amount: number): number {
    const before = Atomics.add(this.#words, this.#index, amount);
    Atomics.notify(this.#words, this.#index);
    return before;
  }

  /** Adds to the word, and wakes nobody. @returns the value before */
  addQuietly(amount: number): number {
    return Atomics.add(this.#words, this.#index, amount);
  }

  /** Wakes all sleepers, though the word did not change: something else that they look at did. */
  wake(): void {
    Atomics.notify(this.#words, this.#index);
  }

  /**
   * Claims the next number below a limit, for this thread alone.
   *
   * @param step how many numbers are claimed together
   * @returns the first of them; −1 when the word has reached the limit
   */
  claimBelow(limit: number, step = 1): number {
    for (;;) {
      const next = Atomics.load(this.#words, this.#index);
      if (next >= limit) return -1;
      if (Atomics.compareExchange(this.#words, this.#index, next, next + step) === next) return next;
    }
  }

  /**
   * Sleeps while the word holds a value. Blocks the thread.
   *
   * @param timeoutMs the longest sleep; without end if not given
   * @returns false when the time ran out first
   */
  sleepWhile(value: number, timeoutMs = Infinity): boolean {
    return Atomics.wait(this.#words, this.#index, value, timeoutMs) !== "timed-out";
  }
}
