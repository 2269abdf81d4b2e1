/**
 * A session: what happens at the terminal changes the state, the state asks the source, and frames show both.
 *
 *     bytes ─▶ keys ─▶ state ─┬─▶ search ─▶ answer ─▶ state ─▶ frame
 *                             └─▶ frame, where the answer takes longer than ECHO_MS
 *
 * Invariants:
 * - One search is wanted at any time. A newer one calls the older off, and what an older one still says is not heard.
 * - At most one frame is due at any time, so a flood of keys ends in one frame.
 * - After `run` the terminal is as it was, and nothing more is drawn.
 */
import { EverwarpError, nowMs } from "../base/index.ts";
import type { Place } from "./editor/index.ts";
import { KeyDecoder } from "./keys/index.ts";
import type { LiveOutcome } from "./outcome.ts";
import type { HitSource, LiveQuery, TreeChoice } from "./source/index.ts";
import {
  initialState,
  isSameQuery,
  type InitialState,
  type LiveEvent,
  type LiveState,
  queryOf,
  reduce,
  selectedLine,
  treeOf,
} from "./state/index.ts";
import { Painter, type Palette, type Terminal } from "./terminal/index.ts";
import { frameOf } from "./view/index.ts";

/** So many hits are listed. */
const MAX_HITS = 1000;
/** A key is shown after this time at the latest, with the hits of the key before. */
const ECHO_MS = 6;
/** The shortest time from one frame to the next. */
const FRAME_MS = 4;
/** An Escape that is followed by nothing for so long is the key. */
const ESCAPE_MS = 30;
/** All hits are counted, and other files loaded, when no key came for so long. */
const REST_MS = 250;
/** A process that still runs so long after Ctrl-Z was not stopped, or goes on again. */
const RESUME_MS = 300;

/** How a session ended, and the pattern that it ended with. */
interface SessionEnd {
  readonly outcome: LiveOutcome;
  readonly pattern: string;
}

/** See the head of this file. */
export class LiveSession {
  readonly #terminal: Terminal;
  readonly #source: HitSource;
  readonly #painter: Painter;
  readonly #decoder = new KeyDecoder();
  #state: LiveState;
  #asked: LiveQuery | undefined;
  /** What was answered last, or failed. */
  #settled: LiveQuery | undefined;
  #chosen: TreeChoice;
  #search = new AbortController();
  /** When the key came whose answer is not on the screen yet. */
  #keyMs: number | undefined;
  #keyToFrameMs: number | undefined;
  #frameTimer: NodeJS.Timeout | undefined;
  #frameDueMs = Infinity;
  #framedMs = 0;
  #escapeTimer: NodeJS.Timeout | undefined;
  #countTimer: NodeJS.Timeout | undefined;
  #treeTimer: NodeJS.Timeout | undefined;
  #resumeTimer: NodeJS.Timeout | undefined;
  #end: ((end: SessionEnd) => void) | undefined;
  #fail: ((error: unknown) => void) | undefined;

  constructor(terminal: Terminal, source: HitSource, palette: Palette, initial: Omit<InitialState, "size">) {
    this.#terminal = terminal;
    this.#source = source;
    this.#painter = new Painter(palette);
    this.#state = initialState({ ...initial, size: terminal.size });
    this.#chosen = treeOf(this.#state);
  }

  /** Resolves when the session ends. @throws errors of the source */
  async run(): Promise<SessionEnd> {
    const ended = new Promise<SessionEnd>((resolve, reject) => {
      this.#end = resolve;
      this.#fail = reject;
    });
    this.#take();
    void this.#open();
    try {
      return await ended;
    } finally {
      this.#end = undefined;
      this.#search.abort();
      for (const timer of [this.#frameTimer, this.#escapeTimer, this.#countTimer, this.#treeTimer])
        clearTimeout(timer);
      this.#terminal.stop();
    }
  }

  /** Ends the session. */
  end(outcome: LiveOutcome): void {
    this.#end?.({ outcome, pattern: this.#state.pattern.text });
  }

  /** Takes the terminal, at the beginning and after a pause. */
  #take(): void {
    this.#painter.forget();
    this.#terminal.start({
      onBytes: (bytes) => this.#onBytes(bytes),
      onResize: (size) => {
        this.#painter.forget();
        this.#happen({ kind: "resized", size });
      },
      onEnd: () => this.end({ kind: "left" }),
    });
    this.#happen({ kind: "resized", size: this.#terminal.size });
  }

  async #open(): Promise<void> {
    this.#happen({ kind: "loading" });
    try {
      await this.#source.open(this.#chosen, {
        onChanged: () => {
          this.#happen({ kind: "loaded", facts: this.#source.facts });
          this.#ask();
        },
        onNotice: (message) => this.#happen({ kind: "noticed", message }),
      });
    } catch (error) {
      // Globs can be corrected.
      if (!isBadInput(error)) return this.#fail?.(error);
      this.#happen({ kind: "loaded", facts: undefined });
      this.#happen({ kind: "failed", message: (error as Error).message });
    }
  }

  #happen(event: LiveEvent): void {
    this.#state = reduce(this.#state, event);
    this.#frameIn(0);
  }

  #onBytes(bytes: Uint8Array): void {
    const atMs = nowMs();
    clearTimeout(this.#escapeTimer);
    this.#onInput(this.#decoder.push(bytes), atMs);
    if (this.#decoder.isWaiting)
      this.#escapeTimer = setTimeout(() => this.#onInput(this.#decoder.flush(), nowMs()), ESCAPE_MS);
  }

  #onInput(inputs: ReturnType<KeyDecoder["push"]>, atMs: number): void {
    if (inputs.length === 0) return;
    for (const input of inputs) {
      this.#state = reduce(this.#state, { kind: "input", input, atMs });
      if (this.#state.outcome !== undefined) return this.#conclude();
      if (this.#state.isSuspended) this.#suspend();
    }
    const query = queryOf(this.#state);
    if (isSameQuery(query, this.#asked)) this.#frameIn(0);
    else {
      this.#keyMs = atMs;
      this.#frameIn(ECHO_MS);
      this.#ask();
    }
    const tree = treeOf(this.#state);
    if (JSON.stringify(tree) !== JSON.stringify(this.#chosen)) this.#choose(tree);
  }

  #conclude(): void {
    const line = selectedLine(this.#state);
    const hits = this.#state.answer?.hits;
    if (this.#state.outcome === "left" || line === undefined || hits === undefined)
      return this.end({ kind: "left" });
    const excerpt = hits.excerpt(line);
    const first = excerpt?.matches[0]?.begin ?? 0;
    const before = Buffer.from(excerpt?.bytes.subarray(0, first) ?? []).toString();
    const isWhole = excerpt?.isCutBefore === false;
    const place: Place = {
      path: hits.pathBytes(line),
      line: line.line,
      column: line.column,
      character: isWhole ? Array.from(before).length + 1 : line.column,
    };
    this.end({ kind: "chosen", place });
  }

  /** Stops the process as Ctrl-Z does, until the shell lets it go on. */
  #suspend(): void {
    this.#terminal.stop();
    const resume = (): void => {
      process.off("SIGCONT", resume);
      clearTimeout(this.#resumeTimer);
      if (this.#end === undefined) return;
      this.#happen({ kind: "resumed" });
      this.#take();
    };
    process.on("SIGCONT", resume);
    process.kill(process.pid, "SIGTSTP");
    // Where no shell could let it go on, the system does not stop it.
    this.#resumeTimer = setTimeout(resume, RESUME_MS);
  }

  /** Searches what is typed. */
  #ask(): void {
    const query = queryOf(this.#state);
    this.#asked = query;
    this.#search.abort();
    clearTimeout(this.#countTimer);
    if (query === undefined || this.#source.facts === undefined) return this.#frameIn(0);
    this.#search = new AbortController();
    void this.#answer(query, this.#search.signal);
  }

  async #answer(query: LiveQuery, signal: AbortSignal): Promise<void> {
    try {
      const hits = await this.#source.search(query, MAX_HITS, signal);
      if (signal.aborted) return;
      this.#settled = query;
      this.#happen({ kind: "answered", query, hits });
      if (this.#state.outcome !== undefined) return this.#conclude();
      if (!hits.isTruncated) return;
      this.#countTimer = setTimeout(() => {
        void this.#guard(signal, async () => {
          const total = await this.#source.count(query, signal);
          if (!signal.aborted) this.#happen({ kind: "counted", hits, total });
        });
      }, REST_MS);
    } catch (error) {
      this.#failed(error, signal);
    }
  }

  async #guard(signal: AbortSignal, work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      this.#failed(error, signal);
    }
  }

  /** A wrong pattern is said, and the hits before it stay. Whatever else goes wrong is said, too. */
  #failed(error: unknown, signal: AbortSignal): void {
    if (signal.aborted || this.#end === undefined) return;
    // The files were loaded again meanwhile, and the question is asked again.
    if (error instanceof EverwarpError && error.code === "EW_CORPUS_UNKNOWN") return;
    this.#settled = this.#asked;
    this.#happen({ kind: "failed", message: error instanceof Error ? error.message : String(error) });
  }

  /** Other files are to be searched, as soon as nobody types for a moment. */
  #choose(tree: TreeChoice): void {
    this.#chosen = tree;
    clearTimeout(this.#treeTimer);
    this.#treeTimer = setTimeout(() => {
      this.#happen({ kind: "loading" });
      void this.#source.choose(tree).catch((error: unknown) => {
        this.#happen({ kind: "loaded", facts: this.#source.facts });
        this.#failed(error, new AbortController().signal);
      });
    }, REST_MS);
  }

  /** A frame is due after some time at the latest. */
  #frameIn(delayMs: number): void {
    if (this.#end === undefined) return;
    const dueMs = Math.max(nowMs() + delayMs, this.#framedMs + FRAME_MS);
    if (dueMs >= this.#frameDueMs) return;
    clearTimeout(this.#frameTimer);
    this.#frameDueMs = dueMs;
    const waitMs = dueMs - nowMs();
    if (waitMs <= 0) this.#frame();
    else this.#frameTimer = setTimeout(() => this.#frame(), waitMs);
  }

  #frame(): void {
    clearTimeout(this.#frameTimer);
    this.#frameDueMs = Infinity;
    this.#framedMs = nowMs();
    if (this.#keyMs !== undefined && isSameQuery(this.#settled, this.#asked)) {
      this.#keyToFrameMs = this.#framedMs - this.#keyMs;
      this.#keyMs = undefined;
    }
    this.#terminal.write(this.#painter.paint(frameOf(this.#state, { keyToFrameMs: this.#keyToFrameMs })));
  }
}

function isBadInput(error: unknown): boolean {
  return error instanceof EverwarpError && error.code === "EW_BAD_FLAG_VALUE";
}
