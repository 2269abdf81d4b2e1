/** Puts the output of files one after another, with separators between them, and knows when enough was printed. */
import type { FoundFile } from "../contracts.ts";
import { type FileResult, shownFile } from "./file-searcher/index.ts";
import type { Messages } from "./messages.ts";
import type { GrepOptions } from "./options.ts";
import type { Output } from "./output.ts";
import {
  type EngineReport,
  type SearchStats,
  writeStatsBlock,
  writeSummaryMessage,
} from "./printer/index.ts";
import type { ResultTaker } from "./result-taker.ts";

/** Prints the results of files, and the statistics at the end. */
export class ResultPrinter implements ResultTaker {
  /** Some file matched. */
  matched = false;
  private readonly options: GrepOptions;
  private readonly output: Output;
  private readonly messages: Messages;
  private readonly separator: Buffer | undefined;
  private separatorBytes = 0;

  constructor(options: GrepOptions, output: Output, messages: Messages) {
    this.options = options;
    this.output = output;
    this.messages = messages;
    // With one thread, the separator's line ends like all lines. Between the buffers of several threads, it
    // ends in a line feed.
    const { crlf, lineTerminator } = options.searcher.searcher;
    const ownEnding = crlf ? "\r\n" : String.fromCharCode(lineTerminator);
    const lineEnding = options.threads === 1 ? ownEnding : "\n";
    if (options.fileSeparator !== undefined)
      this.separator = Buffer.from(options.fileSeparator + lineEnding, "latin1");
  }

  /** Prints a file's output. @returns false when nobody reads any more, or when enough is known */
  take(file: FoundFile, text: Uint8Array, result: FileResult): boolean {
    const { options, output, separator } = this;
    const matchedBefore = this.matched;
    if (result.matched) this.matched = true;
    // Of several threads, each prints what it has gathered when a file is done, and one that failed never is.
    const isAlone = options.threads === 1;
    // One thread writes the separator before a match, which may come to nothing: -r "" of a line feed.
    const isSeparate = isAlone ? result.wantsSeparator : text.length > 0;
    const isPrinted = isAlone ? isSeparate || text.length > 0 : isSeparate && result.error === undefined;
    if (isPrinted) {
      if (separator !== undefined && output.any && isSeparate) {
        output.writer.write(separator);
        this.separatorBytes += separator.length;
      }
      output.writer.write(text);
      output.any ||= text.length > 0;
      if (!output.settle()) {
        // One thread prints while it searches: a file during whose output the pipe closes has not matched yet.
        if (isAlone) this.matched = matchedBefore;
        return false;
      }
    }
    if (result.error !== undefined) {
      output.flush();
      this.messages.error(`${shownFile(file).path}: ${result.error}`);
    }
    return !(this.matched && options.quitAfterMatch);
  }

  /** Prints the statistics of the whole search. */
  printStats(stats: SearchStats, totalNs: number, report: EngineReport | undefined): void {
    const { options, output, separator } = this;
    // One thread writes separators itself, so there they are part of what was printed.
    if (options.threads === 1) stats.bytesPrinted += this.separatorBytes;
    if (options.searcher.printer.mode === "json") writeSummaryMessage(output.writer, stats, totalNs);
    else {
      if (separator !== undefined && output.any && options.threads > 1) output.writer.write(separator);
      writeStatsBlock(output.writer, stats, totalNs, report);
    }
    output.flush();
  }
}
