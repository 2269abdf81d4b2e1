/**
 * The host's part of a search: what a backend's hits do not decide. `host-work.ts` tells what that is.
 *
 *   HostWork ──pieces, in order──▶ little work: this thread, in slices ─┐
 *                                  else: tasks to threads, answers ─────┴──in order──▶ HitChunks ──▶ hits
 *
 * Invariants: Pieces are appended in their order, so hits come out sorted. All hits of a row are appended at once. A
 * task is done by the thread that got it, and by no other.
 */
import { setImmediate as turn } from "node:timers/promises";
import { nowMs, SLICE_MS } from "../../base/index.ts";
import type { FileStamp } from "../corpus/index.ts";
import {
  HitColumns,
  HitCounter,
  type RowContents,
  type TaskAnswer,
  TaskRun,
  type Verifier,
  type VerifyJob,
} from "../verifier/index.ts";
import type { AskedPlan } from "./asked-plan.ts";
import type { EngineCorpus, SkippedFile } from "./engine-corpus.ts";
import { HitChunks } from "./hit-chunks.ts";
import type { LimitedHits } from "./hit-source.ts";
import { HostWork, type Piece } from "./host-work.ts";
import type { PreparedQuery } from "./query.ts";

/** Less work than this is done on the main thread. */
const LITTLE_BYTES = 1 << 20;
/** Little text is much work for some patterns: what takes longer goes to threads, too. */
const LITTLE_MS = 20;
/** Pieces that are planned ahead of the one whose turn it is. */
const AHEAD_MAX = 256;

/** How a search wants its host pass. */
export interface HostPassOptions {
  readonly maxHits: number;
  /** Only the count of hits is wanted. */
  readonly isCountOnly: boolean;
  /** Threads for work that is not little. Without them, the main thread does all. */
  readonly verifier: Verifier | undefined;
}

/**
 * What becomes of a search while threads are at work, or start: it lets the event loop have turns, it blocks, or it
 * comes again. Whoever does not let threads start does their work meanwhile.
 */
export type WayToWait = "turns" | "blocks" | "polls";

interface PlannedPiece extends Piece {
  readonly index: number;
  isSent: boolean;
}

/** What the host still has to do for one search, done piece by piece. */
export class HostPass {
  /** Files that were read again and are not what was loaded, with what they are now; undefined: gone. */
  readonly changed = new Map<number, FileStamp | undefined>();
  /** Files that could not be searched. */
  readonly skipped: SkippedFile[] = [];
  readonly #corpus: EngineCorpus;
  readonly #contents: RowContents;
  readonly #query: PreparedQuery;
  readonly #options: HostPassOptions;
  readonly #work: HostWork;
  readonly #chunks: HitChunks;
  /** Pieces that were planned and not appended so far. */
  readonly #pieces: PlannedPiece[] = [];
  #pieceCount = 0;
  #isPlanned = false;
  #hasBegun = false;
  #isDone = false;
  #job: VerifyJob | undefined;
  /** The first piece, while this thread is at it. */
  #run: TaskRun | undefined;
  #takenCount = 0;
  /** How long this thread was at tasks. */
  #ownMs = 0;

  /** @param asked the plan, answered by the backend */
  constructor(corpus: EngineCorpus, asked: AskedPlan, query: PreparedQuery, options: HostPassOptions) {
    this.#corpus = corpus;
    this.#contents = corpus.contents();
    this.#query = query;
    this.#options = options;
    this.#work = new HostWork(corpus, this.#contents, asked, options.isCountOnly);
    this.#chunks = new HitChunks(options.isCountOnly);
  }

  /** Hits that were found and not taken so far. */
  get hitCount(): number {
    return this.#chunks.count;
  }

  /** Are there more hits than are wanted? */
  get isTruncated(): boolean {
    return this.#takenCount + this.#chunks.count > this.#options.maxHits;
  }

  /** Puts the hits together that `take` will give. @returns false if the slice was over first */
  gather(sliceEndMs: number): boolean {
    return this.#chunks.gather(this.#wanted, sliceEndMs);
  }

  /** Hits that were found and not taken so far, at most as many as are wanted. They are dropped here. */
  take(): LimitedHits {
    const truncated = this.isTruncated;
    const found = this.#chunks.count;
    const hits = { ...this.#chunks.take(this.#wanted), truncated };
    this.#takenCount += found; // those too many are counted, so that the search ends
    return hits;
  }

  get #wanted(): number {
    return Math.min(this.#chunks.count, Math.max(0, this.#options.maxHits - this.#takenCount));
  }

  /**
   * Goes on until the slice is over, or until only threads can go on.
   * @returns true when nothing is left
   * @throws EW_WORKER_DIED, EW_CLOSED
   */
  step(sliceEndMs: number, way: WayToWait): boolean {
    if (this.#isDone) return true;
    if (!this.#hasBegun) this.#begin(way);
    if (way === "blocks") this.#job?.startNow();
    this.#job?.receive();
    do {
      this.#send();
      const [piece] = this.#pieces;
      if (piece === undefined || this.isTruncated) {
        this.end();
        this.#isDone = true;
        return true;
      }
      if (!this.#advance(piece, sliceEndMs, way)) return false;
      this.#pieces.shift();
    } while (nowMs() < sliceEndMs);
    return false;
  }

  /** Resolves when another step is of use. */
  async pause(): Promise<void> {
    if (this.#waitsForThreads) await this.#job?.ready();
    else if (this.#isHeldUp) await this.#job?.wait();
    else await turn();
  }

  /** Will threads do what this thread has not begun? */
  get #waitsForThreads(): boolean {
    return this.#run === undefined && this.#job?.isStarting === true;
  }

  /** Blocks until another step may be of use, or the time is over. */
  pauseSync(timeoutMs: number): void {
    if (this.#isHeldUp) this.#job?.waitSync(timeoutMs);
  }

  /** Nobody wants the rest. */
  end(): void {
    this.#job?.end();
  }

  /** Is a thread still at the next piece? Its answer may have come since the last step. */
  get #isHeldUp(): boolean {
    const [piece] = this.#pieces;
    return piece?.isSent === true && this.#job?.has(piece.index) !== true;
  }

  /** Looks how much there is to do, as far as that decides who does it. */
  #begin(way: WayToWait): void {
    this.#hasBegun = true;
    let weightBytes = 0;
    while (weightBytes <= LITTLE_BYTES && !this.#isPlanned) weightBytes += this.#plan();
    if (weightBytes > LITTLE_BYTES) this.#beginJob(way);
  }

  #beginJob(way: WayToWait): void {
    const { maxHits, isCountOnly, verifier } = this.#options;
    const contents = this.#contents.memory;
    const matcher = this.#query.matcherOptions;
    this.#job = verifier?.begin({ matcher, contents, maxHits, isCountOnly }, way === "blocks");
  }

  /** Plans one more piece. @returns what it costs */
  #plan(): number {
    const piece = this.#work.next();
    this.#isPlanned = piece === undefined;
    if (piece === undefined) return 0;
    this.#pieces.push({ ...piece, index: this.#pieceCount++, isSent: false });
    return piece.weightBytes;
  }

  /** Plans as far as there is use for it, and gives tasks to the threads that have room. */
  #send(): void {
    const job = this.#job;
    if (this.#pieces.length === 0 && !this.#isPlanned) this.#plan();
    if (job === undefined) return;
    for (let at = this.#run === undefined ? 0 : 1; job.hasRoom && at < AHEAD_MAX; at++) {
      if (at >= this.#pieces.length) this.#plan();
      const piece = this.#pieces[at];
      if (piece === undefined) return;
      if (piece.task === undefined || piece.isSent) continue;
      job.send(piece.index, piece.task);
      piece.isSent = true;
    }
  }

  /** @returns true when the piece is done, and its hits are appended */
  #advance(piece: PlannedPiece, sliceEndMs: number, way: WayToWait): boolean {
    if (piece.isSent) {
      const answer = this.#job?.take(piece.index);
      if (answer !== undefined) this.#append(answer);
      return answer !== undefined;
    }
    if (piece.hits !== undefined) {
      this.#chunks.append(piece.hits);
      return true;
    }
    if (way === "turns" && this.#waitsForThreads) return false;
    return this.#do(piece, sliceEndMs, way);
  }

  /** A slice of a task, on this thread. */
  #do({ task }: PlannedPiece, sliceEndMs: number, way: WayToWait): boolean {
    if (task === undefined) return true;
    const { maxHits, isCountOnly } = this.#options;
    this.#run ??= new TaskRun(task, {
      contents: this.#contents,
      matcher: () => this.#query.matcher,
      hits: isCountOnly ? new HitCounter() : new HitColumns(),
      maxHits,
    });
    const run = this.#run;
    const beginMs = nowMs();
    const endMs = Math.min(sliceEndMs, beginMs + SLICE_MS);
    const isDone = run.step(() => nowMs() >= endMs);
    this.#ownMs += nowMs() - beginMs;
    const hits = run.takeSettled();
    this.#append({ hits, changed: run.changed.splice(0), skipped: run.skipped.splice(0) });
    if (isDone) this.#run = undefined;
    else if (this.#ownMs > LITTLE_MS && this.#job === undefined) this.#handOver(run, way);
    return isDone;
  }

  /** Gives what is left of a task to the threads. */
  #handOver(run: TaskRun, way: WayToWait): void {
    this.#beginJob(way);
    if (this.#job === undefined) return;
    const [piece] = this.#pieces;
    if (piece !== undefined) this.#pieces[0] = { ...piece, task: run.rest() };
    this.#run = undefined;
  }

  #append({ hits, changed, skipped }: TaskAnswer): void {
    this.#chunks.append(hits);
    for (const [row, stamp] of changed) this.changed.set(row, stamp);
    for (const [row, reason] of skipped) this.skipped.push(this.#corpus.skippedFile(row, reason));
  }
}
