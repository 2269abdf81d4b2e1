/**
 * Who answers a query where a device and the host's threads hold the same corpus.
 *
 *   query          asked                  reason
 *   literals       the device             it finds them in microseconds
 *   … many hits    the device, then the   bringing a hit back from a device costs more than finding it on the host, so
 *                  host's threads         the device stops early and the threads begin anew
 *   a count        the device             it counts without writing hits down
 *   regexes        the host's threads     they decide every line, however long, beside their caches
 *   … of much      the device             the threads read some GB a second each, the device a thousand times that
 *   text
 *
 * The figures behind this are in docs/decisions/0011-device-and-host.md.
 */
import { mayStopEarly } from "./asked-plan.ts";
import type { EngineCorpus } from "./engine-corpus.ts";
import type { PreparedPlan } from "./prepared-plan.ts";

/** More hits than these are brought back from a device more slowly than the host's threads find them. */
const FEW_HITS = 1024;
/** A thread runs a regex over so much text in about the time that a device needs at least. */
const REGEX_BYTES_PER_THREAD = 256 << 20;

/** Who is asked. */
export interface Route {
  readonly corpus: EngineCorpus;
  /** So many hits are too many: then the host's threads are asked. Undefined: no hits are too many. */
  readonly tooManyHits: number | undefined;
}

/** What is asked, and of how many threads. */
export interface RouteRequest {
  readonly prepared: PreparedPlan;
  readonly isCountOnly: boolean;
  readonly maxHits: number;
  readonly threads: number;
  /** The device has said that there are too many hits. */
  readonly hadTooManyHits: boolean;
}

/** Chooses. See the head of this file. */
export function routeOf(corpus: EngineCorpus, request: RouteRequest): Route {
  const { copy } = corpus;
  if (copy === undefined || copy.backend.isLost) return { corpus, tooManyHits: undefined };
  const { prepared, isCountOnly, maxHits, threads, hadTooManyHits } = request;
  const onHost = { corpus: copy, tooManyHits: undefined };
  if (hadTooManyHits) return onHost;
  if (prepared.plan.kind === "literals") {
    const isFew = (maxHits <= FEW_HITS || isCountOnly) && mayStopEarly(corpus, prepared);
    return { corpus, tooManyHits: isFew ? undefined : FEW_HITS };
  }
  const { contentBytes } = corpus.loaded.placement.stats;
  const isMuch = contentBytes > threads * REGEX_BYTES_PER_THREAD;
  return prepared.plan.kind === "automaton" && isMuch ? { corpus, tooManyHits: FEW_HITS } : onHost;
}
