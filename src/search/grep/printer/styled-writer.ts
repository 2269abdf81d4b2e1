/** Writes text in the styles of the terminal, and counts its bytes without escape sequences. */
import type { ByteWriter } from "./byte-writer.ts";
import { type ColorPart, isPlain, RESET, startSequence } from "./color.ts";
import { LINK_END, LinkTarget } from "./hyperlink.ts";
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
  private readonly links: LinkTarget | undefined;

  constructor(options: PrinterOptions, output: ByteWriter) {
    const { color, colors } = options;
    this.output = output;
    this.color = color;
    this.matchStyled = color && !isPlain(colors.match);
    this.highlightStyled = color && !isPlain(colors.highlight);
    this.links = color && options.hyperlinks ? new LinkTarget(options.hyperlinks) : undefined;
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

  /** There are links, and those of lines may differ from that of their file. */
  get linksLines(): boolean {
    return this.links?.isLineDependent === true;
  }

  /** True where there are links at all. */
  get hasLinks(): boolean {
    return this.links !== undefined;
  }

  /** Begins a link to a file or a line of it. @returns whether there is one, which `endLink` must end */
  beginLink(path: Uint8Array, line = 0, column = 0): boolean {
    const start = this.links?.start(path, line, column);
    if (start === undefined) return false;
    this.escape(start);
    return true;
  }

  endLink(): void {
    this.escape(LINK_END);
  }

  /** A path in its style, with a link where there are links. */
  linkedPath(path: Uint8Array): void {
    const isLinked = this.beginLink(path);
    this.styled("path", path);
    if (isLinked) this.endLink();
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
