/** Where a result's hits come from: straight from a backend, decoded when looked at, or from the host's own search. */
import type { RawHits } from "../backend/index.ts";
import type { HitList } from "../contracts.ts";
import { eachMatch, NO_HITS } from "../verifier/index.ts";
import type { AskedPlan } from "./asked-plan.ts";
import type { EngineCorpus } from "./engine-corpus.ts";
import type { PreparedPlan } from "./prepared-plan.ts";

/** Hits, of which there may be more than were wanted. */
export type LimitedHits = HitList & { readonly truncated: boolean };

/** The hits of a plan that was answered; undefined where the host has something to do, too. */
export function decidedHits(
  asked: AskedPlan,
  corpus: EngineCorpus,
  maxHits: number,
): LimitedHits | undefined {
  if (asked.plan.kind === "nothing") return { ...NO_HITS, truncated: false };
  if (corpus.streamed.length > 0 || !asked.isDecided) return undefined;
  const raw = asked.hits();
  return raw && new BackendHits(raw, asked.prepared, corpus, maxHits);
}

/**
 * A backend's hits as matches: leftmost, without overlap, at most so many. All columns are made when first asked for.
 *
 * Every occurrence is a match unless occurrences can overlap or lie in a byte order mark; `#kept` are those that
 * count then.
 */
class BackendHits implements LimitedHits {
  readonly #raw: RawHits;
  readonly #corpus: EngineCorpus;
  readonly #maxHits: number;
  /** Occurrences know nothing of byte order marks and of each other. Matches of an automaton do. */
  readonly #isOccurrences: boolean;
  #kept: Uint32Array | undefined;
  #isFiltered: boolean;
  #file: Uint32Array | undefined;
  #line: Uint32Array | undefined;
  #column: Uint32Array | undefined;
  #offset: Float64Array | undefined;
  #length: Uint32Array | undefined;

  /** @param prepared a plan of the kind `literals`, or `automaton` */
  constructor(raw: RawHits, prepared: PreparedPlan, corpus: EngineCorpus, maxHits: number) {
    this.#raw = raw;
    this.#corpus = corpus;
    this.#maxHits = maxHits;
    this.#isOccurrences = prepared.plan.kind === "literals";
    const mayDrop = (corpus.hasMarks && prepared.mayBeginInMark) || (raw.count > 1 && prepared.mayOverlap);
    this.#isFiltered = !this.#isOccurrences || !mayDrop;
  }

  get count(): number {
    return Math.min(this.#countAll(), this.#maxHits);
  }

  /** There are more hits than were wanted. */
  get truncated(): boolean {
    return this.#countAll() > this.#maxHits;
  }

  get file(): Uint32Array {
    return (this.#file ??= this.#take(this.#raw.file));
  }

  get line(): Uint32Array {
    return (this.#line ??= this.#take(this.#raw.locate().line));
  }

  get column(): Uint32Array {
    return (this.#column ??= this.#withoutMarks(this.#take(this.#raw.locate().column)));
  }

  get offset(): Float64Array {
    return (this.#offset ??= new Float64Array(this.#take(this.#raw.offset)));
  }

  get length(): Uint32Array {
    return (this.#length ??= this.#take(this.#raw.length));
  }

  #countAll(): number {
    this.#filter();
    return this.#kept?.length ?? this.#raw.count;
  }

  #filter(): void {
    if (this.#isFiltered) return;
    this.#isFiltered = true;
    const kept = matchesAmong(this.#raw, this.#corpus);
    if (kept.length < this.#raw.count) this.#kept = kept;
  }

  /** The entries of a column that count. */
  #take(column: Uint32Array): Uint32Array {
    this.#filter();
    const kept = this.#kept;
    const { count } = this;
    if (kept === undefined) return column.length === count ? column : column.slice(0, count);
    const taken = new Uint32Array(count);
    for (let index = 0; index < count; index++) taken[index] = column[kept[index] as number] as number;
    return taken;
  }

  /** A byte order mark is no part of its line. */
  #withoutMarks(column: Uint32Array): Uint32Array {
    const { file, line } = this;
    if (!this.#corpus.hasMarks || !this.#isOccurrences) return column;
    return column.map((value, index) =>
      line[index] === 1 ? value - this.#corpus.textStart(file[index] as number) : value,
    );
  }
}

/** Indexes of the occurrences that are matches. */
function matchesAmong(raw: RawHits, corpus: EngineCorpus): Uint32Array {
  const matches = new Uint32Array(raw.count);
  let matchCount = 0;
  for (let next = 0; next < raw.count;) {
    const textStart = corpus.hasMarks ? corpus.textStart(raw.file[next] as number) : 0;
    next = eachMatch(raw, next, textStart, (index) => (matches[matchCount++] = index));
  }
  return matches.subarray(0, matchCount);
}
