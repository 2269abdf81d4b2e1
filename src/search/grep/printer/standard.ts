/**
 * ripgrep's usual output: lines, each after its path, line number, column and byte offset, as far as they are
 * wanted.
 */
import type { FoundFile, Matcher } from "../../contracts.ts";
import type { BinaryMode } from "../../content/index.ts";
import { type ContextKind, type Line, MatchList } from "../../searcher/index.ts";
import { ByteWriter } from "./byte-writer.ts";
import { endOfCharacters } from "./characters.ts";
import type { PrinterOptions } from "./options.ts";
import { writePrelude } from "./prelude.ts";
import { PathText, type Printer, Tally } from "./printer.ts";
import { Replacer } from "./replace.ts";
import { StyledWriter } from "./styled-writer.ts";

/** Blank space before text, for --trim. */
function isBlank(byte: number | undefined): boolean {
  return byte === 32 || (byte !== undefined && byte >= 9 && byte <= 13);
}

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
  private readonly lineEnding: Buffer;
  private readonly matchSeparator: Buffer;
  private readonly contextSeparator: Buffer;
  private readonly groupSeparator: Buffer | undefined;
  private binary: BinaryMode = "none";
  private binaryOffset = -1;
  private inColorMatch = false;

  // The text that is printed: the line, or the line with its matches replaced.
  private text: Buffer = Buffer.alloc(0);
  private textStart = 0;
  private textEnd = 0;
  private shown: MatchList = this.matches;
  private isContext = false;

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
    this.lineEnding = options.crlf ? Buffer.from("\r\n") : Buffer.from([options.lineTerminator]);
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
      this.stats.matchedLines++;
    }
    if (this.binary === "convert" && this.binaryOffset !== -1) return false;
    this.isContext = false;
    this.show(line);
    return true;
  }

  context(line: Line, _kind: ContextKind): boolean {
    this.matches.clear();
    if (this.options.invertMatch && this.needsMatches) {
      this.matches.fill(this.matcher, line, this.options.lineTerminator, this.options.crlf);
    }
    if (this.binary === "convert" && this.binaryOffset !== -1) return false;
    this.isContext = true;
    this.show(line);
    return true;
  }

  contextBreak(): void {
    if (this.groupSeparator === undefined) return;
    this.writer.write(this.groupSeparator);
    this.writer.write(this.lineEnding);
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
    this.text = line.bytes;
    this.textStart = line.start;
    this.textEnd = line.end;
    this.shown = this.matches;
    if (this.replacer !== undefined && (!this.isContext || this.options.invertMatch)) {
      const { replacer, options } = this;
      if (replacer.replace(line, options.lineTerminator, options.crlf)) {
        this.text = replacer.bytes;
        this.textStart = 0;
        this.textEnd = replacer.length;
        this.shown = replacer.matches;
      }
    }
    const { shown, options } = this;
    if (shown.count === 0) {
      this.writePrelude(line.offsetBytes, line.number, 0);
      this.writeLine(this.textStart, this.textEnd);
    } else if (options.onlyMatching) {
      for (let index = 0; index < shown.count; index++) {
        const start = shown.start(index);
        this.writePrelude(line.offsetBytes + start, line.number, start + 1);
        this.writeMatchAlone(this.textStart + start, this.textStart + shown.end(index));
      }
    } else if (options.perMatch) {
      for (let index = 0; index < shown.count; index++) {
        const start = shown.start(index);
        this.writePrelude(line.offsetBytes + start, line.number, start + 1);
        this.writeColored(index, index + 1);
      }
    } else {
      this.writePrelude(line.offsetBytes, line.number, shown.start(0) + 1);
      this.writeColored(0, shown.count);
    }
  }

  /** Called before a file's first line: marks that a separator is needed, and prints the path for --heading. */
  private beginFile(): void {
    if (this.writer.count > 0) return;
    this.wantsSeparator = true;
    if (!this.options.heading || !this.options.withFilename) return;
    this.writer.linkedPath(this.path.bytes);
    if (this.options.pathTerminator !== -1) this.writer.writeByte(this.options.pathTerminator);
    else this.writer.write(this.lineEnding);
  }

  private writePrelude(offsetBytes: number, lineNumber: number, column: number): void {
    const separator = this.isContext ? this.contextSeparator : this.matchSeparator;
    writePrelude(this.writer, this.options, this.path, separator, { offsetBytes, lineNumber, column });
  }

  private trimmedStart(start: number, end: number): number {
    if (!this.options.trim) return start;
    let at = start;
    while (at < end && isBlank(this.text[at]) && !this.lineEnding.includes(this.text[at] as number)) at++;
    return at;
  }

  private endsLine(start: number, end: number): boolean {
    return end > start && this.text[end - 1] === this.options.lineTerminator;
  }

  private withoutTerminator(start: number, end: number): number {
    if (!this.endsLine(start, end)) return end;
    return this.options.crlf && end - 2 >= 0 && this.text[end - 2] === 13
      ? Math.max(start, end - 2)
      : end - 1;
  }

  /** Writes a line without colour. */
  private writeLine(from: number, end: number): void {
    const start = this.trimmedStart(from, end);
    if (end - start > this.options.maxColumns) {
      this.writeExceeded(start, end, 0, this.shown.count, start);
      return;
    }
    this.writer.writeRange(this.text, start, end);
    if (!this.endsLine(start, end)) this.writer.write(this.lineEnding);
  }

  /** Writes the line with matches [first, last) in colour. */
  private writeColored(first: number, last: number): void {
    if (!this.writer.matchStyled) {
      this.writeLine(this.textStart, this.textEnd);
      return;
    }
    const start = this.trimmedStart(this.textStart, this.textEnd);
    if (this.textEnd - this.textStart > this.options.maxColumns) {
      this.writeExceeded(start, this.textEnd, first, last, this.textStart);
      return;
    }
    this.writeColoredRange(start, this.textEnd, first, last, this.textStart);
    this.writer.write(this.lineEnding);
  }

  /** Writes one match (-o). All of it is in colour. */
  private writeMatchAlone(start: number, end: number): void {
    if (!this.writer.matchStyled) {
      this.writeLine(start, end);
      return;
    }
    const from = this.trimmedStart(start, end);
    if (end - start > this.options.maxColumns) {
      this.writeExceeded(from, end, -1, 0, start);
      return;
    }
    this.writeWholeMatch(from, end);
    this.writer.write(this.lineEnding);
  }

  private writeWholeMatch(start: number, end: number): void {
    const to = this.withoutTerminator(start, end);
    this.startHighlight();
    if (start < to) {
      this.startColorMatch();
      this.writer.writeRange(this.text, start, to);
    }
    this.endColorMatch();
    this.endHighlight();
  }

  /**
   * Writes the text from `start` to `end` with matches [first, last) in colour. Their offsets count from
   * `base`.
   */
  private writeColoredRange(start: number, end: number, first: number, last: number, base: number): void {
    const to = this.withoutTerminator(start, end);
    if (first >= last) {
      this.writer.writeRange(this.text, start, to);
      return;
    }
    this.startHighlight();
    let at = start;
    let index = first;
    while (at < to) {
      const matchStart = base + this.shown.start(index);
      const matchEnd = base + this.shown.end(index);
      if (matchEnd <= at) {
        if (index + 1 < last) {
          index++;
          continue;
        }
        this.endColorMatch();
        this.writer.writeRange(this.text, at, to);
        break;
      }
      const upTo = Math.min(to, at < matchStart ? matchStart : matchEnd);
      if (at < matchStart) this.endColorMatch();
      else this.startColorMatch();
      this.writer.writeRange(this.text, at, upTo);
      at = upTo;
    }
    this.endColorMatch();
    this.endHighlight();
  }

  private startColorMatch(): void {
    if (this.inColorMatch) return;
    this.writer.begin("match");
    this.inColorMatch = true;
  }

  private endColorMatch(): void {
    if (!this.inColorMatch) return;
    if (this.writer.highlightStyled && !this.isContext) this.writer.begin("highlight");
    else this.writer.end();
    this.inColorMatch = false;
  }

  private startHighlight(): void {
    if (this.writer.highlightStyled && !this.isContext) this.writer.begin("highlight");
  }

  private endHighlight(): void {
    if (this.writer.highlightStyled && !this.isContext) this.writer.end();
  }

  /**
   * Writes what replaces a line that is too long. `first` is −1 if the whole text is one match.
   * @param base the offsets of matches count from here
   */
  private writeExceeded(start: number, end: number, first: number, last: number, base: number): void {
    const { options, writer } = this;
    if (options.maxColumnsPreview) {
      const to = this.previewEnd(start, end);
      const alone = first === -1;
      const count = alone ? 1 : last - first;
      if (!writer.matchStyled || count === 0)
        writer.writeRange(this.text, start, this.withoutTerminator(start, to));
      else if (alone) this.writeWholeMatch(start, to);
      else this.writeColoredRange(start, to, first, last, base);
      if (count === 0) writer.writeText(" [... omitted end of long line]");
      else {
        const remaining = alone ? 0 : this.countBehind(first, last, to - base, end - base);
        writer.writeText(` [... ${remaining} more ${remaining === 1 ? "match" : "matches"}]`);
      }
    } else if (this.matches.count === 0 || options.onlyMatching)
      writer.writeText(this.isContext ? "[Omitted long context line]" : "[Omitted long matching line]");
    else writer.writeText(`[Omitted long line with ${this.matches.count} matches]`);
    writer.write(this.lineEnding);
  }

  /**
   * Number of matches [first, last) that begin in [from, end). They ascend. A line may have very many
   * matches, and each may be printed separately.
   */
  private countBehind(first: number, last: number, from: number, end: number): number {
    const firstFrom = (offset: number): number => {
      let low = first;
      let high = last;
      while (low < high) {
        const middle = (low + high) >>> 1;
        if (this.shown.start(middle) < offset) low = middle + 1;
        else high = middle;
      }
      return low;
    };
    return firstFrom(end) - firstFrom(from);
  }

  private previewEnd(start: number, end: number): number {
    return endOfCharacters(this.text, start, end, this.options.maxColumns);
  }
}
