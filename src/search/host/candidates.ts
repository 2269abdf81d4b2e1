/** Where lines that may match are found, before the automaton looks at them: by literals, or by a filter. */
import { type CompiledModule, WebAssemblyRuntime } from "../../threads/index.ts";
import { FILTER_EXPORT } from "../bitstream/index.ts";
import type { Literal } from "../contracts.ts";
import { PROGRAM_LITERAL_COUNT_MAX } from "../scanner/index.ts";
import { LiteralPrograms } from "./literal-programs.ts";
import type { FilterFunction, ThreadSegment } from "./thread-corpus.ts";

/** Candidates of one call, at most but for an overhang of 63; they fit the answer area. */
export const CANDIDATE_LIMIT = 4000;

/** Finds candidates in the text of a segment. */
export interface CandidateSource {
  /** Candidates that lie closer together than this, in bytes and on average, are not worth looking for. */
  readonly closeBytes: number;
  /** It misses a line that begins behind a byte order mark. */
  readonly isBlindToMarks: boolean;
  /**
   * Writes candidates to `answers`, as pairs of words whose first is a position. Every line in [from, until) that
   * matches has one, if its line feed counts as part of it, or else `CANDIDATE_LIMIT` or more were found before.
   * @param from start of a line
   * @returns how many
   */
  find(segment: ThreadSegment, from: number, until: number, answers: number): number;
}

/** By literals, one of which every match has. */
export class LiteralSource implements CandidateSource {
  readonly closeBytes: number;
  readonly isBlindToMarks = false;
  readonly #programs: LiteralPrograms;

  /**
   * @param query a number of its own
   * @param literals at most `PROGRAM_LITERAL_COUNT_MAX`
   * @param area address of the program area
   */
  constructor(query: number, literals: readonly Literal[], area: number, closeBytes: number) {
    this.closeBytes = closeBytes;
    this.#programs = new LiteralPrograms(query, literals, area, PROGRAM_LITERAL_COUNT_MAX);
  }

  find(segment: ThreadSegment, from: number, until: number, answers: number): number {
    this.#programs.placeIn(segment);
    return segment.kernel.scan(this.#programs.addresses[0]!, from, until, answers, CANDIDATE_LIMIT);
  }
}

/** A filter, as threads have it. */
export interface ThreadFilter {
  readonly id: number;
  readonly module: CompiledModule;
  readonly seesLineStart: boolean;
}

/** By a filter. */
export class FilterSource implements CandidateSource {
  readonly closeBytes: number;
  readonly isBlindToMarks: boolean;
  readonly #filter: ThreadFilter;

  constructor(filter: ThreadFilter, closeBytes: number) {
    this.#filter = filter;
    this.closeBytes = closeBytes;
    this.isBlindToMarks = filter.seesLineStart;
  }

  find(segment: ThreadSegment, from: number, until: number, answers: number): number {
    return this.#functionOf(segment)(from, until, answers, CANDIDATE_LIMIT) >>> 0;
  }

  #functionOf(segment: ThreadSegment): FilterFunction {
    const { id, module } = this.#filter;
    if (segment.filter?.id === id) return segment.filter.candidates;
    const instance = new WebAssemblyRuntime.Instance(module, { env: { memory: segment.memory } });
    const candidates = (instance.exports as Record<typeof FILTER_EXPORT, FilterFunction>)[FILTER_EXPORT];
    segment.filter = { id, candidates };
    return candidates;
  }
}
