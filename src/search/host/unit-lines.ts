/**
 * The lines at which the units of a corpus begin. The first unit of a file begins with line 1. For the other units,
 * line feeds are counted once, by the thread that first needs the line.
 *
 * Invariants: Both words of a unit depend on the text alone. So several threads may write them, in any order. A thread
 * writes the line after its start.
 */
import type { PlacementColumns, UnitColumns } from "../corpus/index.ts";
import { NOT_FOUND, type ScanKernel } from "../scanner/index.ts";

const LINE_FEED = 10;

/** Room for the lines of so many units, nothing of which is known. */
export function allocateUnitLines(unitCount: number): SharedArrayBuffer {
  return new SharedArrayBuffer(8 * unitCount);
}

/** See the head of this file. */
export class UnitLines {
  readonly #units: UnitColumns;
  readonly #columns: PlacementColumns;
  /** Two words for each unit: the number of the line, 0 where it is not known, and the position of its start. */
  readonly #words: Int32Array;

  constructor(units: UnitColumns, columns: PlacementColumns, memory: SharedArrayBuffer) {
    this.#units = units;
    this.#columns = columns;
    this.#words = new Int32Array(memory);
  }

  /** Does the unit begin in the midst of a file? */
  isInMidFile(unit: number): boolean {
    const { start, firstFile } = this.#units;
    return start[unit]! > this.#columns.start[firstFile[unit]!]!;
  }

  /** The line in which the unit's first byte lies. @param kernel of the unit's segment */
  at(kernel: ScanKernel, unit: number): { line: number; lineStart: number } {
    const words = this.#words;
    const { start } = this.#units;
    let known = unit;
    // The units of a large file follow one another.
    while (this.isInMidFile(known) && Atomics.load(words, 2 * known) === 0) known--;
    let line = Atomics.load(words, 2 * known);
    let lineStart = words[2 * known + 1]! >>> 0;
    if (line === 0) {
      line = 1;
      lineStart = start[known]!;
    }
    for (; known < unit; known++) {
      const [from, end] = [start[known]!, start[known + 1]!];
      line += kernel.countByte(LINE_FEED, from, end);
      const feed = kernel.findLastByte(LINE_FEED, from, end);
      if (feed !== NOT_FOUND) lineStart = feed + 1;
      words[2 * known + 3] = lineStart;
      Atomics.store(words, 2 * known + 2, line);
    }
    return { line, lineStart };
  }
}
