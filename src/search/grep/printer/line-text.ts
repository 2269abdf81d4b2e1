/** Writes the text of a line: trimmed, with its matches in colour, or with words in the place of what is too long. */
import type { MatchList } from "../../searcher/index.ts";
import { endOfCharacters } from "./characters.ts";
import type { PrinterOptions } from "./options.ts";
import type { StyledWriter } from "./styled-writer.ts";

/** Blank space before text, for --trim. */
function isBlank(byte: number | undefined): boolean {
  return byte === 32 || (byte !== undefined && byte >= 9 && byte <= 13);
}

/** The text that is printed: lines, or lines with their matches replaced. One object serves all lines. */
export class LineText {
  text: Buffer = Buffer.alloc(0);
  textStart = 0;
  textEnd = 0;
  /** Matches, counted from `textStart`. */
  shown: MatchList;
  isContext = false;
  readonly lineEnding: Buffer;
  private readonly options: PrinterOptions;
  private readonly writer: StyledWriter;
  /** The matches before any was replaced. */
  private readonly matches: MatchList;
  private inColorMatch = false;

  constructor(options: PrinterOptions, writer: StyledWriter, matches: MatchList) {
    this.options = options;
    this.writer = writer;
    this.matches = matches;
    this.shown = matches;
    this.lineEnding = options.crlf ? Buffer.from("\r\n") : Buffer.from([options.lineTerminator]);
  }

  /** Where text begins that is printed. */
  trimmedStart(start: number, end: number): number {
    if (!this.options.trim) return start;
    let at = start;
    while (at < end && isBlank(this.text[at]) && !this.lineEnding.includes(this.text[at] as number)) at++;
    return at;
  }

  private endsLine(start: number, end: number): boolean {
    return end > start && this.text[end - 1] === this.options.lineTerminator;
  }

  /** Where text ends before its terminator. */
  withoutTerminator(start: number, end: number): number {
    if (!this.endsLine(start, end)) return end;
    return this.options.crlf && end - 2 >= 0 && this.text[end - 2] === 13
      ? Math.max(start, end - 2)
      : end - 1;
  }

  /** Writes a line without colour. */
  writeLine(from: number, end: number): void {
    const start = this.trimmedStart(from, end);
    if (end - start > this.options.maxColumns) {
      this.writeExceeded(start, end, 0, this.shown.count, start);
      return;
    }
    this.writer.writeRange(this.text, start, end);
    if (!this.endsLine(start, end)) this.writer.write(this.lineEnding);
  }

  /** Writes the line with matches [first, last) in colour. */
  writeColored(first: number, last: number): void {
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
  writeMatchAlone(start: number, end: number): void {
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
  writeColoredRange(start: number, end: number, first: number, last: number, base: number): void {
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
  writeExceeded(start: number, end: number, first: number, last: number, base: number): void {
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
