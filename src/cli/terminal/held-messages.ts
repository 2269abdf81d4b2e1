/** Messages of a search that somebody else may have to make. */
import type { CommandContext } from "./command-context.ts";

/** Holds messages back until it is certain that they are ours to say. */
export class HeldMessages<T extends Pick<CommandContext, "writeError">> {
  /** Its messages are held, and the rest is as in the context that was given. */
  readonly context: T;
  readonly #inner: T;
  #held: string[] | undefined = [];

  constructor(inner: T) {
    this.#inner = inner;
    const writeError = (text: string): void => {
      if (this.#held === undefined) inner.writeError(text);
      else this.#held.push(text);
    };
    this.context = Object.create(inner, { writeError: { value: writeError } }) as T;
  }

  /** They are ours. Later ones are said at once. */
  release(): void {
    const held = this.#held ?? [];
    this.#held = undefined;
    for (const text of held) this.#inner.writeError(text);
  }
}
