/**
 * A gate between many readers of shared memory and its single writer.
 *
 *     a reader:   enter ── reads ── leave          waits while the gate is shut
 *     the writer: shuts the gate ── waits until no reader is inside ── writes ── opens it
 *
 * Invariants: the writer writes only while no reader is inside, so no reader sees half of a change. A reader counts
 * itself before it checks the gate. The writer shuts the gate before it counts the readers. So at least one of the two
 * sees the other.
 */
import { SharedWord } from "./shared-word.ts";

const OPEN = 0;
const SHUT = 1;
/** The writer checks again after this time, in case a reader died inside. */
const LOOK_AGAIN_MS = 1;

/** The gate. Each thread makes its own object from the same two words, which start as 0. */
export class Gate {
  readonly #state: SharedWord;
  readonly #readers: SharedWord;

  /**
   * @param stateIndex of the word that says whether the gate is shut
   * @param readersIndex of the word that counts the readers inside
   */
  constructor(words: Int32Array, stateIndex: number, readersIndex: number) {
    this.#state = new SharedWord(words, stateIndex);
    this.#readers = new SharedWord(words, readersIndex);
  }

  /** For a reader: waits while the gate is shut, then enters. */
  enter(): void {
    for (;;) {
      this.#readers.addQuietly(1);
      if (this.#state.value === OPEN) return;
      this.leave();
      this.#state.sleepWhile(SHUT);
    }
  }

  /** For a reader: leaves. */
  leave(): void {
    this.#readers.addQuietly(-1);
    if (this.#state.value !== OPEN) this.#readers.wake();
  }

  /** For the writer: runs `write` while no reader is inside. */
  exclusively<T>(write: () => T): T {
    this.#state.setQuietly(SHUT); // nobody sleeps while the gate is open
    try {
      for (let readers; (readers = this.#readers.value) > 0;)
        this.#readers.sleepWhile(readers, LOOK_AGAIN_MS);
      return write();
    } finally {
      this.open();
    }
  }

  /** Opens the gate for everyone, whatever the writer does. For shutdown. */
  open(): void {
    this.#state.set(OPEN);
  }
}
