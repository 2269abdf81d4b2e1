/** Writes text in the styles of the terminal, and counts its bytes without escape sequences. */
import type { ByteWriter } from "./byte-writer.ts";
import { type ColorPart, isPlain, RESET, startSequence } from "./color.ts";
import type { PrinterOptions } from "./options.ts";

/** Writes styled text into a byte writer. */
export class StyledWriter {
  readonly color: boolean;
  /** Matches have a style of their own. */
  readonly matchStyled: boolean;
  /** Matching lines have a style of their own. */
  readonly highlightStyled: boolean;
  /** Bytes that were written since `open`, without escape sequences. */
  get count(): number {
    return this.output.length - this.startLength - this.escapeBytes;
  }

  private output: ByteWriter;
  private startLength = 0;
  private escapeBytes = 0;
  private readonly starts: Record<ColorPart, Buffer>;
  private readonly stop = Buffer.from(RESET);

  constructor(options: PrinterOptions, output: ByteWriter) {
    const { color, colors } = options;
    this.output = output;
    this.color = color;
    this.matchStyled = color && !isPlain(colors.match);
    this.highlightStyled = color && !isPlain(colors.highlight);
    const start = (part: ColorPart): Buffer => Buffer.from(startSequence(colors[part]));
    this.starts = {
      path: start("path"),
      line: start("line"),
      column: start("column"),
      match: start("match"),
      highlight: start("highlight"),
    };
  }

  open(output: ByteWriter): void {
    this.output = output;
    this.startLength = output.length;
    this.escapeBytes = 0;
  }

  begin(part: ColorPart): void {
    if (this.color) this.escape(this.starts[part]);
  }

  end(): void {
    if (this.color) this.escape(this.stop);
  }

  styled(part: ColorPart, bytes: Uint8Array): void {
    this.begin(part);
    this.output.write(bytes);
    this.end();
  }

  styledNumber(part: ColorPart, value: number): void {
    this.begin(part);
    this.output.writeNumber(value);
    this.end();
  }

  write(bytes: Uint8Array): void {
    this.output.write(bytes);
  }

  writeRange(bytes: Uint8Array, from: number, to: number): void {
    this.output.writeRange(bytes, from, to);
  }

  writeByte(byte: number): void {
    this.output.writeByte(byte);
  }

  writeText(text: string): void {
    this.output.writeText(text);
  }

  private escape(sequence: Buffer): void {
    this.output.write(sequence);
    this.escapeBytes += sequence.length;
  }
}
