/** One line per file, or none: counts (-c), paths (-l, --files-without-match), or nothing (-q). */
import type { FoundFile, Matcher } from "../../contracts.ts";
import type { BinaryMode } from "../../content/index.ts";
import { type Line, countMatches } from "../../searcher/index.ts";
import { ByteWriter } from "./byte-writer.ts";
import type { PrinterOptions } from "./options.ts";
import { countLines, PathText, type Printer, Tally } from "./printer.ts";
import { StyledWriter } from "./styled-writer.ts";

/** Prints a summary of each file. */
export class SummaryPrinter implements Printer {
  readonly wantsSeparator = false;
  readonly stats;

  private readonly options: PrinterOptions;
  private readonly matcher: Matcher;
  private readonly writer: StyledWriter;
  private readonly path: PathText;
  private readonly tally: Tally;
  private readonly countsMatches: boolean;
  /** The first match decides what is printed. So the search of the file ends there, unless all lines are to be seen. */
  private readonly firstDecides: boolean;
  private readonly lineEnding: Buffer;
  private binary: BinaryMode = "none";
  private sawNul = false;
  /** The first match was told before a NUL was seen. */
  private matchedAsText = false;
  private matchingLines = 0;
  private matches = 0;

  constructor(options: PrinterOptions, matcher: Matcher) {
    this.options = options;
    this.matcher = matcher;
    this.writer = new StyledWriter(options, new ByteWriter(16));
    this.path = new PathText(options.pathSeparator);
    this.tally = new Tally(options.stats);
    this.stats = this.tally.stats;
    const quiet = options.quiet && options.mode !== "filesWithoutMatch";
    this.countsMatches = options.stats || (options.mode === "countMatches" && !options.quiet);
    this.firstDecides =
      !this.countsMatches && (quiet || (options.mode === "filesWithMatches" && !options.quiet));
    this.lineEnding = options.crlf ? Buffer.from("\r\n") : Buffer.from([options.lineTerminator]);
  }

  get hasMatch(): boolean {
    return this.options.mode === "filesWithoutMatch" ? this.matchingLines === 0 : this.matchingLines > 0;
  }

  open(file: FoundFile, output: ByteWriter): void {
    this.writer.open(output);
    if (!this.options.quiet) this.path.set(file);
  }

  begin(binary: BinaryMode): void {
    this.binary = binary;
    this.sawNul = false;
    this.matchingLines = 0;
    this.matches = 0;
    this.tally.begin();
  }

  binaryData(): void {
    this.sawNul = true;
  }

  matched(line: Line): boolean {
    const { lineTerminator, crlf, stats } = this.options;
    if (this.matchingLines === 0) this.matchedAsText = !this.sawNul;
    // Across lines, ripgrep counts matches where it else counts lines.
    const acrossLines = this.matcher.acrossLines === true;
    let count = 1;
    if (this.countsMatches || acrossLines) {
      count = Math.max(1, countMatches(this.matcher, line, lineTerminator, crlf));
      this.matches += count;
      this.stats.matches += count;
      if (stats) this.stats.matchedLines += countLines(line, lineTerminator);
    }
    this.matchingLines += acrossLines ? count : 1;
    return !this.firstDecides || this.options.seesAllLines === true;
  }

  context(): boolean {
    return true;
  }

  contextBreak(): void {}

  finish(searchedBytes: number, binaryOffsetBytes: number): void {
    this.tally.finish(this.matchingLines > 0, searchedBytes, this.writer.count);
    const { options } = this;
    const isDecided =
      this.firstDecides && options.seesAllLines === true && this.matchingLines > 0 && this.matchedAsText;
    if (binaryOffsetBytes !== -1 && this.binary === "quit" && !isDecided) {
      // The file is not text, whatever was seen: it counts as a file without a match, and is not shown.
      this.matchingLines = 0;
      return;
    }
    if (options.quiet) return;
    switch (options.mode) {
      case "count":
        if (options.includeZero || this.matchingLines > 0) this.writeCount(this.matchingLines);
        return;
      case "countMatches":
        if (options.includeZero || this.matchingLines > 0) this.writeCount(this.matches);
        return;
      case "filesWithMatches":
        if (this.matchingLines > 0) this.writePathLine();
        return;
      case "filesWithoutMatch":
        if (this.matchingLines === 0) this.writePathLine();
        return;
      default:
        return;
    }
  }

  private writeCount(count: number): void {
    const { options, writer } = this;
    if (options.withFilename) {
      writer.linkedPath(this.path.bytes);
      writer.writeByte(options.pathTerminator === -1 ? 0x3a : options.pathTerminator);
    }
    writer.writeText(String(count));
    writer.write(this.lineEnding);
  }

  private writePathLine(): void {
    this.writer.linkedPath(this.path.bytes);
    if (this.options.pathTerminator !== -1) this.writer.writeByte(this.options.pathTerminator);
    else this.writer.write(this.lineEnding);
  }
}
