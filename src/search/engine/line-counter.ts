/**
 * Counts the lines that match.
 *
 *     query ──program──▶ bit planes of the device ──▶ sure lines, and lines in doubt ──verified here──▶ count
 *        └── no program, no planes, too much in doubt ──▶ search for hits ──▶ their lines
 */
import { setImmediate as turn } from "node:timers/promises";
import { EverwarpError, nowMs, SLICE_MS } from "../../base/index.ts";
import { withinLimits } from "../../engine/index.ts";
import type { LineCount, LineTicket } from "../backend/index.ts";
import { lineStart } from "../content/index.ts";
import type { Corpus } from "../corpus/index.ts";
import type { Matcher } from "../contracts.ts";
import type { EngineCorpus } from "./engine-corpus.ts";
import type { SearchOptions } from "./engine-options.ts";
import type { PreparedQuery, Query } from "./query.ts";
import type { Search } from "./search.ts";
import { timeoutError } from "./search-limits.ts";
import type { SearchResult } from "./search-result.ts";

const LINE_FEED = 10;
/** Errors that a search would have, too. */
const LASTING: readonly string[] = ["EW_CLOSED", "EW_CORPUS_UNKNOWN", "EW_TIMEOUT"];

/** How many lines match, and how that was found out. */
export interface LineTotal {
  /** Lines with a match, in all files. */
  readonly lines: number;
  /** `planes`: the device counted by its bit planes; `hits`: hits were searched, and their lines counted. */
  readonly plan: "planes" | "hits";
  /** Of `planes`: whether the pattern had a kernel of its own, or one that reads its steps. */
  readonly tier: "compiled" | "interpreted" | undefined;
  /** Of `planes`: lines that were verified on the host. */
  readonly verifiedLines: number;
  /** Of `hits`: why it was not `planes`. */
  readonly reason: string | undefined;
}

/** What a counter needs of its engine. */
export interface LineCounterParts {
  held(corpus: Corpus | undefined): EngineCorpus;
  prepare(query: Query): PreparedQuery;
  search(query: Query, options: SearchOptions): Search;
  /** Blocks until there is a result. The search is called off where there is none in time. */
  searchSync(query: Query, timeoutMs: number): SearchResult;
  /** A count was answered without a search. */
  answered(): void;
}

/** What was asked of planes, or why nothing was. */
type Asked =
  | { readonly ticket: LineTicket; readonly corpus: EngineCorpus; readonly query: PreparedQuery }
  | { readonly whyNot: string };

/** See the head of this file. */
export class LineCounter {
  readonly #parts: LineCounterParts;
  /** Corpora for whose planes there was no room. */
  readonly #refused = new WeakMap<EngineCorpus, string>();

  constructor(parts: LineCounterParts) {
    this.#parts = parts;
  }

  /** @throws as `SearchEngine.search` */
  count(query: Query, options: SearchOptions): Promise<LineTotal> {
    return withinLimits("the count of lines", options, async () => {
      const answer = await this.#byPlanes(query);
      return typeof answer === "string" ? this.#byHits(query, options, answer) : answer;
    });
  }

  /** @throws as `SearchEngine.searchSync` */
  countSync(query: Query, timeoutMs: number): LineTotal {
    const beginMs = nowMs();
    const answer = this.#byPlanesSync(query, timeoutMs);
    if (typeof answer !== "string") return answer;
    const leftMs = Math.max(0, timeoutMs - (nowMs() - beginMs));
    return totalOf(this.#parts.searchSync(allHits(query), leftMs), answer);
  }

  /** @returns the count, or why there is none */
  async #byPlanes(query: Query): Promise<LineTotal | string> {
    const asked = this.#ask(query);
    if ("whyNot" in asked) return asked.whyNot;
    try {
      await asked.ticket.wait();
    } catch (error) {
      return this.#whyNot(error, asked.corpus);
    }
    const check = checkOf(asked.ticket.result(), asked.corpus, asked.query);
    if (typeof check === "string") return check;
    while (!check.step(nowMs() + SLICE_MS)) await turn();
    return this.#total(check);
  }

  #byPlanesSync(query: Query, timeoutMs: number): LineTotal | string {
    const asked = this.#ask(query, true);
    if ("whyNot" in asked) return asked.whyNot;
    try {
      if (!asked.ticket.waitSync(timeoutMs)) {
        asked.ticket.cancel();
        throw timeoutError(timeoutMs);
      }
    } catch (error) {
      return this.#whyNot(error, asked.corpus);
    }
    const check = checkOf(asked.ticket.result(), asked.corpus, asked.query);
    if (typeof check === "string") return check;
    check.step(Infinity);
    return this.#total(check);
  }

  /** @param isNow what is missing is not to be made */
  #ask(asked: Query, isNow = false): Asked {
    const corpus = this.#parts.held(asked.corpus);
    const query = this.#parts.prepare(asked);
    const { backend } = corpus;
    if (backend.countLines === undefined) return { whyNot: "only devices have bit planes" };
    if (corpus.isLost || backend.isLost) return { whyNot: "the device is lost" };
    const refused = this.#refused.get(corpus);
    if (refused !== undefined) return { whyNot: refused };
    if (corpus.streamed.length > 0) return { whyNot: "some files are not in memory" };
    const { program, whyNot } = query.planesFor(corpus);
    if (program === undefined) return { whyNot };
    try {
      if (isNow && (corpus.isBusy || backend.canCountLines?.(program, corpus.loaded) !== true))
        return { whyNot: "the device has no bit planes so far: countLines makes them" };
      return { ticket: backend.countLines(program, corpus.loaded), corpus, query };
    } catch (error) {
      return { whyNot: this.#whyNot(error, corpus) };
    }
  }

  /** @throws what a search would throw, too */
  #whyNot(error: unknown, corpus: EngineCorpus): string {
    if (!(error instanceof EverwarpError) || LASTING.includes(error.code)) throw error;
    const reason = `${error.message} [${error.code}]`;
    if (error.code === "EW_OUT_OF_DEVICE_MEMORY") this.#refused.set(corpus, reason);
    return reason;
  }

  #total({ lines, tier, verifiedLines }: DoubtCheck): LineTotal {
    this.#parts.answered();
    return { lines, plan: "planes", tier, verifiedLines, reason: undefined };
  }

  async #byHits(query: Query, options: SearchOptions, reason: string): Promise<LineTotal> {
    return totalOf(await this.#parts.search(allHits(query), options).wait(), reason);
  }
}

const allHits = (query: Query): Query => ({ ...query, maxHits: Infinity, locate: true });

/** Hits are sorted, so those of a line stand together. */
function totalOf({ count, file, line }: SearchResult, reason: string): LineTotal {
  let lines = 0;
  for (let hit = 0; hit < count; hit++)
    if (hit === 0 || file[hit] !== file[hit - 1] || line[hit] !== line[hit - 1]) lines++;
  return { lines, plan: "hits", tier: undefined, verifiedLines: 0, reason };
}

function checkOf(count: LineCount, corpus: EngineCorpus, query: PreparedQuery): DoubtCheck | string {
  const { doubts } = count;
  if (doubts === undefined) return "too many lines are in doubt, or a line is too long";
  if (doubts.file.length > 0 && !corpus.contents().isInMemory)
    return "lines are in doubt, and the host has no copy of the text";
  return new DoubtCheck(count, doubts, corpus, query);
}

/** Verifies the lines in doubt. */
class DoubtCheck {
  lines: number;
  readonly tier: LineCount["tier"];
  readonly #doubts: NonNullable<LineCount["doubts"]>;
  readonly #corpus: EngineCorpus;
  readonly #query: PreparedQuery;
  #next = 0;

  constructor(
    count: LineCount,
    doubts: NonNullable<LineCount["doubts"]>,
    corpus: EngineCorpus,
    query: PreparedQuery,
  ) {
    this.lines = count.lines;
    this.tier = count.tier;
    this.#doubts = doubts;
    this.#corpus = corpus;
    this.#query = query;
  }

  get verifiedLines(): number {
    return this.#doubts.file.length;
  }

  /** Goes on until the slice is over. @returns true when all lines are verified */
  step(sliceEndMs: number): boolean {
    const { file, end } = this.#doubts;
    if (this.#next === file.length) return true;
    const contents = this.#corpus.contents();
    const { matcher } = this.#query;
    do {
      const row = file[this.#next] as number;
      const bytes = contents.content(row)?.bytes;
      if (
        bytes !== undefined &&
        matchesLine(matcher, bytes, contents.textStart(row), end[this.#next] as number)
      )
        this.lines++;
    } while (++this.#next < file.length && nowMs() < sliceEndMs);
    return this.#next === file.length;
  }
}

function matchesLine(matcher: Matcher, bytes: Buffer, textStart: number, end: number): boolean {
  const start = Math.min(end, lineStart(bytes, end, textStart, LINE_FEED));
  return matcher.findInLine(bytes, start, end, start);
}
