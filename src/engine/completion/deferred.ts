/** The end of something in flight: known at once to who looks, told to who waits. It makes a promise only for who needs one. */
export class Deferred {
  isEnded = false;
  #failure: unknown;
  #promise: Promise<void> | undefined;
  #wake: (() => void) | undefined;

  /** Ends it, with an error or without; only the first end counts. */
  end(failure?: unknown): void {
    if (this.isEnded) return;
    this.isEnded = true;
    this.#failure = failure;
    this.#wake?.();
  }

  /** @throws what it ended with, if that was an error */
  assertGood(): void {
    if (this.#failure !== undefined) throw this.#failure;
  }

  /** Resolves when it has ended, whatever with. */
  ended(): Promise<void> {
    if (this.isEnded) return Promise.resolve();
    return (this.#promise ??= new Promise((resolve) => {
      this.#wake = resolve;
    }));
  }
}
