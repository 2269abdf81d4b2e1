/** What all printers have in common: a sink for one file after another, and sums over all of them. */
import type { FoundFile } from "../../contracts.ts";
import { countTerminators } from "../../content/index.ts";
import type { Line, Sink } from "../../searcher/index.ts";
import type { ByteWriter } from "./byte-writer.ts";
import { type SearchStats, createStats } from "./stats.ts";

/** Prints what is found in one file after another. */
export interface Printer extends Sink {
  /** Begins another file. Its output is appended to `output`. */
  open(file: FoundFile, output: ByteWriter): void;
  /** The file matched, as ripgrep's exit code counts it. For --files-without-match: nothing matched. */
  readonly hasMatch: boolean;
  /** A separator must precede this file's output even if one thread prints in order. */
  readonly wantsSeparator: boolean;
  /** Sums over all files. */
  readonly stats: SearchStats;
}

/** The path of the current file as bytes. It is made when it is first printed, because most paths never are. */
export class PathText {
  private readonly separator: number;
  private file: FoundFile = { path: "", explicit: false };
  private made: Uint8Array | undefined;

  /** @param separator byte in the place of "/", or −1 */
  constructor(separator: number) {
    this.separator = separator;
  }

  set(file: FoundFile): void {
    this.file = file;
    this.made = undefined;
  }

  get bytes(): Uint8Array {
    return (this.made ??= pathBytes(this.file, this.separator));
  }
}

/** @param separator byte in the place of "/", or −1 */
export function pathBytes(file: FoundFile, separator: number): Uint8Array {
  const bytes = file.pathBytes ?? Buffer.from(file.path);
  return separator === -1 ? bytes : bytes.map((byte) => (byte === 0x2f ? separator : byte));
}

/** How many lines match together. */
export const countLines = ({ bytes, start, end }: Line, terminator: number): number =>
  countTerminators(bytes, start, end, terminator) + (end > start && bytes[end - 1] !== terminator ? 1 : 0);

/** The time and the counts that all printers measure in the same way. */
export class Tally {
  readonly stats = createStats();
  private startedNs = 0n;
  private readonly timed: boolean;

  constructor(timed: boolean) {
    this.timed = timed;
  }

  begin(): void {
    if (this.timed) this.startedNs = process.hrtime.bigint();
  }

  finish(hasMatch: boolean, searchedBytes: number, printedBytes: number): void {
    const { stats } = this;
    stats.searches++;
    if (hasMatch) stats.searchesWithMatch++;
    stats.bytesSearched += searchedBytes;
    stats.bytesPrinted += printedBytes;
    if (this.timed) stats.elapsedNs += Number(process.hrtime.bigint() - this.startedNs);
  }
}
