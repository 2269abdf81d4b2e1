/**
 * The word that wakes threads when there is work, and the flag that ends them.
 *
 *     const seen = wake.value;
 *     if (!takeWork()) wake.sleep(seen);      never sleeps past a ring that came after `seen`
 */
import { SharedWord } from "./shared-word.ts";

/** Counts how often it rang, so that a thread that looked for work before it sleeps misses no ring. */
export class WakeWord {
  readonly #word: SharedWord;

  /** @param index of the word, which begins as any value */
  constructor(words: Int32Array, index: number) {
    this.#word = new SharedWord(words, index);
  }

  /** What to give to `sleep`: read it before looking for work. */
  get value(): number {
    return this.#word.value;
  }

  /** Wakes all threads. */
  ring(): void {
    this.#word.add(1);
  }

  /** Sleeps until the word rings; not at all when it has rung since `seen`. Blocks the thread. */
  sleep(seen: number): void {
    this.#word.sleepWhile(seen);
  }
}

/** A flag that is set once, and seen by all threads. */
export class SharedFlag {
  readonly #word: SharedWord;

  /** @param index of the word, which begins as 0 */
  constructor(words: Int32Array, index: number) {
    this.#word = new SharedWord(words, index);
  }

  /** Whether everyone is to end. */
  get isSet(): boolean {
    return this.#word.value !== 0;
  }

  /** Sets the flag. Threads that sleep on another word are woken by whoever owns that word. */
  set(): void {
    this.#word.set(1);
  }
}
