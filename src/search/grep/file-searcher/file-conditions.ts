/**
 * Files that must match further patterns, or must not (--file-and, --file-not), before they are searched.
 *
 * Invariant: a file matches a pattern here exactly if `-l` with that pattern would show it, with the same options for
 * decoding the file. Options about the lines that are shown, such as -v and -m, do not count here.
 */
import type { Matcher } from "../../contracts.ts";
import { FileSearch, type LineFeedCounter, type ReadingBuffer } from "../../searcher/index.ts";
import { ByteWriter, createPrinter, type PrinterOptions } from "../printer/index.ts";
import type { FileSearcherArgs } from "./args.ts";

/** A pattern that a file must match, or must not. */
export interface FileCondition {
  readonly matcher: Matcher;
  /** Must the file match? */
  readonly isWanted: boolean;
}

/** Searches a file in one of the ways that `FileSearch` has. */
export type SearchOnce = (files: FileSearch) => void;

/** Decides which files are searched. */
export class FileConditions {
  readonly #checks: readonly ((search: SearchOnce) => boolean)[];
  readonly #unused = new ByteWriter(16);

  constructor(
    args: FileSearcherArgs,
    conditions: readonly FileCondition[],
    readingBuffer?: ReadingBuffer,
    countLineFeeds?: LineFeedCounter,
  ) {
    const searcher = {
      ...args.searcher,
      invertMatch: false,
      beforeContext: 0,
      afterContext: 0,
      passthru: false,
      lineNumber: false,
      maxCount: Infinity,
      stopOnNonmatch: false,
    };
    const printed: PrinterOptions = { ...args.printer, mode: "filesWithMatches", quiet: true, stats: false };
    this.#checks = conditions.map(({ matcher, isWanted }) => {
      const printer = createPrinter(printed, matcher);
      const files = new FileSearch(searcher, matcher, printer, false, readingBuffer, countLineFeeds);
      return (search) => {
        printer.open({ path: "", explicit: false }, this.#unused);
        search(files);
        return printer.hasMatch === isWanted;
      };
    });
  }

  /** Is there nothing to ask of any file? */
  get isEmpty(): boolean {
    return this.#checks.length === 0;
  }

  /** Does the file meet all conditions? @param search searches the file, and is called once for each condition */
  areMet(search: SearchOnce): boolean {
    return this.#checks.every((check) => check(search));
  }
}
