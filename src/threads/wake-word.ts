/**
 * The word that wakes threads when there is work, and the flag that ends threads.
 *
 *     const seen = wake.value;
 *     if (!takeWork()) wake.sleep(seen);      never misses a ring that came after `seen` was read
 */
import { SharedWord } from "./shared-word.ts";

/** Counts rings. So a thread that looks for work before it sleeps misses no ring. */
export class WakeWord {
  readonly #word: SharedWord;

  /** @param index of the word; its initial value does not matter */
  constructor(words: Int32Array, index: number) {
    this.#word = new SharedWord(words, index);
  }

  /** The argument for `sleep`. Read it before looking for work. */
  get value(): number {
    return this.#word.value;
  }

  /** Wakes all threads. */
  ring(): void {
    this.#word.add(1);
  }

  /** Sleeps until the word rings. Returns at once if it has rung since `seen` was read. Blocks the thread. */
  sleep(seen: number): void {
    this.#word.sleepWhile(seen);
  }
}

/** A flag that is set once and seen by all threads. */
export class SharedFlag {
  readonly #word: SharedWord;

  /** @param index of the word, which starts as 0 */
  constructor(words: Int32Array, index: number) {
    this.#word = new SharedWord(words, index);
  }

  /** Whether all threads are to end. */
  get isSet(): boolean {
    return this.#word.value !== 0;
  }

  /** Sets the flag. The owner of another word must wake threads that sleep on that word. */
  set(): void {
    this.#word.set(1);
  }
}
