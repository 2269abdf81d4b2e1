/**
 * Scans units of a corpus for a query's literals and maps positions to files: the inner work of an engine thread.
 *
 * Invariant: the thread's work area of each segment (see host-sink.ts) holds the programs of the query that `prepare`
 * was last called with for that segment.
 */
import type { LinearMemory } from "../../threads/index.ts";
import type { Literal } from "../contracts.ts";
import { PlacementColumns, type PlacementMemory, type UnitColumns } from "../corpus/index.ts";
import type { WordBuffer } from "./hit-buffer.ts";
import { PROGRAM_AREA_BYTES, WORK_AREA_BYTES } from "./host-sink.ts";
import { LineLocator } from "./line-locator.ts";
import { BLOCK_WORDS, HIT_WORDS, LOCATED_HIT_WORDS } from "./query-queue.ts";
import {
  PROGRAM_RESUME_WORD,
  ScanKernel,
  PROGRAM_LITERAL_COUNT_MAX,
  SINGLES_MAX,
  scanProgramBytes,
  writeScanProgram,
} from "../scanner/index.ts";

/** A corpus as engine threads get it. */
export interface SharedCorpus {
  readonly id: number;
  readonly segments: readonly LinearMemory[];
  readonly columns: PlacementMemory;
  readonly units: UnitColumns;
}

/** Hits that one call of the kernel writes at most; with the overhang of one position they fit the answer area. */
const SCAN_LIMIT = 8000;

interface Segment {
  readonly kernel: ScanKernel;
  readonly bytes: Uint8Array;
  readonly words: Uint32Array;
  preparedFor: number;
}

/** Scans units of one corpus on one thread. See the head of this file. */
export class UnitScanner {
  readonly units: UnitColumns;
  readonly #segments: Segment[];
  readonly #columns: PlacementColumns;
  readonly #workArea: number;
  readonly #answers: number;
  #groups: Literal[][] = [];
  /** Literals of one program. */
  #together = 1;
  readonly #programs: number[] = [];
  #longest = 0;
  #query = -1;
  #hitWords = 0;
  readonly #locator = new LineLocator();

  /** @param thread whose work areas are used */
  constructor(corpus: SharedCorpus, thread: number) {
    this.units = corpus.units;
    this.#columns = new PlacementColumns(corpus.columns);
    this.#workArea = thread * WORK_AREA_BYTES;
    this.#answers = this.#workArea + PROGRAM_AREA_BYTES;
    this.#segments = corpus.segments.map((memory) => ({
      kernel: new ScanKernel(memory),
      bytes: new Uint8Array(memory.buffer),
      words: new Uint32Array(memory.buffer),
      preparedFor: -1,
    }));
  }

  /**
   * Takes up a query.
   * @param query a number of its own
   * @param hitWords HIT_WORDS or LOCATED_HIT_WORDS; 0: hits are only counted
   */
  prepare(query: number, literals: readonly Literal[], hitWords: number): void {
    if (this.#query === query) return;
    this.#query = query;
    this.#hitWords = hitWords;
    this.#groups = [];
    this.#longest = 0;
    let address = this.#workArea;
    this.#together = literals.length <= SINGLES_MAX ? 1 : PROGRAM_LITERAL_COUNT_MAX;
    for (let first = 0; first < literals.length; first += this.#together) {
      const group = literals.slice(first, first + this.#together);
      this.#programs[this.#groups.length] = address;
      this.#groups.push(group);
      address += Math.ceil(scanProgramBytes(group) / 16) * 16;
      for (const { bytes } of group) this.#longest = Math.max(this.#longest, bytes.length);
    }
  }

  /** Scans a unit. Where it has hits, adds one block and the hits. @returns how many hits */
  scan(unit: number, blocks: WordBuffer, hits: WordBuffer): number {
    const segment = this.#segments[this.units.segment[unit]!]!;
    if (segment.preparedFor !== this.#query) {
      for (const [index, group] of this.#groups.entries()) {
        writeScanProgram(group, segment.bytes, this.#programs[index]!);
      }
      segment.preparedFor = this.#query;
    }
    if (this.#hitWords === 0) return this.#count(segment, unit);
    const before = hits.length;
    /** Where the hits of each program that has any end, in words from the first. */
    const ends: number[] = [];
    for (let group = 0; group < this.#groups.length; group++) {
      this.#scanGroup(segment, unit, group, hits);
      if (hits.length - before > (ends.at(-1) ?? 0)) ends.push(hits.length - before);
    }
    const count = (hits.length - before) / this.#hitWords;
    if (count === 0) return 0;
    const found = hits.words.subarray(before);
    if (ends.length > 1) mergeHits(found, ends, this.#hitWords);
    if (this.#hitWords === LOCATED_HIT_WORDS) this.#locate(segment.kernel, unit, found);
    const words = blocks.reserve(BLOCK_WORDS);
    words[blocks.length] = unit;
    words[blocks.length + 1] = count;
    blocks.length += BLOCK_WORDS;
    return count;
  }

  #count({ kernel, words }: Segment, unit: number): number {
    const last = this.units.startEnd[unit]!;
    const until = Math.min(this.units.end[unit]!, last + this.#longest - 1);
    const answers = this.#answers >>> 2;
    let total = 0;
    for (let group = 0; group < this.#groups.length; group++) {
      const program = this.#programs[group]!;
      for (let from = this.units.start[unit]!; ; from = words[(program >>> 2) + PROGRAM_RESUME_WORD]!) {
        const count = kernel.scan(program, from, until, this.#answers, SCAN_LIMIT);
        let counted = count;
        while (counted > 0 && words[answers + 2 * counted - 2]! >= last) counted--; // of the next unit
        total += counted;
        if (count < SCAN_LIMIT) break;
      }
    }
    return total;
  }

  /** Fills in lines and columns, which only a unit that begins a file can tell. */
  #locate(kernel: ScanKernel, unit: number, words: Uint32Array): void {
    const { start } = this.#columns;
    const inMidFile = this.units.start[unit]! > start[this.units.firstFile[unit]!]!;
    let current = -1;
    for (let at = 0; at < words.length; at += LOCATED_HIT_WORDS) {
      const file = words[at]!;
      if (file !== current) this.#locator.begin(start[file]!);
      current = file;
      if (!inMidFile) this.#locator.locate(kernel, start[file]! + words[at + 1]!);
      words[at + 3] = inMidFile ? 0 : this.#locator.line;
      words[at + 4] = inMidFile ? 0 : this.#locator.column;
    }
  }

  #scanGroup({ kernel, words }: Segment, unit: number, group: number, hits: WordBuffer): void {
    const { start, startEnd, end, firstFile } = this.units;
    const { start: fileStart, length: fileLength } = this.#columns;
    const last = startEnd[unit]!;
    const until = Math.min(end[unit]!, last + this.#longest - 1);
    const program = this.#programs[group]!;
    const hitWords = this.#hitWords;
    const answers = this.#answers >>> 2;
    let file = firstFile[unit]!;
    let fileEnd = fileStart[file]! + fileLength[file]!;
    for (let from = start[unit]!; ; from = words[(program >>> 2) + PROGRAM_RESUME_WORD]!) {
      const count = kernel.scan(program, from, until, this.#answers, SCAN_LIMIT);
      if (count === 0) return;
      const room = hits.reserve(hitWords * count);
      let write = hits.length;
      for (let read = answers, stop = answers + 2 * count; read < stop; read += 2) {
        const position = words[read]!;
        if (position >= last) break; // begins in the next unit of this file
        while (position >= fileEnd) {
          file++;
          fileEnd = fileStart[file]! + fileLength[file]!;
        }
        room[write] = file;
        room[write + 1] = position - fileStart[file]!;
        room[write + 2] = words[read + 1]! + group * this.#together;
        write += hitWords;
      }
      hits.length = write;
      if (count < SCAN_LIMIT) return;
    }
  }
}

/**
 * Merges the hits of several programs, each sorted already, by file, offset, literal.
 * @param words all hits, program after program
 * @param ends where each program's hits end, in words
 */
function mergeHits(words: Uint32Array, ends: readonly number[], hitWords: number): void {
  const copy = words.slice();
  const cursors = ends.map((_, index) => (index === 0 ? 0 : ends[index - 1]!));
  for (let write = 0; write < copy.length; write += hitWords) {
    let best = -1;
    let from = 0;
    for (let index = 0; index < ends.length; index++) {
      const at = cursors[index]!;
      if (at === ends[index] || (best >= 0 && !isBefore(copy, at, from))) continue;
      best = index;
      from = at;
    }
    words.set(copy.subarray(from, from + hitWords), write);
    cursors[best] = from + hitWords;
  }
}

function isBefore(words: Uint32Array, one: number, other: number): boolean {
  for (let word = 0; word < HIT_WORDS; word++) {
    if (words[one + word] !== words[other + word]) return words[one + word]! < words[other + word]!;
  }
  return false;
}
