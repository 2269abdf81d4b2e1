/**
 * Hits as lines below the paths of their files, as ripgrep shows them to people: `12:` before a line that matches,
 * `12-` before one around it, `--` between groups.
 *
 * Invariant: the lines before a match stand on the same page as the match.
 */
import { clippedLine, type Page } from "../answer/index.ts";
import {
  beginOf,
  binaryOffsetOf,
  kindOf,
  type LineMessage,
  lineOf,
  searchedFilesOf,
} from "../command/index.ts";

/** A line of a search is shown up to this length; read_lines shows more of it. */
export const MAX_LINE_CHARS = 500;
/** After every line of a file. A cursor has room for its digits. */
const END_OF_FILE = 999_999_999_999_999;

/** What lines of context are asked for, and when to stop. */
export interface HitLimits {
  readonly contextBefore: number;
  readonly contextAfter: number;
  /** Matching lines after which the search ends. */
  readonly maxHits: number;
}

/** Takes the messages of a search, counts hits, and puts on a page what belongs there. */
export class HitLines {
  hits = 0;
  files = 0;
  /** Undefined until the search has ended. */
  searchedFiles: number | undefined;
  /** There are more hits than `maxHits`. */
  isStopped = false;
  /** The numbers of the first and last hit on the page. */
  firstShown = 0;
  lastShown = 0;
  readonly #page: Page;
  readonly #limits: HitLimits;
  readonly #hasGroups: boolean;
  #path: Buffer = Buffer.alloc(0);
  #isNewFile = false;
  /** The file whose path stands on the page last. */
  #shownPath: string | undefined;
  #lastShownLine = 0;
  #lastHitLine = 0;
  /** Lines before a match that has not come yet. */
  #before: LineMessage[] = [];

  constructor(page: Page, limits: HitLimits) {
    this.#page = page;
    this.#limits = limits;
    this.#hasGroups = limits.contextBefore + limits.contextAfter > 0;
  }

  /** Takes a message. @returns false when no more are wanted */
  take(record: Buffer): boolean {
    const kind = kindOf(record);
    if (kind === "begin") this.#begin(record);
    else if (kind === "match") return this.#match(record);
    else if (kind === "summary") this.searchedFiles = searchedFilesOf(record);
    else if (!this.#page.isFull) {
      if (kind === "context") this.#context(lineOf(record));
      else this.#end(record);
    }
    return true;
  }

  #begin(record: Buffer): void {
    this.#isNewFile = true;
    this.#before = [];
    if (this.#page.isFull) return;
    this.#path = beginOf(record);
    this.#lastHitLine = -Infinity;
  }

  #match(record: Buffer): boolean {
    if (this.hits === this.#limits.maxHits) {
      this.isStopped = true;
      return false;
    }
    this.hits++;
    if (this.#isNewFile) this.files++;
    this.#isNewFile = false;
    if (this.#page.isFull) return true;
    const hit = lineOf(record);
    this.#lastHitLine = hit.line;
    const lines = [...this.#before, hit];
    this.#before = [];
    if (!this.#show(lines, hit)) return true;
    if (this.firstShown === 0) this.firstShown = this.hits;
    this.lastShown = this.hits;
    return true;
  }

  #context(message: LineMessage): void {
    if (message.line > this.#lastHitLine + this.#limits.contextAfter) this.#before.push(message);
    else this.#show([message], undefined);
  }

  /** @param hit the one of the lines that matches */
  #show(messages: readonly LineMessage[], hit: LineMessage | undefined): boolean {
    const path = this.#path.toString("latin1");
    const isNew = path !== this.#shownPath;
    const lines = isNew ? [...(this.#shownPath === undefined ? [] : [""]), this.#path.toString("utf8")] : [];
    let last = isNew ? undefined : this.#lastShownLine;
    for (const message of messages) {
      if (this.#hasGroups && last !== undefined && message.line > last + 1) lines.push("--");
      last = message.line;
      const mark = message === hit ? ":" : "-";
      lines.push(`${message.line}${mark}${clippedLine(message.text, MAX_LINE_CHARS, message.from)}`);
    }
    const line = last ?? 0;
    if (!this.#page.add({ path, line }, lines)) return false;
    this.#shownPath = path;
    this.#lastShownLine = line;
    return true;
  }

  #end(record: Buffer): void {
    const path = this.#path.toString("latin1");
    if (path !== this.#shownPath) return;
    const offset = binaryOffsetOf(record);
    if (offset === undefined) return;
    const note = `[a binary file: there is a NUL byte at offset ${offset}, and what follows may not be shown]`;
    this.#page.add({ path, line: END_OF_FILE }, [note]);
  }
}
