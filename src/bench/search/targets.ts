/**
 * Measures a search through the search engine, opened as its users open it. Only this file knows how searches
 * are run.
 */
import type { StrategyName } from "../../residency/index.ts";
import {
  type Corpus,
  type Query as EngineQuery,
  type Search,
  SearchEngine,
  type SearchEngineOptions,
  type SearchResult,
} from "../../search/index.ts";
import { listDevices } from "../../vulkan/index.ts";
import { type BenchOptions, deviceSelection } from "../context/index.ts";
import type { Query } from "../corpora/index.ts";

/** The hits of a query in the form that a user takes. */
export interface Answer {
  readonly count: number;
  readonly truncated: boolean;
  /** Index into the corpus's file table. */
  readonly file: Uint32Array;
  /** Number of column entries decoded in the timed part: file, line and column of each hit. */
  readonly decodedCount: number;
  /** Byte offsets in the files, for the check. They are decoded at the first call. */
  offset(): ArrayLike<number>;
}

/** All columns of the hits, made. */
export type Columns = Pick<SearchResult, "count" | "file" | "line" | "column" | "offset" | "length">;

/** A query that was sent. */
export interface PendingAnswer {
  /** Waits for the answer, blocking, and decodes file, line and column of every hit. @throws EW_TIMEOUT */
  take(timeoutMs: number): Answer;
  /** The same, with offset and length as well. @throws EW_TIMEOUT */
  takeColumns(timeoutMs: number): Columns;
}

/** A corpus that is loaded in an engine. */
export interface LoadedTarget {
  readonly loadMs: number;
  submit(query: Query): PendingAnswer;
  /** Asks for nothing but the number of hits, and waits for it, blocking. @throws EW_TIMEOUT */
  count(query: Query, timeoutMs: number): number;
  unload(): Promise<void>;
}

/** An open engine. */
export interface Target extends AsyncDisposable {
  /** The launch strategy, or "host". */
  readonly name: string;
  /** The device's name for people. */
  readonly device: string;
  /** It runs on the same cores as everything else. */
  readonly usesHostCores: boolean;
  load(corpus: Corpus): Promise<LoadedTarget>;
}

/** An engine that can be opened. */
export interface TargetPlan {
  /** Its name until it is open. */
  readonly label: string;
  /** It is a device, not the host. */
  readonly isDevice: boolean;
  open(): Promise<Target>;
}

/**
 * The engines to measure: the device in its best way, the host, and the device with a dispatch for each
 * request. With --strategy, the device runs only in that way. With --device cpu, only the host is measured.
 */
export function targetPlans({ device, strategy }: BenchOptions): TargetPlan[] {
  const host: TargetPlan = { label: "host", isDevice: false, open: () => openTarget({ device: "cpu" }) };
  if (device === "cpu") return [host];
  const onDevice = (name: StrategyName | "auto"): TargetPlan => ({
    label: name === "auto" ? "device" : name,
    isDevice: true,
    open: () => openTarget({ device: deviceSelection(device), strategy: name }),
  });
  return strategy === undefined ? [onDevice("auto"), host, onDevice("dispatch")] : [onDevice(strategy), host];
}

/** The engines that are asked on a tree: the device in its best way, or as --strategy says, and the host. */
export function residentPlans(options: BenchOptions): TargetPlan[] {
  return targetPlans(options).filter(({ label }) => label !== "dispatch" || options.strategy === label);
}

async function openTarget(options: SearchEngineOptions): Promise<Target> {
  const engine = await SearchEngine.open(options);
  const { kind, device, strategy } = engine.info;
  return {
    name: kind === "host" ? "host" : strategy,
    device,
    usesHostCores:
      kind === "host" || listDevices().some(({ name, type }) => name === device && type === "cpu"),
    async load(corpus) {
      const begin = performance.now();
      await engine.addCorpus(corpus);
      const loadMs = performance.now() - begin;
      return {
        loadMs,
        submit: (query) => submit(engine, corpus, query),
        count: (query, timeoutMs) => engine.countSync(engineQuery(corpus, query), { timeoutMs }),
        unload: () => engine.removeCorpus(corpus),
      };
    },
    [Symbol.asyncDispose]: () => engine.close(),
  };
}

function engineQuery(corpus: Corpus, query: Query): EngineQuery {
  const { pattern, ignoreCase, isRegex = false, isWord = false, isLine = false, maxHits } = query;
  return {
    corpus,
    pattern,
    ignoreCase,
    fixedStrings: !isRegex,
    wordRegexp: isWord,
    lineRegexp: isLine,
    ...(maxHits === undefined ? {} : { maxHits }),
  };
}

function submit(engine: SearchEngine, corpus: Corpus, query: Query): PendingAnswer {
  const search = engine.submit(engineQuery(corpus, query));
  return {
    take: (timeoutMs) => take(search, timeoutMs),
    takeColumns: (timeoutMs) => {
      const { count, file, line, column, offset, length } = search.waitSync({ timeoutMs });
      return { count, file, line, column, offset, length };
    },
  };
}

function take(search: Search, timeoutMs: number): Answer {
  const result = search.waitSync({ timeoutMs });
  const { count, truncated } = result;
  // The columns are made at the first access. These are what a line of output shows.
  const decodedCount = result.file.length + result.line.length + result.column.length;
  return { count, truncated, decodedCount, file: result.file, offset: () => result.offset };
}
