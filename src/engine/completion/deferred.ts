/** The end of something in flight. `isEnded` tells at once. A promise is made only if someone waits. */
export class Deferred {
  /** Has it ended, with an error or without? */
  isEnded = false;
  #failure: unknown;
  #promise: Promise<void> | undefined;
  #wake: (() => void) | undefined;

  /** Ends it, with an error or without. Only the first end counts. */
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

  /** Resolves when it has ended, with an error or without. */
  ended(): Promise<void> {
    if (this.isEnded) return Promise.resolve();
    return (this.#promise ??= new Promise((resolve) => {
      this.#wake = resolve;
    }));
  }
}
