/** Files with a match, or without one, each with its number of hits where that is asked for. */
import type { Page } from "../answer/index.ts";

/** What of files is wanted. */
export interface FilesChoice {
  /** A number and a line feed follow the NUL byte behind a path. */
  readonly hasCounts: boolean;
  readonly maxHits: number;
  readonly sort: "path" | "count";
}

/** Takes what stands between the NUL bytes of a search that lists files or counts. */
export class MatchingFiles {
  hits = 0;
  files = 0;
  /** There are more than `maxHits`. */
  isStopped = false;
  readonly #page: Page;
  readonly #choice: FilesChoice;
  /** A path whose number comes next. */
  #path: Buffer | undefined;

  /** Files with their numbers, where the ones with the most hits come first. */
  readonly #counted: { readonly path: string; readonly line: number; readonly text: string }[] = [];

  constructor(page: Page, choice: FilesChoice) {
    this.#page = page;
    this.#choice = choice;
  }

  /** Takes a record. @returns false when no more are wanted */
  take(record: Buffer): boolean {
    if (!this.#choice.hasCounts) return this.#file(record, undefined);
    // Names may hold line feeds, numbers do not: the first one ends the number of the path before.
    const end = this.#path === undefined ? -1 : record.indexOf(0x0a);
    const path = this.#path;
    this.#path = Buffer.from(record.subarray(end + 1));
    return path === undefined || this.#file(path, Number(record.toString("latin1", 0, end)));
  }

  #file(path: Buffer, count: number | undefined): boolean {
    if ((count === undefined ? this.files : this.hits) >= this.#choice.maxHits) {
      this.isStopped = true;
      return false;
    }
    this.files++;
    this.hits += count ?? 0;
    const name = path.toString("utf8");
    const place = path.toString("latin1");
    const text = count === undefined ? name : `${name}: ${count}`;
    if (this.#choice.sort === "count") this.#counted.push({ path: place, line: count ?? 0, text });
    else this.#page.add({ path: place, line: 0 }, [text]);
    return true;
  }

  /** All records were taken. */
  finish(): void {
    // They came by path, and the sort keeps that order where numbers are the same.
    for (const { text, ...position } of this.#counted.sort((a, b) => b.line - a.line))
      this.#page.add(position, [text]);
  }
}
