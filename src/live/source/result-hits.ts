/**
 * The hits of a search result, by lines, with the text around them.
 *
 * Text is read from the disk when a line is shown. Where the bytes before the line say that it is no line any more, the
 * file has changed, and no text is given: a wrong line is worse than none.
 */
import type { TreeHits } from "../../daemon/index.ts";
import type { HitLine, LineExcerpt, LiveHits, MatchRange } from "./contracts.ts";
import { type FileWindow, LineReader } from "./line-reader.ts";

/** How much of a line is shown before and behind its first hit. */
const BEFORE_BYTES = 1024;
const AFTER_BYTES = 4096;
/** How far from its hit a line of the preview is looked for. */
const AROUND_BYTES = 24 * 1024;
const LINE_FEED = 0x0a;
const MARK = [0xef, 0xbb, 0xbf];

/** See the head of this file. */
export class ResultHits implements LiveHits {
  readonly count: number;
  readonly isTruncated: boolean;
  readonly engineUs: number;
  readonly lines: readonly HitLine[];
  readonly #result: TreeHits;
  readonly #offset: Float64Array;
  readonly #length: Uint32Array;
  readonly #file: Uint32Array;
  readonly #reader = new LineReader();
  /** Excerpts that were shown, by their line's first hit. */
  readonly #excerpts = new Map<number, LineExcerpt | undefined>();

  constructor(result: TreeHits) {
    this.#result = result;
    this.count = result.count;
    this.isTruncated = result.truncated;
    this.engineUs = result.roundTripUs + result.verifyUs;
    this.#file = result.file;
    this.#offset = result.offset;
    this.#length = result.length;
    this.lines = linesOf(result);
  }

  path({ hit }: HitLine): string {
    return this.#result.path(hit);
  }

  pathBytes({ hit }: HitLine): Buffer {
    return this.#result.pathBytes(hit);
  }

  excerpt(line: HitLine): LineExcerpt | undefined {
    if (!this.#excerpts.has(line.hit)) this.#excerpts.set(line.hit, this.#read(line));
    return this.#excerpts.get(line.hit);
  }

  around(line: HitLine, before: number, after: number): readonly LineExcerpt[] {
    const { offset, start } = this.#place(line);
    const first = Math.max(0, start - AROUND_BYTES);
    const window = this.#window(line, first, offset + AFTER_BYTES + AROUND_BYTES);
    if (window === undefined || !isLineStart(window, start)) return [];
    const middle = this.excerpt(line);
    if (middle === undefined) return [];
    return [
      ...this.#before(line, window, start, before),
      middle,
      ...this.#after(line, window, offset, after),
    ];
  }

  #read(line: HitLine): LineExcerpt | undefined {
    const { offset, start } = this.#place(line);
    const begin = Math.max(start, offset - BEFORE_BYTES);
    const window = this.#window(line, Math.max(0, begin - MARK.length), offset + AFTER_BYTES);
    if (window === undefined || !isLineStart(window, start)) return undefined;
    const excerpt = this.#excerpt(line, line.line, window, begin, offset + AFTER_BYTES, begin > start);
    // Kept for long: without the window that it lies in.
    return { ...excerpt, bytes: Buffer.from(excerpt.bytes) };
  }

  #place({ hit, column }: HitLine): { offset: number; start: number } {
    const offset = this.#offset[hit] as number;
    return { offset, start: offset - column + 1 };
  }

  #window({ hit, file }: HitLine, begin: number, end: number): FileWindow | undefined {
    return this.#reader.window(file, this.#result.openPath(hit), begin, end);
  }

  /** Lines before the one that begins at `start`, as many as lie in the window. */
  #before(line: HitLine, window: FileWindow, start: number, count: number): LineExcerpt[] {
    const found: LineExcerpt[] = [];
    const { bytes, offset } = window;
    let end = start - offset - 1;
    while (found.length < count && end >= 0) {
      const feed = end === 0 ? -1 : bytes.lastIndexOf(LINE_FEED, end - 1);
      // Its beginning lies before the window.
      if (feed < 0 && offset > 0) break;
      const begin = feed < 0 ? markLength(bytes) : feed + 1;
      const number = line.line - found.length - 1;
      found.push(this.#excerpt(line, number, window, offset + begin, offset + begin + AFTER_BYTES, false));
      end = feed;
    }
    return found.reverse();
  }

  #after(line: HitLine, window: FileWindow, hitOffset: number, count: number): LineExcerpt[] {
    const found: LineExcerpt[] = [];
    const { bytes, offset } = window;
    let feed = bytes.indexOf(LINE_FEED, hitOffset - offset);
    while (found.length < count && feed >= 0 && feed + 1 < bytes.length) {
      const begin = offset + feed + 1;
      found.push(
        this.#excerpt(line, line.line + found.length + 1, window, begin, begin + AFTER_BYTES, false),
      );
      feed = bytes.indexOf(LINE_FEED, feed + 1);
    }
    return found;
  }

  /** The text from `begin` up to the end of its line, but not beyond `end`. */
  #excerpt(
    { hit, file }: HitLine,
    line: number,
    window: FileWindow,
    begin: number,
    end: number,
    isCutBefore: boolean,
  ): LineExcerpt {
    const at = begin - window.offset;
    const feed = window.bytes.indexOf(LINE_FEED, at);
    const lineEnd = feed < 0 ? window.bytes.length : feed;
    const cut = Math.min(lineEnd, end - window.offset);
    const bytes = window.bytes.subarray(at, window.bytes[cut - 1] === 0x0d && cut > at ? cut - 1 : cut);
    const matches = this.#matches(hit, file, begin, begin + bytes.length);
    return { line, bytes, matches, isCutBefore, isCutAfter: cut < lineEnd || (feed < 0 && !window.isAtEnd) };
  }

  /** Hits of a file that lie in some bytes of it. Hits are sorted, so the search begins at one nearby. */
  #matches(nearHit: number, file: number, begin: number, end: number): MatchRange[] {
    const isBefore = (hit: number): boolean =>
      this.#file[hit] === file && (this.#offset[hit] as number) >= begin;
    let hit = nearHit;
    while (hit > 0 && isBefore(hit - 1)) hit--;
    const ranges: MatchRange[] = [];
    for (; hit < this.count && this.#file[hit] === file; hit++) {
      const from = this.#offset[hit] as number;
      if (from >= end) break;
      const to = from + (this.#length[hit] as number);
      if (to > begin) ranges.push({ begin: Math.max(0, from - begin), end: Math.min(to, end) - begin });
    }
    return ranges;
  }
}

/** Groups hits by line. */
function linesOf({ count, file, line, column }: TreeHits): HitLine[] {
  const lines: HitLine[] = [];
  for (let hit = 0; hit < count;) {
    let next = hit + 1;
    while (next < count && file[next] === file[hit] && line[next] === line[hit]) next++;
    lines.push({
      hit,
      hitCount: next - hit,
      file: file[hit] as number,
      line: line[hit] as number,
      column: column[hit] as number,
    });
    hit = next;
  }
  return lines;
}

/** Does a line begin at this place of the text? */
function isLineStart({ offset, bytes }: FileWindow, start: number): boolean {
  if (start === 0) return true;
  if (start > offset + bytes.length) return false;
  // Of a long line, only the part around the hit was read.
  if (start <= offset || bytes[start - offset - 1] === LINE_FEED) return true;
  return start === MARK.length && offset === 0 && markLength(bytes) === MARK.length;
}

/** Bytes of a byte order mark at the beginning. */
function markLength(bytes: Uint8Array): number {
  return MARK.every((byte, at) => bytes[at] === byte) ? MARK.length : 0;
}
