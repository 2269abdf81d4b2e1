/**
 * Does a task, in any thread, with pauses.
 *
 * Invariants: rows are searched in ascending order, so hits come out sorted. The first `settledCount` hits are
 * complete: no hit of their rows is missing.
 */
import type { Matcher } from "../contracts.ts";
import { systemErrorText, utf8MarkLength } from "../content/index.ts";
import { type HitSink, sliceHits, sliceLines } from "./hit-columns.ts";
import { eachMatch } from "./occurrences.ts";
import type { RowContent, RowContents } from "./row-contents.ts";
import { streamFile } from "./stream-file.ts";
import type { ChangedRow, SkippedRow, VerifyTask } from "./task.ts";
import { TextSearch } from "./text-search.ts";

type Steps = Generator<void, void, void>;

/** What a task needs. */
export interface TaskTools {
  readonly contents: RowContents;
  /** Makes the matcher that decides exactly. Called when it is first needed. */
  readonly matcher: () => Matcher;
  readonly hits: HitSink;
  /** A task with more hits than this may stop. */
  readonly maxHits: number;
  /** Whether the answer is not needed any more. Called while a file is streamed. */
  readonly isStopped?: () => boolean;
}

/** One task that is being done. */
export class TaskRun {
  readonly changed: ChangedRow[] = [];
  readonly skipped: SkippedRow[] = [];
  /** How many of the first hits belong to rows that are done. */
  settledCount = 0;
  readonly #tools: TaskTools;
  readonly #task: VerifyTask;
  readonly #steps: Steps;
  #text: TextSearch | undefined;
  #takenCount = 0;
  #nextWhole = 0;
  #nextHit = 0;
  #nextLine = 0;

  constructor(task: VerifyTask, tools: TaskTools) {
    this.#task = task;
    this.#tools = tools;
    this.#steps = this.#rows();
  }

  /** Continues for at least one step, and until `isEnough` says so. @returns true when the task is done */
  step(isEnough: () => boolean): boolean {
    do {
      if (this.#steps.next().done === true) return true;
    } while (!isEnough());
    return false;
  }

  /** Takes the hits of the rows that are done. */
  takeSettled(): ReturnType<HitSink["take"]> {
    const count = this.settledCount;
    this.#takenCount += count;
    this.settledCount = 0;
    return this.#tools.hits.take(count);
  }

  /** The rest of the task, for another thread. The current row begins anew there, so its hits are dropped here. */
  rest(): VerifyTask {
    const { whole, meaning, hits, lines } = this.#task;
    this.#tools.hits.shrink(this.settledCount);
    return {
      whole: whole.slice(this.#nextWhole),
      meaning,
      hits: sliceHits(hits, this.#nextHit, hits.count),
      lines: sliceLines(lines, this.#nextLine, lines.count),
    };
  }

  /** Whether there are more hits than wanted. */
  get #isFull(): boolean {
    return this.#takenCount + this.#tools.hits.count > this.#tools.maxHits;
  }

  *#rows(): Steps {
    const { hits } = this.#tools;
    for (let row; !this.#isFull && (row = this.#nextRow()) !== Infinity;) {
      try {
        yield* this.#row(row);
      } catch (error) {
        const reason = systemErrorText(error);
        if (reason === undefined) throw error;
        hits.shrink(this.settledCount);
        this.skipped.push([row, reason]);
      }
      this.#pass(row);
      this.settledCount = hits.count;
      yield;
    }
  }

  #nextRow(): number {
    const { whole, hits, lines } = this.#task;
    return Math.min(
      whole[this.#nextWhole] ?? Infinity,
      hits.file[this.#nextHit] ?? Infinity,
      lines.file[this.#nextLine] ?? Infinity,
    );
  }

  /** Moves all cursors behind a row. */
  #pass(row: number): void {
    const { whole, hits, lines } = this.#task;
    if (whole[this.#nextWhole] === row) this.#nextWhole++;
    while (hits.file[this.#nextHit] === row) this.#nextHit++;
    while (lines.file[this.#nextLine] === row) this.#nextLine++;
  }

  *#row(row: number): Steps {
    const { contents } = this.#tools;
    if (contents.isStreamed(row)) return this.#stream(row);
    if (!contents.isLoaded(row)) return;
    const { whole, meaning, lines } = this.#task;
    if (whole[this.#nextWhole] === row) return yield* this.#whole(row);
    if (meaning === "occurrences") return this.#takeOccurrences(row);
    if (meaning === "candidates") return yield* this.#verify(row);
    if (lines.file[this.#nextLine] === row) return yield* this.#decide(row);
    this.#takeMatches(row, Infinity, this.#nextHit);
  }

  get #search(): TextSearch {
    return (this.#text ??= new TextSearch(this.#tools.matcher(), this.#tools.hits));
  }

  /** The content of a row. Undefined if the file is gone. Notes a row that has changed since it was loaded. */
  #content(row: number): RowContent | undefined {
    const content = this.#tools.contents.content(row);
    if (content === undefined || content.isChanged) this.changed.push([row, content?.stamp]);
    return content;
  }

  *#whole(row: number): Steps {
    const content = this.#content(row);
    if (content !== undefined) yield* this.#searchText(content, row);
  }

  *#searchText({ bytes, isChanged }: RowContent, row: number): Steps {
    const from = isChanged ? utf8MarkLength(bytes, bytes.length) : this.#tools.contents.textStart(row);
    for (const pause of this.#search.text(bytes, from, row)) {
      if (this.#isFull) return;
      yield pause;
    }
  }

  /** Takes those occurrences that are matches. A byte order mark is no part of its line. */
  #takeOccurrences(row: number): void {
    const { hits } = this.#task;
    const mark = this.#tools.contents.textStart(row);
    eachMatch(hits, this.#nextHit, mark, (at) => {
      const number = hits.line[at] as number;
      const first = (hits.column[at] as number) - (number === 1 ? mark : 0);
      this.#tools.hits.add(row, number, first, hits.offset[at] as number, hits.length[at] as number);
    });
  }

  /** Searches the undecided lines of a row, and takes the matches between them. */
  *#decide(row: number): Steps {
    const content = this.#content(row);
    if (content === undefined) return;
    if (content.isChanged) return yield* this.#searchText(content, row);
    const { lines } = this.#task;
    let next = this.#nextHit;
    for (let at = this.#nextLine; lines.file[at] === row && !this.#isFull; at++) {
      const offset = lines.offset[at] as number;
      next = this.#takeMatches(row, offset, next);
      this.#search.line(content.bytes, offset, lines.line[at] as number, row);
      yield;
    }
    this.#takeMatches(row, Infinity, next);
  }

  /** Takes the matches of a row from index `at` on that begin before an offset. @returns the index behind them */
  #takeMatches(row: number, before: number, at: number): number {
    const { file, line, column, offset, length } = this.#task.hits;
    let next = at;
    for (; file[next] === row && (offset[next] as number) < before; next++) {
      const [number, first] = [line[next] as number, column[next] as number];
      this.#tools.hits.add(row, number, first, offset[next] as number, length[next] as number);
    }
    return next;
  }

  /** Searches each line with an occurrence. */
  *#verify(row: number): Steps {
    const content = this.#content(row);
    if (content === undefined) return;
    if (content.isChanged) return yield* this.#searchText(content, row);
    const { file, line, column, offset } = this.#task.hits;
    let last = 0;
    for (let at = this.#nextHit; file[at] === row && !this.#isFull; at++) {
      if (line[at] === last) continue;
      last = line[at] as number;
      const start = (offset[at] as number) - (column[at] as number) + 1;
      const textStart = last === 1 ? this.#tools.contents.textStart(row) : start;
      this.#search.line(content.bytes, Math.max(start, textStart), last, row);
      yield;
    }
  }

  /** Searches a file without pauses. Only threads that do nothing else may call it. */
  #stream(row: number): void {
    const { contents, matcher, isStopped = () => false } = this.#tools;
    streamFile(contents.rows.files, row, contents.allText, matcher(), (line, markBytes) => {
      this.#search.matches(line, line.offsetBytes + markBytes, line.number, row);
      return !this.#isFull && !isStopped();
    });
  }
}
