/** Records which words of a table were written, block by block, until the list is taken. */
import type { TableEdits } from "./image.ts";
import { BLOCK_WORDS } from "./shape.ts";
import { TableHeader as H } from "./table.schema.ts";

/** The blocks that were written since the last `take`. */
export class TableChanges {
  readonly #words: Uint32Array;
  /** One bit per block. */
  readonly #dirty: Uint32Array;
  #blocks: number[] = [];

  /** @param end the end of the table's last region, in words */
  constructor(words: Uint32Array, end: number) {
    this.#words = words;
    this.#dirty = new Uint32Array(Math.ceil(end / BLOCK_WORDS / 32));
  }

  /** Whether `take` would return any change. */
  get hasEdits(): boolean {
    return this.#blocks.length > 0;
  }

  /** Records that words [at, at + count) were written. */
  touch(at: number, count: number): void {
    this.#words[H.CHANGES]++;
    const last = Math.floor((at + count - 1) / BLOCK_WORDS);
    for (let block = Math.floor(at / BLOCK_WORDS); block <= last; block++) {
      const bit = 1 << (block & 31);
      if ((this.#dirty[block >>> 5] & bit) !== 0) continue;
      this.#dirty[block >>> 5] |= bit;
      this.#blocks.push(block);
    }
  }

  /** Everything that was written since the last call, as ranges in memory order. The header is always included. */
  take(): TableEdits {
    this.touch(0, H.WORDS);
    const blocks = Uint32Array.from(this.#blocks).sort();
    this.#blocks = [];
    const runs: number[] = [];
    let end = -1;
    for (const block of blocks) {
      this.#dirty[block >>> 5] = 0;
      const at = block * BLOCK_WORDS;
      if (at !== end) {
        if (end >= 0) runs.push(end);
        runs.push(at);
      }
      end = at + BLOCK_WORDS;
    }
    runs.push(end);
    return { runs: Uint32Array.from(runs) };
  }
}
