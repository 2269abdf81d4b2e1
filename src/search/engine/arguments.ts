/** What callers of a search engine may give. */
import {
  abortSignal,
  badArgument,
  boolean,
  type Check,
  deviceOrChoice,
  duration,
  either,
  instance,
  listOf,
  type OptionChecks,
  oneOf,
  readOptions,
  text,
  whole,
  wholeOrInfinity,
} from "../../base/index.ts";
import { STRATEGY_NAMES } from "../../residency/index.ts";
import { Corpus } from "../corpus/index.ts";
import type {
  BlockingOptions,
  CorpusLoadOptions,
  SearchEngineOptions,
  SearchOptions,
} from "./engine-options.ts";
import type { Query } from "./query.ts";
import type { TextQuery } from "./text-engine.ts";

const corpus = instance(Corpus, "a Corpus, as Corpus.list gives it");

const ENGINE_OPTIONS: OptionChecks<SearchEngineOptions> = {
  corpus,
  corpora: listOf(corpus),
  device: deviceOrChoice,
  strategy: oneOf("auto", ...STRATEGY_NAMES),
  persistent: boolean,
  polite: boolean,
  threads: whole(1, 256),
  hostCopy: boolean,
  index: boolean,
};
const CORPUS_OPTIONS: OptionChecks<CorpusLoadOptions> = { index: boolean };

/** One pattern or several. The common case asks for nothing else. */
const pattern: Check = (name, value) => {
  if (typeof value !== "string") patternList(name, value);
};
const patternList = either("a string, or an array of strings", listOf(text));

const TEXT_QUERY: OptionChecks<TextQuery> = {
  pattern,
  fixedStrings: boolean,
  ignoreCase: boolean,
  smartCase: boolean,
  wordRegexp: boolean,
  lineRegexp: boolean,
  maxHits: wholeOrInfinity(1),
  locate: boolean,
};
const QUERY: OptionChecks<Query> = { ...TEXT_QUERY, corpus };
const SEARCH_OPTIONS: OptionChecks<SearchOptions> = { signal: abortSignal, timeoutMs: duration };
const BLOCKING_OPTIONS: OptionChecks<BlockingOptions> = { timeoutMs: duration };
/** How long a call blocks that was not told. */
const DEFAULT_BLOCKING_MS = 1000;

/** The options of `SearchEngine.open`. @throws EW_BAD_ARGUMENT */
export function engineOptions(given: unknown): SearchEngineOptions {
  return readOptions("the options of SearchEngine.open", given, ENGINE_OPTIONS);
}

/** The options of `addCorpus`. @throws EW_BAD_ARGUMENT */
export function corpusOptions(given: unknown): CorpusLoadOptions {
  return readOptions("the options of addCorpus", given, CORPUS_OPTIONS);
}

/** A query. @throws EW_BAD_ARGUMENT */
export function readQuery(given: unknown): Query {
  return readOptions("a query", given, QUERY, "pattern");
}

/** A query of a tree, which names no corpus. @throws EW_BAD_ARGUMENT */
export function readTextQuery(given: unknown): TextQuery {
  return readOptions("a query", given, TEXT_QUERY, "pattern");
}

/** The options of `submit` and `search`. @throws EW_BAD_ARGUMENT */
export function searchOptions(given: unknown): SearchOptions {
  return readOptions("the options of a search", given, SEARCH_OPTIONS);
}

/** The options of calls that block. @param what as in `readOptions` @returns milliseconds @throws EW_BAD_ARGUMENT */
export function blockingTimeMs(what: string, given: unknown): number {
  return readOptions(what, given, BLOCKING_OPTIONS).timeoutMs ?? DEFAULT_BLOCKING_MS;
}

/** Is it a corpus? @throws EW_BAD_ARGUMENT */
export function assertCorpus(value: unknown): void {
  corpus("corpus", value);
}

/** Number of a hit. @throws EW_BAD_ARGUMENT */
export function assertHit(index: unknown, count: number): void {
  if (typeof index === "number" && Number.isInteger(index) && index >= 0 && index < count) return;
  const allowed =
    count === 0
      ? "left out: the result has no hits"
      : `a whole number from 0 to ${count - 1}: hits are counted from 0`;
  throw badArgument("the index of a hit", index, allowed);
}
