/** Runs an automaton over the lines of a corpus's units: how a thread carries out a `match`. */
import type { Literal } from "../contracts.ts";
import { EVERY_LINE, MATCH_OUT, MATCH_STATUS, placeMatchProgram } from "../line-kernel/index.ts";
import { NOT_FOUND, PROGRAM_LITERAL_COUNT_MAX } from "../scanner/index.ts";
import {
  CANDIDATE_LIMIT,
  type CandidateSource,
  FilterSource,
  LiteralSource,
  type ThreadFilter,
} from "./candidates.ts";
import type { Found } from "./found.ts";
import { MATCH_AREA_BYTES } from "./host-sink.ts";
import type { ThreadCorpus, ThreadSegment } from "./thread-corpus.ts";
import type { UnitSearch } from "./unit-scanner.ts";

const LINE_FEED = 10;
/** Matches that one call of the kernel gives at most. */
const CAPACITY = MATCH_AREA_BYTES / 16 - MATCH_OUT.columns;
/** Steps of the kernel between two looks at whether the answer is still wanted: about a millisecond. */
const BUDGET = 1 << 20;
/** Where candidates lie closer together, in bytes, every line may as well be searched. */
const CLOSE_BYTES = 64;
/** Where literals lie closer together, a filter is the better source: it is more exact. */
const CLOSE_LITERALS_BYTES = 512;

/** The automaton of a query, as threads have it. */
export interface ThreadAutomaton {
  readonly id: number;
  /** Made by `makeMatchProgram`. */
  readonly program: Uint32Array;
}

/** What of a file lies in a unit: lines that begin in [first, until). */
interface Part {
  readonly file: number;
  readonly first: number;
  readonly until: number;
  /** The file's first line is one of them. */
  readonly isWithStart: boolean;
}

/** What a query asks of a thread. */
export interface MatchQuery {
  readonly automaton: ThreadAutomaton;
  /** Every match has one of these; none where nothing is known. */
  readonly required: readonly Literal[];
  readonly filter: ThreadFilter | undefined;
  /** A number of its own. */
  readonly query: number;
  readonly isLocated: boolean;
}

/** Matches in units of one corpus for one query. */
export class UnitMatcher implements UnitSearch {
  readonly #corpus: ThreadCorpus;
  readonly #automaton: ThreadAutomaton;
  readonly #isLocated: boolean;
  /** What finds candidates, the best first. Those that turn out to find too many are dropped. */
  readonly #sources: CandidateSource[] = [];

  constructor(corpus: ThreadCorpus, { automaton, required, filter, query, isLocated }: MatchQuery) {
    this.#corpus = corpus;
    this.#automaton = automaton;
    this.#isLocated = isLocated;
    if (required.length > 0 && required.length <= PROGRAM_LITERAL_COUNT_MAX) {
      const closeBytes = filter === undefined ? CLOSE_BYTES : CLOSE_LITERALS_BYTES;
      this.#sources.push(new LiteralSource(corpus, query, required, closeBytes));
    }
    if (filter !== undefined) this.#sources.push(new FilterSource(filter, CLOSE_BYTES));
  }

  search(unit: number, found: Found, isUnwanted: () => boolean): void {
    const segment = this.#corpus.segmentOf(unit);
    this.#place(segment);
    const hitsBefore = found.hits.length;
    const undecidedBefore = found.undecided.length;
    const [source] = this.#sources;
    if (source === undefined || (source.isBlindToMarks && this.#hasMark(unit)))
      this.#matchAll(segment, unit, found, isUnwanted);
    else this.#matchCandidates(segment, unit, source, found, isUnwanted);
    if (this.#corpus.lines.isInMidFile(unit))
      this.#addLines(segment, unit, found, hitsBefore, undecidedBefore);
    found.addBlock(unit, hitsBefore, undecidedBefore);
  }

  #place(segment: ThreadSegment): void {
    const { id, program } = this.#automaton;
    const { automata } = this.#corpus.area;
    if (segment.automaton === id) return;
    placeMatchProgram(program, segment.words, automata);
    segment.matcher.use(automata);
    segment.automaton = id;
  }

  #matchAll(segment: ThreadSegment, unit: number, found: Found, isUnwanted: () => boolean): void {
    const { firstFile, lastFile } = this.#corpus.units;
    for (let file = firstFile[unit]!; file <= lastFile[unit]!; file++) {
      const part = this.#partOf(segment, unit, file);
      if (part === undefined) continue;
      if (!this.#matchPart(segment, part, found, isUnwanted)) return;
    }
  }

  /** The lines of a file that begin in a unit; undefined where there are none. */
  #partOf({ kernel }: ThreadSegment, unit: number, file: number): Part | undefined {
    const { units, files } = this.#corpus;
    const start = files.start[file]!;
    const length = files.length[file]!;
    if (length === 0) return undefined;
    const until = Math.min(units.startEnd[unit]!, start + length);
    if (units.start[unit]! <= start) {
      const first = start + files.textStart(file);
      return first < until ? { file, first, until, isWithStart: true } : undefined;
    }
    const feed = kernel.findByte(LINE_FEED, units.start[unit]! - 1, until - 1);
    return feed === NOT_FOUND ? undefined : { file, first: feed + 1, until, isWithStart: false };
  }

  /** Begins some file of the unit with a byte order mark? */
  #hasMark(unit: number): boolean {
    const { firstFile, lastFile } = this.#corpus.units;
    const { files } = this.#corpus;
    for (let file = firstFile[unit]!; file <= lastFile[unit]!; file++)
      if (files.textStart(file) !== 0) return true;
    return false;
  }

  /** Searches the lines that have a candidate. */
  #matchCandidates(
    segment: ThreadSegment,
    unit: number,
    source: CandidateSource,
    found: Found,
    isUnwanted: () => boolean,
  ): void {
    const { area, units } = this.#corpus;
    const { kernel, words } = segment;
    const answers = area.answers >>> 2;
    let file = units.firstFile[unit]!;
    // In the midst of a very long line there is nothing to do, and its end may be far away.
    if (file === units.lastFile[unit]! && this.#partOf(segment, unit, file) === undefined) return;
    const stop = this.#endOfLines(segment, unit);
    for (let from = units.start[unit]!; from < stop;) {
      // The line feed behind a last line without one is part of that line.
      const count = source.find(segment, from, stop + 1, area.answers);
      for (let index = 0; index < count;) {
        while (words[answers + 2 * index]! > this.#endOf(file)) file++;
        const fileEnd = this.#endOf(file);
        const first = index;
        while (index < count && words[answers + 2 * index]! <= fileEnd) index++;
        const part = this.#partOf(segment, unit, file);
        if (part === undefined) continue;
        // A candidate within a byte order mark is one of the first line.
        if (part.isWithStart) words[answers + 2 * first] = Math.max(words[answers + 2 * first]!, part.first);
        const candidates = { address: area.answers + 8 * first, count: index - first };
        if (!this.#matchPart(segment, part, found, isUnwanted, candidates)) return;
      }
      if (count < CANDIDATE_LIMIT) return;
      const last = words[answers + 2 * (count - 1)]!;
      if (last - from < source.closeBytes * count && this.#sources[0] === source) this.#sources.shift();
      // The rest of the last line was searched.
      const feed = kernel.findByte(LINE_FEED, last, stop);
      if (feed === NOT_FOUND) return;
      from = feed + 1;
    }
  }

  /** Where the last line that begins in a unit ends, behind its line feed; or where the unit's last file ends. */
  #endOfLines({ kernel }: ThreadSegment, unit: number): number {
    const { startEnd, end } = this.#corpus.units;
    if (startEnd[unit] === end[unit]) return end[unit]!;
    const feed = kernel.findByte(LINE_FEED, startEnd[unit]! - 1, end[unit]!);
    return feed === NOT_FOUND ? end[unit]! : feed + 1;
  }

  #endOf(file: number): number {
    const { start, length } = this.#corpus.files;
    return start[file]! + length[file]!;
  }

  /** @returns false where nobody wants the rest */
  #matchPart(
    { matcher, words }: ThreadSegment,
    { file, first, until }: Part,
    found: Found,
    isUnwanted: () => boolean,
    candidates = { address: 0, count: EVERY_LINE },
  ): boolean {
    const { area, files } = this.#corpus;
    const start = files.start[file]!;
    const { hits, undecided } = found;
    const before = hits.length;
    matcher.begin(start, start + files.length[file]!, first, until, candidates.address, candidates.count);
    const out = area.matches >>> 2;
    for (;;) {
      const status = matcher.run(area.matches, CAPACITY, BUDGET, this.#isLocated);
      this.#take(words, file, found);
      if (status === MATCH_STATUS.DONE) return true;
      if (status === MATCH_STATUS.UNDECIDED) {
        const offset = words[out + MATCH_OUT.lineStart]! - start;
        while (hits.length > before && hits.columns[1]![hits.length - 1]! >= offset) hits.length--;
        undecided.reserve(1);
        const row = [file, words[out + MATCH_OUT.line]!, offset];
        for (const [index, word] of row.entries()) undecided.columns[index]![undecided.length] = word;
        undecided.length++;
      } else if (isUnwanted()) return false;
    }
  }

  #take(words: Uint32Array, file: number, { hits }: Found): void {
    const out = this.#corpus.area.matches >>> 2;
    const count = words[out + MATCH_OUT.count]!;
    if (count === 0) return;
    hits.reserve(count);
    hits.columns[0]!.fill(file, hits.length, hits.length + count);
    const columns = this.#isLocated ? 4 : 2;
    for (let index = 0; index < columns; index++)
      hits.write(index + 1, words, out + MATCH_OUT.columns + index * CAPACITY, count);
    hits.length += count;
  }

  /** The kernel counts lines from 1. In the midst of a file, those before come on top. */
  #addLines(
    segment: ThreadSegment,
    unit: number,
    found: Found,
    hitsBefore: number,
    undecidedBefore: number,
  ): void {
    const { hits, undecided } = found;
    if (undecided.length === undecidedBefore && (!this.#isLocated || hits.length === hitsBefore)) return;
    const { lines, units } = this.#corpus;
    const { line, lineStart } = lines.at(segment.kernel, unit);
    // The unit's first line is the one in whose midst it begins, or the one that begins with it.
    const linesBefore = lineStart === units.start[unit]! ? line - 1 : line;
    const add = (column: Uint32Array, from: number, end: number): void => {
      for (let row = from; row < end; row++) column[row]! += linesBefore;
    };
    if (this.#isLocated) add(hits.columns[3]!, hitsBefore, hits.length);
    add(undecided.columns[1]!, undecidedBefore, undecided.length);
  }
}
