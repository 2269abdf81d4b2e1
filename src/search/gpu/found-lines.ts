/** Lines that a program over bit planes told of, as an answer to a plan: each is to be verified, no hit is known. */
import { type HitPlaces, NO_LINES, type RawHits, type UndecidedLines } from "../backend/index.ts";
import type { DeviceCorpus } from "./device-corpus.ts";
import { entryAt } from "./hit-records.ts";

const NOTHING = new Uint32Array(0);
const NO_PLACES: HitPlaces = { line: NOTHING, column: NOTHING };

/** See the head of this file. */
export class FoundLines implements RawHits {
  readonly count = 0;
  readonly file = NOTHING;
  readonly offset = NOTHING;
  readonly length = NOTHING;
  readonly literal = NOTHING;
  readonly undecided: UndecidedLines;
  /** There are too many lines, or one is too long: the answer is of no use. */
  readonly truncated: boolean;

  constructor(undecided: UndecidedLines | undefined) {
    this.undecided = undecided ?? NO_LINES;
    this.truncated = undecided === undefined;
  }

  locate(): HitPlaces {
    return NO_PLACES;
  }
}

/**
 * From places in segments to lines of files.
 * @param places pairs: segment, offset of the line feed that ends the line; in no order
 * @param lines pairs, for each place: line feeds of the segment before the line, offset of its first byte
 * @returns lines, sorted by file, then offset
 */
export function linesOfFiles(
  places: Uint32Array,
  lines: Uint32Array,
  { map, placement }: DeviceCorpus,
): UndecidedLines {
  const found = Array.from({ length: places.length / 2 }, (_, index) => {
    const position = places[2 * index]! * 2 ** 32 + lines[2 * index + 1]!;
    const entry = entryAt(map.start, position);
    const file = map.file[entry]!;
    return {
      file,
      line: lines[2 * index]! - map.firstRank[entry]! + 1,
      // A byte order mark is no part of its line.
      offset: Math.max(position - map.start[entry]!, placement.textStart(file)),
    };
  }).sort((a, b) => a.file - b.file || a.offset - b.offset);
  return {
    count: found.length,
    file: Uint32Array.from(found, ({ file }) => file),
    line: Uint32Array.from(found, ({ line }) => line),
    offset: Uint32Array.from(found, ({ offset }) => offset),
  };
}
