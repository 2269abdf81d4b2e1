/** Files with a match, or without one, each with its number of hits where that is asked for. */
import type { Page } from "../answer/index.ts";

/** Takes what stands between the NUL bytes of a search that lists files or counts. */
export class MatchingFiles {
  hits = 0;
  files = 0;
  /** There are more than `maxHits`. */
  isStopped = false;
  readonly #page: Page;
  readonly #hasCounts: boolean;
  readonly #maxHits: number;
  /** A path whose number comes next. */
  #path: Buffer | undefined;

  /** @param hasCounts a number and a line feed follow the NUL byte behind a path */
  constructor(page: Page, hasCounts: boolean, maxHits: number) {
    this.#page = page;
    this.#hasCounts = hasCounts;
    this.#maxHits = maxHits;
  }

  /** Takes a record. @returns false when no more are wanted */
  take(record: Buffer): boolean {
    if (!this.#hasCounts) return this.#file(record, undefined);
    // Names may hold line feeds, numbers do not: the first one ends the number of the path before.
    const end = this.#path === undefined ? -1 : record.indexOf(0x0a);
    const path = this.#path;
    this.#path = Buffer.from(record.subarray(end + 1));
    return path === undefined || this.#file(path, Number(record.toString("latin1", 0, end)));
  }

  #file(path: Buffer, count: number | undefined): boolean {
    if ((count === undefined ? this.files : this.hits) >= this.#maxHits) {
      this.isStopped = true;
      return false;
    }
    this.files++;
    this.hits += count ?? 0;
    const name = path.toString("utf8");
    this.#page.add({ path: path.toString("latin1"), line: 0 }, [
      count === undefined ? name : `${name}: ${count}`,
    ]);
    return true;
  }
}
