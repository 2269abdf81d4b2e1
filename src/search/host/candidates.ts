/** Where lines that may match are found, before the automaton looks at them: by literals, or by a filter. */
import { type CompiledModule, WebAssemblyRuntime } from "../../threads/index.ts";
import { FILTER_EXPORT } from "../bitstream/index.ts";
import type { Literal } from "../contracts.ts";
import { PROGRAM_LITERAL_COUNT_MAX } from "../scanner/index.ts";
import { LiteralPrograms } from "./literal-programs.ts";
import type { FilterFunction, ThreadCorpus, ThreadSegment } from "./thread-corpus.ts";
import type { LiteralRows, UnitSignatures } from "./unit-signatures.ts";

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
   * @param from start of a line in a unit that lies in the segment
   * @param until behind the line feed that ends the last line
   * @returns how many
   */
  find(segment: ThreadSegment, from: number, until: number, answers: number): number;
}

/** By literals, one of which every match has. Blocks whose signatures have none of them are passed over. */
export class LiteralSource implements CandidateSource {
  readonly closeBytes: number;
  readonly isBlindToMarks = false;
  readonly #programs: LiteralPrograms;
  readonly #signatures: UnitSignatures | undefined;
  /** The rows of the literals' signatures. Undefined where nothing can be passed over. */
  readonly #rows: LiteralRows | undefined;

  /**
   * @param query a number of its own
   * @param literals at most `PROGRAM_LITERAL_COUNT_MAX`
   */
  constructor(corpus: ThreadCorpus, query: number, literals: readonly Literal[], closeBytes: number) {
    this.closeBytes = closeBytes;
    this.#programs = new LiteralPrograms(query, literals, corpus.area.programs, PROGRAM_LITERAL_COUNT_MAX);
    this.#signatures = corpus.signatures;
    this.#rows = corpus.signatures?.rowsOf(this.#programs.groups)[0];
  }

  find(segment: ThreadSegment, from: number, until: number, answers: number): number {
    this.#programs.placeIn(segment);
    const { kernel, words } = segment;
    const [program] = this.#programs.addresses as [number];
    if (this.#signatures === undefined || this.#rows === undefined)
      return kernel.scan(program, from, until, answers, CANDIDATE_LIMIT);
    // The last byte ends a line, so no literal begins with it. It may lie behind the text that has signatures.
    const ranges = this.#signatures.ranges(segment.index, this.#rows, from, until - 1);
    let found = 0;
    for (let at = 0; at < ranges.length && found < CANDIDATE_LIMIT; at += 2) {
      const last = ranges[at + 1]!;
      const scanEnd = Math.min(until, last + this.#programs.longest - 1);
      const address = answers + 8 * found;
      let count = kernel.scan(program, ranges[at]!, scanEnd, address, CANDIDATE_LIMIT - found);
      // What begins behind the range is found with the next range, or was passed over.
      while (count > 0 && words[(address >>> 2) + 2 * (count - 1)]! >= last) count--;
      found += count;
    }
    return found;
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
