/**
 * The host's part of a search: what a backend's occurrences do not decide.
 *
 *   plan "literals"  occurrences are hits; files with a fold exception are searched whole
 *   plan "automaton" matches are hits; lines that the automaton left undecided are given to the matcher
 *   plan "filter"    each line with an occurrence is given to the matcher; files with a fold exception are searched whole
 *   plan "whole"     all files are searched whole
 *   always           files too large for a segment are searched by streaming
 *
 * Invariants: goes on where it stopped, file by file in ascending order, so that hits come out sorted and the event
 * loop has its turn in between; a file is wholly in `hits` or not at all.
 */
import { nowMs } from "../../base/index.ts";
import type { RawHits } from "../backend/index.ts";
import type { HitList, Matcher, Plan } from "../contracts.ts";
import { FILE_FLAGS, type FileStamp } from "../corpus/index.ts";
import { countLineFeeds } from "../scanner/index.ts";
import { MatchList, type Line } from "../searcher/index.ts";
import { systemErrorText } from "../content/index.ts";
import type { AskedPlan } from "./asked-plan.ts";
import { type EngineCorpus, MARK_BYTES, type SkippedFile } from "./engine-corpus.ts";
import { HitColumns } from "./hit-columns.ts";
import { withoutOverlap } from "./hit-source.ts";
import { streamFile } from "./stream-file.ts";

const LINE_FEED = 10;

/** What the host still has to do for one search, done piece by piece. */
export class HostPass {
  readonly hits = new HitColumns();
  /** Files that were read again and are not what was loaded, with what they are now; undefined: gone. */
  readonly changed = new Map<number, FileStamp | undefined>();
  /** Files that could not be searched. */
  readonly skipped: SkippedFile[] = [];
  readonly #corpus: EngineCorpus;
  readonly #plan: Plan;
  readonly #matcher: () => Matcher;
  readonly #raw: RawHits | undefined;
  readonly #maxHits: number;
  /** Files to be searched whole, ascending; all of them where there are no occurrences to go by. */
  readonly #whole: readonly number[];
  readonly #matches = new MatchList();
  readonly #line: Line = { bytes: Buffer.alloc(0), start: 0, end: 0, offsetBytes: 0, number: 0 };
  /** Occurrences that count, as indexes. */
  #kept: Uint32Array | undefined;
  #takenCount = 0;
  #nextHit = 0;
  #nextUndecided = 0;
  #nextWhole = 0;
  #nextStreamed = 0;
  #nextFile = 0;

  /**
   * @param asked the plan, answered by the backend
   * @param matcher decides exactly; made when it is first needed
   */
  constructor(corpus: EngineCorpus, asked: AskedPlan, matcher: () => Matcher, maxHits: number) {
    this.#corpus = corpus;
    this.#plan = asked.plan;
    this.#matcher = matcher;
    this.#raw = asked.hits();
    this.#whole = asked.exceptions();
    this.#maxHits = maxHits;
  }

  /** Are there more hits than are wanted? */
  get isTruncated(): boolean {
    return this.#takenCount + this.hits.count > this.#maxHits;
  }

  /** Hits that were found and not taken so far, at most as many as are wanted. They are dropped here. */
  take(): HitList & { truncated: boolean } {
    const truncated = this.isTruncated;
    const count = Math.min(this.hits.count, Math.max(0, this.#maxHits - this.#takenCount));
    const list = { ...this.hits.list(count), truncated };
    this.#takenCount += this.hits.count; // those too many are counted, so that the search ends
    this.hits.shrink(0);
    return list;
  }

  /**
   * Searches at least one file, and on until the slice is over.
   * @param sliceEndMs time of `nowMs` after which no further file is begun
   * @param deadlineMs time after which even a file that is streamed is left
   * @returns true when nothing is left
   * @throws EW_CORPUS_UNKNOWN when the corpus is gone
   */
  step(sliceEndMs: number, deadlineMs: number): boolean {
    const isAll = this.#plan.kind === "whole";
    do {
      if (this.isTruncated) return true;
      const file = isAll ? this.#nextOfAll() : this.#nextOfSome();
      if (file === undefined) return true;
      if (!this.#search(file, deadlineMs)) return false;
    } while (nowMs() < sliceEndMs);
    return false;
  }

  #nextOfAll(): number | undefined {
    return this.#nextFile < this.#corpus.rowCount ? this.#nextFile : undefined;
  }

  #nextOfSome(): number | undefined {
    const raw = this.#raw;
    const hitFile = raw !== undefined && this.#nextHit < raw.count ? raw.file[this.#nextHit] : undefined;
    const candidates = [
      this.#whole[this.#nextWhole],
      this.#corpus.streamed[this.#nextStreamed],
      hitFile,
      raw?.undecided.file[this.#nextUndecided],
    ];
    const first = Math.min(...candidates.map((file) => file ?? Infinity));
    return first === Infinity ? undefined : first;
  }

  /** @returns false when the time was over before the file was; it is begun anew then */
  #search(file: number, deadlineMs: number): boolean {
    const { placement } = this.#corpus.loaded;
    const flags = placement.flags[file] as number;
    const before = this.hits.count;
    const isWhole = this.#raw === undefined || this.#whole[this.#nextWhole] === file;
    try {
      if ((flags & FILE_FLAGS.OVERSIZE) !== 0) {
        if (!this.#stream(file, deadlineMs)) {
          this.hits.shrink(before);
          return false;
        }
      } else if ((flags & FILE_FLAGS.LOADED) !== 0) {
        if (isWhole) this.#searchWhole(file);
        else if (this.#plan.kind === "literals") this.#takeOccurrences(file);
        else if (this.#plan.kind === "automaton") this.#takeMatches(file);
        else this.#verify(file);
      }
    } catch (error) {
      const reason = systemErrorText(error);
      if (reason === undefined) throw error;
      this.hits.shrink(before);
      this.skipped.push(this.#corpus.skippedFile(file, reason));
    }
    this.#pass(file);
    return true;
  }

  /** Moves all cursors behind a file. */
  #pass(file: number): void {
    this.#nextFile = file + 1;
    if (this.#whole[this.#nextWhole] === file) this.#nextWhole++;
    if (this.#corpus.streamed[this.#nextStreamed] === file) this.#nextStreamed++;
    const raw = this.#raw;
    if (raw === undefined) return;
    while (this.#nextHit < raw.count && raw.file[this.#nextHit] === file) this.#nextHit++;
    const { undecided } = raw;
    while (this.#nextUndecided < undecided.count && undecided.file[this.#nextUndecided] === file)
      this.#nextUndecided++;
  }

  /** The file's bytes; undefined where it is gone. Notes what has changed since it was loaded. */
  #content(file: number): { bytes: Buffer; isChanged: boolean } | undefined {
    const content = this.#corpus.content(file);
    if (content === undefined) {
      this.changed.set(file, undefined);
      return undefined;
    }
    const { bytes, reread } = content;
    const isChanged = reread?.isChanged === true;
    if (isChanged) this.changed.set(file, reread?.stamp);
    return { bytes, isChanged };
  }

  #takeOccurrences(file: number): void {
    const raw = this.#raw as RawHits;
    const { line, column } = raw.locate();
    const kept = (this.#kept ??= withoutOverlap(raw, this.#corpus));
    const mark = this.#corpus.textStart(file);
    for (let at = lowerBound(kept, this.#nextHit); at < kept.length; at++) {
      const index = kept[at] as number;
      if (raw.file[index] !== file) break;
      const number = line[index] as number;
      const first = (column[index] as number) - (number === 1 ? mark : 0);
      this.hits.add(file, number, first, raw.offset[index] as number, raw.length[index] as number);
    }
  }

  /** Takes the matches of a file, and between them those of its undecided lines. */
  #takeMatches(file: number): void {
    const { undecided } = this.#raw as RawHits;
    let at = this.#nextUndecided;
    if (undecided.file[at] !== file) return void this.#takeMatchesUntil(file, Infinity);
    const content = this.#content(file);
    if (content === undefined) return;
    if (content.isChanged) return this.#searchText(content, file);
    let next = this.#nextHit;
    for (; at < undecided.count && undecided.file[at] === file; at++) {
      const offset = undecided.offset[at] as number;
      next = this.#takeMatchesUntil(file, offset, next);
      this.#searchLine(content.bytes, offset, undecided.line[at] as number, file);
    }
    this.#takeMatchesUntil(file, Infinity, next);
  }

  /** Takes the matches of a file from index `at` on that begin before `offset`. @returns the index behind them */
  #takeMatchesUntil(file: number, offset: number, at = this.#nextHit): number {
    const raw = this.#raw as RawHits;
    const { line, column } = raw.locate();
    for (; at < raw.count && raw.file[at] === file && (raw.offset[at] as number) < offset; at++) {
      this.hits.add(
        file,
        line[at] as number,
        column[at] as number,
        raw.offset[at] as number,
        raw.length[at] as number,
      );
    }
    return at;
  }

  /** Gives each line with an occurrence to the matcher. */
  #verify(file: number): void {
    const content = this.#content(file);
    if (content === undefined) return;
    if (content.isChanged) return this.#searchText(content, file);
    const raw = this.#raw as RawHits;
    const { line, column } = raw.locate();
    let lastLine = 0;
    for (let index = this.#nextHit; index < raw.count && raw.file[index] === file; index++) {
      if (line[index] === lastLine) continue;
      lastLine = line[index] as number;
      const start = (raw.offset[index] as number) - (column[index] as number) + 1;
      const textStart = lastLine === 1 ? this.#corpus.textStart(file) : start;
      this.#searchLine(content.bytes, Math.max(start, textStart), lastLine, file);
    }
  }

  #searchWhole(file: number): void {
    const content = this.#content(file);
    if (content !== undefined) this.#searchText(content, file);
  }

  #searchText({ bytes, isChanged }: { bytes: Buffer; isChanged: boolean }, file: number): void {
    const matcher = this.#matcher();
    const end = bytes.length;
    let from = isChanged ? markLength(bytes) : this.#corpus.textStart(file);
    let number = 1;
    while (from < end) {
      const candidate = matcher.findCandidate(bytes, from, end);
      if (candidate < 0) return;
      const start =
        candidate === from ? from : Math.max(from, bytes.lastIndexOf(LINE_FEED, candidate - 1) + 1);
      if (start > from) number += countLineFeeds(bytes, from, start);
      from = this.#searchLine(bytes, start, number, file);
      number++;
    }
  }

  /** @returns where the next line begins */
  #searchLine(bytes: Buffer, start: number, number: number, file: number): number {
    const matcher = this.#matcher();
    const feed = bytes.indexOf(LINE_FEED, start);
    const line = this.#line;
    line.bytes = bytes;
    line.start = start;
    line.end = feed === -1 ? bytes.length : feed + 1;
    this.#addMatches(matcher, line, start, number, file);
    return line.end;
  }

  #addMatches(matcher: Matcher, line: Line, lineOffset: number, number: number, file: number): void {
    const matches = this.#matches;
    matches.fill(matcher, line, LINE_FEED, false);
    for (let index = 0; index < matches.count; index++) {
      const start = matches.start(index);
      this.hits.add(file, number, start + 1, lineOffset + start, matches.end(index) - start);
    }
  }

  #stream(file: number, deadlineMs: number): boolean {
    const { corpus, loaded } = this.#corpus;
    const matcher = this.#matcher();
    let isLate = false;
    streamFile(loaded.placement.files, file, corpus.allText, matcher, (line, markBytes) => {
      this.#addMatches(matcher, line, line.offsetBytes + markBytes, line.number, file);
      isLate = nowMs() > deadlineMs;
      return !isLate && !this.isTruncated;
    });
    return !isLate;
  }
}

/** Index of the first entry that is at least `value`. */
function lowerBound(sorted: Uint32Array, value: number): number {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((sorted[middle] as number) < value) low = middle + 1;
    else high = middle;
  }
  return low;
}

const markLength = (bytes: Uint8Array): number =>
  bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf ? MARK_BYTES : 0;
