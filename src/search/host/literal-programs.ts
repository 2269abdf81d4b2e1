/** The scan programs of a query's literals, in a thread's work area of each segment. */
import type { Literal } from "../contracts.ts";
import {
  PROGRAM_LITERAL_COUNT_MAX,
  scanProgramBytes,
  SINGLES_MAX,
  writeScanProgram,
} from "../scanner/index.ts";
import type { ThreadSegment } from "./thread-corpus.ts";

/** The programs of one query at a time. */
export class LiteralPrograms {
  /** Addresses of the programs, the same in every segment. */
  readonly addresses: readonly number[];
  /** Literals of each program but the last, which may have fewer. */
  readonly together: number;
  /** Length of the longest literal, in bytes. */
  readonly longest: number;
  readonly #query: number;
  /** The literals of each program. */
  readonly groups: readonly Literal[][];

  /**
   * @param query a number of its own
   * @param area address of the program area
   * @param together literals of one program; by default as is fastest
   */
  constructor(
    query: number,
    literals: readonly Literal[],
    area: number,
    together = literals.length <= SINGLES_MAX ? 1 : PROGRAM_LITERAL_COUNT_MAX,
  ) {
    this.#query = query;
    this.together = together;
    const groups: Literal[][] = [];
    const addresses: number[] = [];
    let address = area;
    let longest = 0;
    for (let first = 0; first < literals.length; first += together) {
      const group = literals.slice(first, first + together);
      groups.push(group);
      addresses.push(address);
      address += Math.ceil(scanProgramBytes(group) / 16) * 16;
      for (const { bytes } of group) longest = Math.max(longest, bytes.length);
    }
    this.groups = groups;
    this.addresses = addresses;
    this.longest = longest;
  }

  /** Writes the programs into a segment, where they are not there. */
  placeIn(segment: ThreadSegment): void {
    if (segment.literalsOf === this.#query) return;
    for (const [index, group] of this.groups.entries())
      writeScanProgram(group, segment.bytes, this.addresses[index]!);
    segment.literalsOf = this.#query;
  }
}
