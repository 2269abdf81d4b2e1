/** Words that grow: what a thread collects for a query before it publishes. */
export class WordBuffer {
  #words = new Uint32Array(1024);
  length = 0;

  /** Makes room for `count` more words; write at `words[length…]`, then add to `length`. */
  reserve(count: number): Uint32Array {
    if (this.length + count > this.#words.length) {
      const larger = new Uint32Array(Math.max(2 * this.#words.length, this.length + count));
      larger.set(this.#words.subarray(0, this.length));
      this.#words = larger;
    }
    return this.#words;
  }

  /** The words so far, in place. */
  get words(): Uint32Array {
    return this.#words.subarray(0, this.length);
  }

  /** Hands the words over and begins anew. */
  take(): Uint32Array<ArrayBuffer> {
    const words = this.#words.slice(0, this.length);
    this.clear();
    return words;
  }

  clear(): void {
    this.length = 0;
    // After a huge answer the room is given back.
    if (this.#words.length > 1 << 20) this.#words = new Uint32Array(1024);
  }
}
