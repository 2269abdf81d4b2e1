/** Shows lines that match together, because a match has several lines or ends where the next one begins. */
import { lineEnd } from "../../content/index.ts";
import type { Line } from "../../searcher/index.ts";
import type { LineText } from "./line-text.ts";
import type { PrinterOptions } from "./options.ts";
import type { StyledWriter } from "./styled-writer.ts";

/** Writes what stands before a line. Line number and column are 0 where they are not shown. */
export type WritePrelude = (offsetBytes: number, lineNumber: number, column: number) => void;

/** A line of the text that is shown, as indexes. */
interface ShownLine {
  /** Counted from the first line. */
  readonly index: number;
  readonly start: number;
  readonly end: number;
}

/** Shows the lines of a `LineText`, which are those of one match or of several. */
export class LinesTogether {
  private readonly options: PrinterOptions;
  private readonly writer: StyledWriter;
  private readonly lineText: LineText;
  private readonly writePrelude: WritePrelude;

  constructor(options: PrinterOptions, writer: StyledWriter, lineText: LineText, writePrelude: WritePrelude) {
    this.options = options;
    this.writer = writer;
    this.lineText = lineText;
    this.writePrelude = writePrelude;
  }

  show(line: Line): void {
    if (this.lineText.shown.count === 0) this.showPlain(line);
    else if (this.options.onlyMatching) this.showMatches(line);
    else if (this.options.perMatch) this.showEachMatch(line);
    else this.showLines(line);
  }

  private *lines(): Generator<ShownLine, void, void> {
    const { text, textStart, textEnd } = this.lineText;
    for (let start = textStart, index = 0; start < textEnd; index++) {
      const end = lineEnd(text, start, textEnd, this.options.lineTerminator);
      yield { index, start, end };
      start = end;
    }
  }

  private showPlain(line: Line): void {
    for (const { index, start, end } of this.lines()) {
      this.writePrelude(line.offsetBytes + start - this.lineText.textStart, numberOf(line, index), 0);
      this.lineText.writeLine(start, end);
    }
  }

  private showLines(line: Line): void {
    const { lineText, writer, options } = this;
    const { textStart, shown } = lineText;
    for (const { index, start: from, end } of this.lines()) {
      this.writePrelude(line.offsetBytes + from - textStart, numberOf(line, index), shown.start(0) + 1);
      const start = lineText.trimmedStart(from, end);
      if (end - start > options.maxColumns) {
        lineText.writeExceeded(start, end, 0, shown.count, textStart);
        continue;
      }
      lineText.writeColoredRange(start, end, 0, shown.count, textStart);
      writer.write(lineText.lineEnding);
    }
  }

  /** -o: the part of each line that a match has. */
  private showMatches(line: Line): void {
    const { lineText } = this;
    const { shown, textStart } = lineText;
    let match = 0;
    for (const { index, start, end } of this.lines()) {
      const to = lineText.withoutTerminator(start, end);
      let at = lineText.trimmedStart(start, to);
      while (at < to) {
        const matchStart = textStart + shown.start(match);
        const matchEnd = textStart + shown.end(match);
        if (matchEnd <= at) {
          if (match + 1 >= shown.count) break;
          match++;
        } else if (at < matchStart) at = Math.min(to, matchStart);
        else {
          const upTo = Math.min(to, matchEnd);
          this.writePrelude(
            line.offsetBytes + shown.start(match),
            numberOf(line, index),
            shown.start(match) + 1,
          );
          this.writePart(at, upTo);
          at = upTo;
        }
      }
    }
  }

  private writePart(start: number, end: number): void {
    const { lineText, writer, options } = this;
    const { shown, text, textStart } = lineText;
    if (end - start > options.maxColumns) {
      lineText.writeExceeded(start, end, 0, shown.count, textStart);
      return;
    }
    writer.styled("match", text.subarray(start, end));
    writer.write(lineText.lineEnding);
  }

  /** --vimgrep: the first line of each match. */
  private showEachMatch(line: Line): void {
    const { lineText, writer, options } = this;
    const { shown, textStart } = lineText;
    for (let match = 0; match < shown.count; match++) {
      const matchStart = textStart + shown.start(match);
      const matchEnd = textStart + shown.end(match);
      for (const { index, start, end } of this.lines()) {
        if (start >= matchEnd) break;
        if (end <= matchStart) continue;
        const column = Math.max(0, matchStart - start) + 1;
        this.writePrelude(line.offsetBytes + start - textStart, numberOf(line, index), column);
        const to = lineText.withoutTerminator(start, end);
        const from = lineText.trimmedStart(start, to);
        if (to - from > options.maxColumns) {
          // As in ripgrep, the lines behind it are shown then.
          lineText.writeExceeded(from, to, match, match + 1, textStart);
          continue;
        }
        this.writeAround(from, to, matchStart, matchEnd);
        writer.write(lineText.lineEnding);
        break;
      }
    }
  }

  /** A line with one match in colour. */
  private writeAround(start: number, end: number, matchStart: number, matchEnd: number): void {
    const { writer } = this;
    const { text } = this.lineText;
    const [first, last] = [
      Math.min(Math.max(start, matchStart), end),
      Math.min(Math.max(start, matchEnd), end),
    ];
    writer.writeRange(text, start, first);
    if (first < last) writer.styled("match", text.subarray(first, last));
    writer.writeRange(text, last, end);
  }
}

const numberOf = (line: Line, index: number): number => (line.number === 0 ? 0 : line.number + index);
