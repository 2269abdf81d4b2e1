/** Scans units of a corpus for a query's literals: how a thread carries out a `scan`. */
import type { Literal } from "../contracts.ts";
import { PROGRAM_RESUME_WORD } from "../scanner/index.ts";
import type { Columns } from "./columns.ts";
import { type Found, HIT_COLUMNS, LOCATED_HIT_COLUMNS } from "./found.ts";
import { LineLocator } from "./line-locator.ts";
import { LiteralPrograms } from "./literal-programs.ts";
import type { ThreadCorpus, ThreadSegment } from "./thread-corpus.ts";
import type { LiteralRows } from "./unit-signatures.ts";

/** What searches the units of a corpus for one query. */
export interface UnitSearch {
  /** Searches a unit; what it has is added to `found`. @param isUnwanted is asked now and then: is it all in vain? */
  search(unit: number, found: Found, isUnwanted: () => boolean): void;
}

/** Hits that one call of the kernel writes at most; with the overhang of one position they fit the answer area. */
const SCAN_LIMIT = 8000;

/** Scans units of one corpus for one query. */
export class UnitScanner implements UnitSearch {
  readonly #corpus: ThreadCorpus;
  readonly #programs: LiteralPrograms;
  /** For each program, the rows of its literals' signatures. Undefined where nothing can be passed over. */
  readonly #rows: readonly (LiteralRows | undefined)[] | undefined;
  readonly #isLocated: boolean;
  readonly #locator = new LineLocator();

  /** @param query a number of its own */
  constructor(corpus: ThreadCorpus, query: number, literals: readonly Literal[], isLocated: boolean) {
    this.#corpus = corpus;
    this.#programs = new LiteralPrograms(query, literals, corpus.area.programs);
    this.#rows = corpus.signatures?.rowsOf(this.#programs.groups);
    this.#isLocated = isLocated;
  }

  search(unit: number, found: Found): void {
    const segment = this.#corpus.segmentOf(unit);
    this.#programs.placeIn(segment);
    const { hits } = found;
    const before = hits.length;
    /** Where the hits of each program that has any end. */
    const ends: number[] = [];
    for (let group = 0; group < this.#programs.addresses.length; group++) {
      const groupFrom = hits.length;
      this.#scanGroup(segment, unit, group, hits);
      if (hits.length > groupFrom) ends.push(hits.length);
    }
    if (ends.length === 0) return;
    if (ends.length > 1) mergeHits(hits, before, ends);
    if (this.#isLocated) this.#locate(segment, unit, hits, before);
    found.addBlock(unit, before, found.undecided.length);
  }

  /** Fills in lines and columns. */
  #locate({ kernel }: ThreadSegment, unit: number, hits: Columns, before: number): void {
    const [file, offset, , lines, columns] = hits.columns as LocatedColumns;
    const { lines: unitLines, files, units } = this.#corpus;
    const locator = this.#locator;
    let current = -1;
    for (let row = before; row < hits.length; row++) {
      const start = files.start[file[row]!]!;
      if (file[row] !== current) {
        current = file[row]!;
        locator.begin(start);
        if (unitLines.isInMidFile(unit)) {
          const { line, lineStart } = unitLines.at(kernel, unit);
          locator.begin(units.start[unit]!, line, lineStart);
        }
      }
      locator.locate(kernel, start + offset[row]!);
      lines[row] = locator.line;
      columns[row] = locator.column;
    }
  }

  #scanGroup(segment: ThreadSegment, unit: number, group: number, hits: Columns): void {
    const { units, signatures } = this.#corpus;
    const begin = units.start[unit]!;
    const end = units.startEnd[unit]!;
    const rows = this.#rows?.[group];
    const ranges =
      rows === undefined ? [begin, end] : (signatures?.ranges(units.segment[unit]!, rows, begin, end) ?? []);
    for (let at = 0; at < ranges.length; at += 2)
      this.#scanRange(segment, unit, group, hits, ranges[at]!, ranges[at + 1]!);
  }

  /** Scans for what begins in [begin, last), a part of a unit. */
  #scanRange(
    { kernel, words }: ThreadSegment,
    unit: number,
    group: number,
    hits: Columns,
    begin: number,
    last: number,
  ): void {
    const { area, units, files } = this.#corpus;
    const { start: fileStart, length: fileLength } = files;
    const { addresses, longest, together } = this.#programs;
    const until = Math.min(units.end[unit]!, last + longest - 1);
    const program = addresses[group]!;
    const answers = area.answers >>> 2;
    let file = units.firstFile[unit]!;
    let fileEnd = fileStart[file]! + fileLength[file]!;
    for (let from = begin; ; from = words[(program >>> 2) + PROGRAM_RESUME_WORD]!) {
      const count = kernel.scan(program, from, until, area.answers, SCAN_LIMIT);
      if (count === 0) return;
      hits.reserve(count);
      const [fileColumn, offsetColumn, literalColumn] = hits.columns as LocatedColumns;
      let write = hits.length;
      for (let read = answers, stop = answers + 2 * count; read < stop; read += 2) {
        const position = words[read]!;
        if (position >= last) break; // begins in the next unit of this file
        while (position >= fileEnd) {
          file++;
          fileEnd = fileStart[file]! + fileLength[file]!;
        }
        fileColumn[write] = file;
        offsetColumn[write] = position - fileStart[file]!;
        literalColumn[write] = words[read + 1]! + group * together;
        write++;
      }
      hits.length = write;
      if (count < SCAN_LIMIT) return;
    }
  }
}

type LocatedColumns = [Uint32Array, Uint32Array, Uint32Array, Uint32Array, Uint32Array] & {
  length: typeof LOCATED_HIT_COLUMNS;
};

/**
 * Merges the hits of several programs, each sorted already, by file, offset, literal.
 * @param before the first row
 * @param ends where each program's hits end
 */
function mergeHits(hits: Columns, before: number, ends: readonly number[]): void {
  const copies = hits.columns.slice(0, HIT_COLUMNS).map((column) => column.slice(before, hits.length));
  const [file, offset, literal] = copies as [Uint32Array, Uint32Array, Uint32Array];
  const isBefore = (one: number, other: number): boolean => {
    if (file[one] !== file[other]) return file[one]! < file[other]!;
    if (offset[one] !== offset[other]) return offset[one]! < offset[other]!;
    return literal[one]! < literal[other]!;
  };
  const stops = ends.map((end) => end - before);
  const cursors = stops.map((_, index) => (index === 0 ? 0 : stops[index - 1]!));
  for (let write = before; write < hits.length; write++) {
    let best = -1;
    let from = 0;
    for (let index = 0; index < stops.length; index++) {
      const at = cursors[index]!;
      if (at === stops[index] || (best >= 0 && !isBefore(at, from))) continue;
      best = index;
      from = at;
    }
    for (const [index, copy] of copies.entries()) hits.columns[index]![write] = copy[from]!;
    cursors[best] = from + 1;
  }
}
