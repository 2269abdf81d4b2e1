/** The end of something in flight. `isEnded` can be read at once. A promise is created only if someone waits. */
export class Deferred {
  /** Whether it has ended, with or without an error. */
  isEnded = false;
  #failure: unknown;
  #promise: Promise<void> | undefined;
  #wake: (() => void) | undefined;

  /** Ends it, with or without an error. Only the first call counts. */
  end(failure?: unknown): void {
    if (this.isEnded) return;
    this.isEnded = true;
    this.#failure = failure;
    this.#wake?.();
  }

  /** @throws the error that it ended with, if there is one */
  assertGood(): void {
    if (this.#failure !== undefined) throw this.#failure;
  }

  /** Resolves when it has ended, with or without an error. */
  ended(): Promise<void> {
    if (this.isEnded) return Promise.resolve();
    return (this.#promise ??= new Promise((resolve) => {
      this.#wake = resolve;
    }));
  }
}
