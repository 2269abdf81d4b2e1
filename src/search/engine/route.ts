/**
 * Who answers a query where a device and the host's threads hold the same corpus.
 *
 *   query          asked                  reason
 *   literals       the device             it finds them in microseconds
 *   … many hits    the device, then the   bringing a hit back from a device costs more than finding it on the host, so
 *                  host's threads         the device stops early and the threads begin anew
 *   a count        the device             it counts without writing hits down
 *   regexes        the device's planes,   they find the lines that match at the speed of memory, and the host verifies
 *                  where it has them      those few; with too many of them the host's threads begin anew
 *   … without      the host's threads     they decide every line, however long, beside their caches
 *   … of much      the device             the threads read some GB a second each, the device a thousand times that
 *   text
 *
 * The figures behind this are in docs/decisions/0011-device-and-host.md.
 */
import { mayStopEarly } from "./asked-plan.ts";
import type { EngineCorpus } from "./engine-corpus.ts";
import type { PreparedPlan } from "./prepared-plan.ts";
import type { PreparedQuery } from "./query.ts";

/** More hits than these are brought back from a device more slowly than the host's threads find them. */
const FEW_HITS = 1024;
/** A thread runs a regex over so much text in about the time that a device needs at least. */
const REGEX_BYTES_PER_THREAD = 256 << 20;

/** The host verifies so many lines in a millisecond. */
const LINES_PER_MS = 512;

/** Who is asked. */
export interface Route {
  readonly corpus: EngineCorpus;
  readonly prepared: PreparedPlan;
  /** More hits, or lines of bit planes, are too many: then the host's threads are asked. Undefined: none are. */
  readonly tooManyHits: number | undefined;
}

/** What is asked, and of how many threads. */
export interface RouteRequest {
  readonly query: PreparedQuery;
  readonly isCountOnly: boolean;
  readonly maxHits: number;
  readonly threads: number;
  /** The device has said that there are too many hits. */
  readonly hadTooManyHits: boolean;
}

/** Chooses. See the head of this file. */
export function routeOf(corpus: EngineCorpus, request: RouteRequest): Route {
  const { copy } = corpus;
  const { query, isCountOnly, maxHits, threads, hadTooManyHits } = request;
  const { prepared } = query;
  const onDevice = { corpus, prepared, tooManyHits: undefined };
  if (copy === undefined || copy.backend.isLost) return onDevice;
  const onHost = { corpus: copy, prepared, tooManyHits: undefined };
  if (hadTooManyHits || corpus.isBusy) return onHost;
  if (prepared.plan.kind === "literals") {
    const isFew = (maxHits <= FEW_HITS || isCountOnly) && mayStopEarly(corpus, prepared);
    return isFew ? onDevice : { ...onDevice, tooManyHits: FEW_HITS };
  }
  const lines = planesPay(corpus, threads) ? linesPlan(corpus, query) : undefined;
  const { contentBytes } = corpus.loaded.placement.stats;
  if (lines !== undefined) {
    const hostMs = contentBytes / ((corpus.backend.planesPayFrom ?? 0) * threads);
    return { ...onDevice, prepared: lines, tooManyHits: hostMs * LINES_PER_MS };
  }
  const isMuch = contentBytes > threads * REGEX_BYTES_PER_THREAD;
  return prepared.plan.kind === "automaton" && isMuch ? { ...onDevice, tooManyHits: FEW_HITS } : onHost;
}

/** Is a corpus so large that bit planes answer a regex sooner than the host's threads do? */
export function planesPay({ backend, loaded }: EngineCorpus, threads: number): boolean {
  return loaded.placement.stats.contentBytes >= (backend.planesPayFrom ?? Infinity) * threads;
}

/** The plan by bit planes; undefined where they are not there, or have told of too many lines before. */
function linesPlan(corpus: EngineCorpus, query: PreparedQuery): PreparedPlan | undefined {
  if (query.plan.kind === "nothing" || corpus.manyLines.has(query)) return undefined;
  const { program } = query.planesFor(corpus);
  if (program === undefined) return undefined;
  return corpus.backend.canCountLines?.(program, corpus.loaded) === true ? query.lines : undefined;
}
