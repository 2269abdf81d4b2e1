/**
 * --json: one message per line, of the types begin, match, context and end. The summary is written at the end
 * of the search.
 */
import { isUtf8 } from "node:buffer";
import type { FoundFile, Matcher } from "../../contracts.ts";
import type { BinaryMode } from "../../content/index.ts";
import { type ContextKind, type Line, MatchList } from "../../searcher/index.ts";
import { ByteWriter } from "./byte-writer.ts";
import type { PrinterOptions } from "./options.ts";
import { countLines, type Printer } from "./printer.ts";
import { Replacer } from "./replace.ts";
import { type SearchStats, addStats, createStats, statsJson } from "./stats.ts";

/** Text if the bytes are UTF-8, else base64. */
function data(bytes: Buffer): string {
  return isUtf8(bytes)
    ? `{"text":${JSON.stringify(bytes.toString("utf8"))}}`
    : `{"bytes":"${bytes.toString("base64")}"}`;
}

/** Prints JSON messages. */
export class JsonPrinter implements Printer {
  hasMatch = false;
  readonly wantsSeparator = false;
  readonly stats = createStats();

  private readonly options: PrinterOptions;
  private readonly matcher: Matcher;
  private readonly matches = new MatchList();
  private readonly replacer: Replacer | undefined;
  private output = new ByteWriter(16);
  private startLength = 0;
  private startedNs = 0n;
  private path = "";
  private begun = false;
  private sums: SearchStats = createStats();
  private file: FoundFile = { path: "", explicit: false };

  constructor(options: PrinterOptions, matcher: Matcher) {
    this.options = options;
    this.matcher = matcher;
    this.replacer =
      options.replacement === undefined ? undefined : new Replacer(options.replacement, matcher);
  }

  open(file: FoundFile, output: ByteWriter): void {
    this.output = output;
    this.startLength = output.length;
    this.file = file;
    this.path = "";
  }

  begin(_binary: BinaryMode): void {
    this.startedNs = process.hrtime.bigint();
    this.hasMatch = false;
    this.begun = false;
    this.sums = createStats();
  }

  binaryData(): void {}

  matched(line: Line): boolean {
    this.hasMatch = true;
    this.writeBegin();
    const { lineTerminator, crlf } = this.options;
    this.matches.fill(this.matcher, line, lineTerminator, crlf);
    this.sums.matches += this.matches.count;
    this.sums.matchedLines += countLines(line, lineTerminator);
    this.writeLine("match", line);
    return true;
  }

  context(line: Line, _kind: ContextKind): boolean {
    this.writeBegin();
    this.matches.clear();
    if (this.options.invertMatch) {
      const { lineTerminator, crlf } = this.options;
      this.matches.fill(this.matcher, line, lineTerminator, crlf);
    }
    this.writeLine("context", line);
    return true;
  }

  contextBreak(): void {}

  finish(searchedBytes: number, binaryOffsetBytes: number): void {
    const { sums } = this;
    sums.elapsedNs = Number(process.hrtime.bigint() - this.startedNs);
    sums.searches = 1;
    sums.searchesWithMatch = this.hasMatch ? 1 : 0;
    sums.bytesSearched = searchedBytes;
    sums.bytesPrinted = this.output.length - this.startLength;
    addStats(this.stats, sums);
    if (!this.begun) return;
    const offset = binaryOffsetBytes === -1 ? "null" : binaryOffsetBytes;
    this.output.writeText(
      `{"type":"end","data":{"path":${this.path},"binary_offset":${offset},"stats":${statsJson(sums)}}}\n`,
    );
  }

  private writeBegin(): void {
    if (this.begun) return;
    const { path, pathBytes } = this.file;
    this.path = pathBytes === undefined ? `{"text":${JSON.stringify(path)}}` : data(pathBytes);
    this.output.writeText(`{"type":"begin","data":{"path":${this.path}}}\n`);
    this.begun = true;
  }

  private writeLine(type: "match" | "context", line: Line): void {
    const { bytes, start, end } = line;
    const { replacer, matches } = this;
    const { lineTerminator, crlf } = this.options;
    const replaced =
      replacer !== undefined && matches.count > 0 && replacer.replace(line, lineTerminator, crlf);
    const submatches: string[] = [];
    for (let index = 0; index < matches.count; index++) {
      const from = matches.start(index);
      const to = matches.end(index);
      const replacement = replaced ? `"replacement":${data(replacer.replacement(index))},` : "";
      submatches.push(
        `{"match":${data(bytes.subarray(start + from, start + to))},${replacement}"start":${from},"end":${to}}`,
      );
    }
    this.output.writeText(
      `{"type":"${type}","data":{"path":${this.path},"lines":${data(bytes.subarray(start, end))},` +
        `"line_number":${line.number === 0 ? "null" : line.number},"absolute_offset":${line.offsetBytes},` +
        `"submatches":[${submatches.join(",")}]}}\n`,
    );
  }
}
