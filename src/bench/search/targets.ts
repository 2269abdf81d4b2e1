/**
 * What is measured when a search is measured: the search engine as its users open it. The only file here that knows how searches are
 * run; everything else asks through it.
 */
import type { StrategyName } from "../../residency/index.ts";
import { type Corpus, SearchEngine, type SearchEngineOptions, type Search } from "../../search/index.ts";
import { listDevices } from "../../vulkan/index.ts";
import { type BenchOptions, deviceSelection } from "../context/index.ts";
import type { Query } from "../corpora/index.ts";

/** A query's hits, as a user would take them. */
export interface Answer {
  readonly count: number;
  readonly truncated: boolean;
  /** Index into the corpus's file table. */
  readonly file: Uint32Array;
  /** Entries of the columns that were decoded within the time: file, line and column of each hit. */
  readonly decodedCount: number;
  /** Byte offsets in the files, for the check: decoded when asked for. */
  offset(): ArrayLike<number>;
}

export interface PendingAnswer {
  /** Blocks until the answer is there, and decodes what is shown of it: file, line and column of every hit. @throws EW_TIMEOUT */
  take(timeoutMs: number): Answer;
}

export interface LoadedTarget {
  readonly loadMs: number;
  submit(query: Query): PendingAnswer;
  unload(): Promise<void>;
}

/** An open engine. */
export interface Target extends AsyncDisposable {
  /** The launch strategy, or "host". */
  readonly name: string;
  /** The device, for people. */
  readonly device: string;
  /** It takes its time from the same cores as everything else. */
  readonly usesHostCores: boolean;
  load(corpus: Corpus): Promise<LoadedTarget>;
}

export interface TargetPlan {
  /** What it is called until it is open. */
  readonly label: string;
  /** Is a device asked, and not the host? */
  readonly isDevice: boolean;
  open(): Promise<Target>;
}

/**
 * Who is asked: the device as it runs best, the host engine, the device with a dispatch per request. With --strategy the
 * device runs in that way alone; with --device cpu only the host is asked.
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
        unload: () => engine.removeCorpus(corpus),
      };
    },
    [Symbol.asyncDispose]: () => engine.close(),
  };
}

function submit(engine: SearchEngine, corpus: Corpus, query: Query): PendingAnswer {
  const { pattern, ignoreCase, isRegex = false, maxHits } = query;
  const fixedStrings = !isRegex;
  const search = engine.submit(
    maxHits === undefined
      ? { corpus, pattern, ignoreCase, fixedStrings }
      : { corpus, pattern, ignoreCase, fixedStrings, maxHits },
  );
  return { take: (timeoutMs) => take(search, timeoutMs) };
}

function take(search: Search, timeoutMs: number): Answer {
  const result = search.waitSync(timeoutMs);
  const { count, truncated } = result;
  // The columns are made when they are first asked for: these are what a line of output shows.
  const decodedCount = result.file.length + result.line.length + result.column.length;
  return { count, truncated, decodedCount, file: result.file, offset: () => result.offset };
}
