/**
 * A program: the code of linked modules and what it refers to, as the lists that kernels read. It says nothing of what
 * instances contain; that is a `StoreImage`.
 *
 *     words    jumps │ functions │ memories │ tables │ segments │ elements │ bytes of data
 */
import { FunctionWord, RegionWord, SegmentWord, StateCell } from "../form/index.ts";
import { type FunctionType, PAGE_BYTES } from "../module/index.ts";

/** A function of a program. */
export interface ProgramFunction {
  readonly type: FunctionType;
  /** Equal types of all modules have one number. */
  readonly typeNumber: number;
  /** Its first instruction. */
  readonly start: number;
  readonly frameSlots: number;
}

/** A segment of data or elements. */
export type ProgramSegment =
  | { readonly kind: "data"; readonly bytes: Uint8Array }
  /** References: the number of a function and one more; 0 for null. */
  | { readonly kind: "elements"; readonly references: readonly number[] };

/** The parts of a program. */
export interface ProgramParts {
  readonly code: Uint32Array;
  readonly constants: BigUint64Array;
  readonly jumps: readonly number[];
  readonly functions: readonly ProgramFunction[];
  /** For each memory, the pages that it never passes. */
  readonly memoryMaxima: readonly number[];
  /** For each table, the elements that it never passes. */
  readonly tableMaxima: readonly number[];
  readonly segments: readonly ProgramSegment[];
  readonly globalSlots: number;
}

/** Where the lists begin in `words`, in words. */
export interface ProgramLists {
  readonly functionsAt: number;
  readonly memoriesAt: number;
  readonly tablesAt: number;
  readonly segmentsAt: number;
  readonly elementsAt: number;
  readonly dataAt: number;
}

/** A program as kernels read it. */
export interface Program extends ProgramParts, ProgramLists {
  readonly words: Uint32Array;
  /** Cells of one instance: its state, its tables, its memories. */
  readonly cellsPerInstance: number;
  /** The first cell of each memory. */
  readonly memoryCells: readonly number[];
  /** The first cell of each table. */
  readonly tableCells: readonly number[];
}

const PAGE_CELLS = PAGE_BYTES / 4;

/** Lays the lists of a program out. */
export function layOut(parts: ProgramParts): Program {
  const { functions, memoryMaxima, tableMaxima, segments, jumps } = parts;
  let cells = StateCell.SIZES + memoryMaxima.length + tableMaxima.length + segments.length;
  const take = (count: number): number => {
    const at = cells;
    cells += count;
    return at;
  };
  const tableCells = tableMaxima.map(take);
  const memoryCells = memoryMaxima.map((pages) => take(pages * PAGE_CELLS));
  const regions = (begins: readonly number[], maxima: readonly number[]): number[] =>
    begins.flatMap((at, index) => [at, maxima[index]!]);
  const { rows, elements, bytes } = layOutSegments(segments);
  const functionsAt = jumps.length;
  const memoriesAt = functionsAt + functions.length * FunctionWord.WORDS;
  const tablesAt = memoriesAt + memoryMaxima.length * RegionWord.WORDS;
  const segmentsAt = tablesAt + tableMaxima.length * RegionWord.WORDS;
  const elementsAt = segmentsAt + segments.length * SegmentWord.WORDS;
  const dataAt = elementsAt + elements.length;
  const words = new Uint32Array(dataAt + bytes.length / 4);
  words.set(jumps);
  words.set(
    functions.flatMap(({ start, frameSlots, typeNumber }) => [start, frameSlots, typeNumber, 0]),
    functionsAt,
  );
  words.set(regions(memoryCells, memoryMaxima), memoriesAt);
  words.set(regions(tableCells, tableMaxima), tablesAt);
  words.set(rows, segmentsAt);
  words.set(elements, elementsAt);
  new Uint8Array(words.buffer).set(bytes, dataAt * 4);
  const lists = { functionsAt, memoriesAt, tablesAt, segmentsAt, elementsAt, dataAt };
  return { ...parts, ...lists, words, cellsPerInstance: cells, memoryCells, tableCells };
}

function layOutSegments(segments: readonly ProgramSegment[]): {
  rows: number[];
  elements: number[];
  bytes: Uint8Array;
} {
  const rows: number[] = [];
  const elements: number[] = [];
  let byteCount = 0;
  for (const segment of segments) {
    if (segment.kind === "data") {
      rows.push(byteCount, segment.bytes.length);
      byteCount += segment.bytes.length;
    } else {
      rows.push(elements.length, segment.references.length);
      for (const reference of segment.references) elements.push(reference);
    }
  }
  const bytes = new Uint8Array(Math.ceil(byteCount / 4) * 4);
  segments.forEach((segment, index) => {
    if (segment.kind === "data") bytes.set(segment.bytes, rows[index * SegmentWord.WORDS]!);
  });
  return { rows, elements, bytes };
}
