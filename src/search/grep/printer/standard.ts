/**
 * ripgrep's usual output: lines, each after its path, line number, column and byte offset, as far as they are
 * wanted.
 */
import type { FoundFile, Matcher } from "../../contracts.ts";
import type { BinaryMode } from "../../content/index.ts";
import { type ContextKind, type Line, MatchList } from "../../searcher/index.ts";
import { ByteWriter } from "./byte-writer.ts";
import { LineText } from "./line-text.ts";
import { LinesTogether } from "./lines-together.ts";
import type { PrinterOptions } from "./options.ts";
import { writePrelude } from "./prelude.ts";
import { countLines, PathText, type Printer, Tally } from "./printer.ts";
import { Replacer } from "./replace.ts";
import { StyledWriter } from "./styled-writer.ts";

/** Prints lines. */
export class StandardPrinter implements Printer {
  hasMatch = false;
  wantsSeparator = false;
  readonly stats;

  private readonly options: PrinterOptions;
  private readonly matcher: Matcher;
  private readonly writer: StyledWriter;
  private readonly path: PathText;
  private readonly tally: Tally;
  private readonly matches = new MatchList();
  private readonly replacer: Replacer | undefined;
  private readonly needsMatches: boolean;
  private readonly lineText: LineText;
  /** How lines that match together are shown; undefined where each line is searched alone. */
  private readonly together: LinesTogether | undefined;
  private readonly matchSeparator: Buffer;
  private readonly contextSeparator: Buffer;
  private readonly groupSeparator: Buffer | undefined;
  private binary: BinaryMode = "none";
  private binaryOffset = -1;

  constructor(options: PrinterOptions, matcher: Matcher) {
    this.options = options;
    this.matcher = matcher;
    this.writer = new StyledWriter(options, new ByteWriter(16));
    this.path = new PathText(options.pathSeparator);
    this.tally = new Tally(options.stats);
    this.stats = this.tally.stats;
    this.replacer =
      options.replacement === undefined ? undefined : new Replacer(options.replacement, matcher);
    this.needsMatches =
      this.writer.matchStyled ||
      options.column ||
      options.perMatch ||
      options.onlyMatching ||
      options.stats ||
      this.replacer !== undefined;
    this.lineText = new LineText(options, this.writer, this.matches);
    const writePrelude = this.writePrelude.bind(this);
    if (matcher.acrossLines === true)
      this.together = new LinesTogether(options, this.writer, this.lineText, writePrelude);
    this.matchSeparator = Buffer.from(options.fieldMatchSeparator, "latin1");
    this.contextSeparator = Buffer.from(options.fieldContextSeparator, "latin1");
    this.groupSeparator =
      options.contextSeparator === undefined ? undefined : Buffer.from(options.contextSeparator, "latin1");
  }

  open(file: FoundFile, output: ByteWriter): void {
    this.writer.open(output);
    if (this.options.withFilename) this.path.set(file);
  }

  begin(binary: BinaryMode): void {
    this.hasMatch = false;
    this.wantsSeparator = false;
    this.binary = binary;
    this.binaryOffset = -1;
    this.tally.begin();
  }

  binaryData(offsetBytes: number): void {
    this.binaryOffset = offsetBytes;
  }

  private findMatches(line: Line): void {
    this.hasMatch = true;
    this.matches.clear();
    if (!this.needsMatches) return;
    this.matches.fill(this.matcher, line, this.options.lineTerminator, this.options.crlf);
  }

  matched(line: Line): boolean {
    this.findMatches(line);
    if (this.options.stats) {
      this.stats.matches += this.matches.count;
      this.stats.matchedLines += countLines(line, this.options.lineTerminator);
    }
    if (this.binary === "convert" && this.binaryOffset !== -1) return false;
    this.lineText.isContext = false;
    this.show(line);
    return true;
  }

  context(line: Line, _kind: ContextKind): boolean {
    this.matches.clear();
    if (this.options.invertMatch && this.needsMatches) {
      this.matches.fill(this.matcher, line, this.options.lineTerminator, this.options.crlf);
    }
    if (this.binary === "convert" && this.binaryOffset !== -1) return false;
    this.lineText.isContext = true;
    this.show(line);
    return true;
  }

  contextBreak(): void {
    if (this.groupSeparator === undefined) return;
    this.writer.write(this.groupSeparator);
    this.writer.write(this.lineText.lineEnding);
  }

  finish(searchedBytes: number, _binaryOffsetBytes: number): void {
    if (this.binaryOffset !== -1 && this.hasMatch) this.writeBinaryMessage();
    this.tally.finish(this.hasMatch, searchedBytes, this.writer.count);
  }

  private writeBinaryMessage(): void {
    if (this.binary === "none") return;
    if (this.options.withFilename) {
      this.writer.linkedPath(this.path.bytes);
      this.writer.writeText(": ");
    }
    this.writer.writeText(
      this.binary === "quit"
        ? `WARNING: stopped searching binary file after match (found "\\0" byte around offset ${this.binaryOffset})\n`
        : `binary file matches (found "\\0" byte around offset ${this.binaryOffset})\n`,
    );
  }

  private show(line: Line): void {
    this.beginFile();
    const { lineText, options, replacer } = this;
    lineText.text = line.bytes;
    lineText.textStart = line.start;
    lineText.textEnd = line.end;
    lineText.shown = this.matches;
    const isReplaced =
      (!lineText.isContext || options.invertMatch) &&
      replacer?.replace(line, options.lineTerminator, options.crlf) === true;
    if (replacer !== undefined && isReplaced) {
      lineText.text = replacer.bytes;
      lineText.textStart = 0;
      lineText.textEnd = replacer.length;
      lineText.shown = replacer.matches;
    }
    if (this.together !== undefined && !lineText.isContext) this.together.show(line);
    else this.showLine(line);
  }

  private showLine(line: Line): void {
    const { lineText, options } = this;
    const { shown, textStart, textEnd } = lineText;
    if (shown.count === 0) {
      this.writePrelude(line.offsetBytes, line.number, 0);
      lineText.writeLine(textStart, textEnd);
    } else if (options.onlyMatching) {
      for (let index = 0; index < shown.count; index++) {
        const start = shown.start(index);
        this.writePrelude(line.offsetBytes + start, line.number, start + 1);
        lineText.writeMatchAlone(textStart + start, textStart + shown.end(index));
      }
    } else if (options.perMatch) {
      for (let index = 0; index < shown.count; index++) {
        const start = shown.start(index);
        this.writePrelude(line.offsetBytes + start, line.number, start + 1);
        lineText.writeColored(index, index + 1);
      }
    } else {
      this.writePrelude(line.offsetBytes, line.number, shown.start(0) + 1);
      lineText.writeColored(0, shown.count);
    }
  }

  /** Called before a file's first line: marks that a separator is needed, and prints the path for --heading. */
  private beginFile(): void {
    if (this.writer.count > 0) return;
    this.wantsSeparator = true;
    if (!this.options.heading || !this.options.withFilename) return;
    this.writer.linkedPath(this.path.bytes);
    if (this.options.pathTerminator !== -1) this.writer.writeByte(this.options.pathTerminator);
    else this.writer.write(this.lineText.lineEnding);
  }

  private writePrelude(offsetBytes: number, lineNumber: number, column: number): void {
    const separator = this.lineText.isContext ? this.contextSeparator : this.matchSeparator;
    writePrelude(this.writer, this.options, this.path, separator, { offsetBytes, lineNumber, column });
  }
}
