/**
 * One 32-bit word of shared memory for coordination between threads: a count, a state or a flag.
 *
 *     one thread                       another thread
 *     seen = word.value                word.set(1)          stores, then wakes
 *     … nothing to do …
 *     word.sleepWhile(seen)            never misses a change: the sleep compares the value first
 *
 * Invariant: every method that changes the word wakes the threads that sleep on it, unless its name says otherwise. So
 * a thread that sleeps on a value it has seen misses no change.
 */

/** A word of an `Int32Array` in shared memory. All threads that use the same word see the same value. */
export class SharedWord {
  readonly #words: Int32Array;
  readonly #index: number;

  /** @param index of the word in `words` */
  constructor(words: Int32Array, index: number) {
    this.#words = words;
    this.#index = index;
  }

  /** The current value. */
  get value(): number {
    return Atomics.load(this.#words, this.#index);
  }

  /** Stores a value and wakes sleepers. @param sleepers how many to wake; all if not given */
  set(value: number, sleepers = Infinity): void {
    Atomics.store(this.#words, this.#index, value);
    Atomics.notify(this.#words, this.#index, sleepers);
  }

  /** Stores a value without waking anybody. */
  setQuietly(value: number): void {
    Atomics.store(this.#words, this.#index, value);
  }

  /** Adds to the word and wakes all sleepers. @returns the previous value */
  add(amount: number): number {
    const before = Atomics.add(this.#words, this.#index, amount);
    Atomics.notify(this.#words, this.#index);
    return before;
  }

  /** Adds to the word without waking anybody. @returns the previous value */
  addQuietly(amount: number): number {
    return Atomics.add(this.#words, this.#index, amount);
  }

  /** Wakes all sleepers, for a change outside of this word. */
  wake(): void {
    Atomics.notify(this.#words, this.#index);
  }

  /**
   * Claims the next number below a limit. No other thread gets the same number.
   *
   * @param step how many numbers are claimed together
   * @returns the first of them; −1 if the word has reached the limit
   */
  claimBelow(limit: number, step = 1): number {
    for (;;) {
      const next = Atomics.load(this.#words, this.#index);
      if (next >= limit) return -1;
      if (Atomics.compareExchange(this.#words, this.#index, next, next + step) === next) return next;
    }
  }

  /**
   * Sleeps while the word has a value. Blocks the thread.
   *
   * @param timeoutMs the longest sleep; unlimited if not given
   * @returns false if the timeout passed first
   */
  sleepWhile(value: number, timeoutMs = Infinity): boolean {
    return Atomics.wait(this.#words, this.#index, value, timeoutMs) !== "timed-out";
  }
}
