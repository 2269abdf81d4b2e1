/** Output that somebody writes and somebody else reads, piece by piece. */

/** The pieces of one output. */
export class OutputQueue implements AsyncIterable<Buffer> {
  /** Resolves with the first piece. */
  readonly hasBegun: Promise<void>;
  readonly #pieces: Buffer[] = [];
  #isEnded = false;
  #failure: unknown;
  #begin!: () => void;
  #wake: () => void = () => undefined;

  constructor() {
    this.hasBegun = new Promise((resolve) => (this.#begin = resolve));
  }

  /** The bytes must stay as they are. */
  push(bytes: Uint8Array): void {
    this.#pieces.push(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength));
    this.#begin();
    this.#wake();
  }

  /** There are no more pieces. @param failure thrown to whoever has read them all */
  end(failure?: unknown): void {
    this.#isEnded = true;
    this.#failure = failure;
    this.#wake();
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Buffer, void, undefined> {
    for (;;) {
      for (let piece; (piece = this.#pieces.shift()) !== undefined;) yield piece;
      if (this.#isEnded) break;
      await new Promise<void>((resolve) => (this.#wake = resolve));
    }
    if (this.#failure !== undefined) throw this.#failure;
  }
}
