/** The order by the number of matching lines (--sort count): results wait until all files were searched. */
import type { FoundFile } from "../contracts.ts";
import type { FileResult } from "./file-searcher/index.ts";
import type { ResultTaker } from "./result-taker.ts";

interface Waiting {
  readonly file: FoundFile;
  readonly text: Uint8Array;
  readonly result: FileResult;
}

/** Holds all results in memory, and then gives them on in order. Files of the same count keep their order. */
export class CountOrder implements ResultTaker {
  readonly #waiting: Waiting[] = [];

  take(file: FoundFile, text: Uint8Array, result: FileResult): boolean {
    const hasNews = text.length > 0 || result.matched || result.error !== undefined;
    if (hasNews) this.#waiting.push({ file, text: new Uint8Array(text), result: { ...result } });
    return true;
  }

  /**
   * Gives all results on.
   * @param pause resolves when more may be printed
   */
  async giveTo(
    next: ResultTaker,
    reverse: boolean,
    pause: () => Promise<void> | undefined = () => undefined,
  ): Promise<void> {
    const sign = reverse ? -1 : 1;
    this.#waiting.sort((a, b) => sign * (a.result.count - b.result.count));
    for (const { file, text, result } of this.#waiting) {
      if (!next.take(file, text, result)) return;
      const paused = pause();
      if (paused !== undefined) await paused;
    }
  }
}
