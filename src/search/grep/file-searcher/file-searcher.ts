/** Everything for searching one file after another and printing what is found, made from plain values: one per thread. */
import { EverwarpError } from "../../../base/index.ts";
import type { FoundFile, Matcher } from "../../contracts.ts";
import type { MatcherOptions } from "../../matcher/index.ts";
import {
  type ByteWriter,
  createPrinter,
  showsDetails,
  type PrinterOptions,
  type SearchStats,
} from "../printer/index.ts";
import {
  type CandidateList,
  FileSearch,
  type ReadingBuffer,
  type LineFeedCounter,
  type SearcherOptions,
} from "../../searcher/index.ts";
import { systemErrorText } from "../../content/index.ts";

/** Can be posted to a worker thread. */
export interface FileSearcherArgs {
  matcher: Omit<MatcherOptions, "createScanner">;
  searcher: SearcherOptions;
  printer: PrinterOptions;
}

export interface FileResult {
  /** As ripgrep's exit code counts it: for --files-without-match, that nothing matched. */
  matched: boolean;
  /** Even where one thread prints in order, a separator stands between this file's output and the one before it. */
  wantsSeparator: boolean;
  /** "No such file or directory (os error 2)"; undefined when all went well. Output may have been written all the same. */
  error: string | undefined;
}

export interface FileSearcher {
  /** Opens and searches `file` ("-" named by the user is standard input) and appends its output. A bad file never throws. */
  search(file: FoundFile, output: ByteWriter): FileResult;
  /**
   * Searches a file that lies in memory; `bytes` is not changed.
   * @param hits byte offsets that an engine found in `bytes`, so that they are not scanned again
   */
  searchBytes(file: FoundFile, bytes: Buffer, output: ByteWriter, hits?: CandidateList): FileResult;
  /** Sums over all files so far. */
  readonly stats: SearchStats;
}

/** Standard input as it is printed. */
const STDIN: FoundFile = { path: "<stdin>", explicit: true };

/** The file under the name that is printed: "-", where the user named it, is standard input. */
export function shownFile(file: FoundFile): FoundFile {
  return file.explicit && file.path === "-" ? STDIN : file;
}

/**
 * @param matcher made from `args.matcher`, with whatever scanner the thread has
 * @param readingBuffer gives memory that this scanner reads fastest, for files to be read into
 * @param countLineFeeds counts them in bytes[from, to), faster than a loop
 */
export function createFileSearcher(
  args: FileSearcherArgs,
  matcher: Matcher,
  readingBuffer?: ReadingBuffer,
  countLineFeeds?: LineFeedCounter,
): FileSearcher {
  const printer = createPrinter(args.printer, matcher);
  const files = new FileSearch(
    args.searcher,
    matcher,
    printer,
    showsDetails(args.printer),
    readingBuffer,
    countLineFeeds,
  );
  const result: FileResult = { matched: false, wantsSeparator: false, error: undefined };
  const conclude = (error: string | undefined): FileResult => {
    result.matched = error === undefined && printer.hasMatch;
    result.wantsSeparator = printer.wantsSeparator;
    result.error = error;
    return result;
  };
  return {
    stats: printer.stats,
    search(file, output) {
      const shown = shownFile(file);
      printer.open(shown, output);
      try {
        if (shown === STDIN) files.searchStdin();
        else files.searchFile(file);
      } catch (error) {
        const text = error instanceof EverwarpError ? error.message : systemErrorText(error);
        if (text === undefined) throw error;
        return conclude(text);
      }
      return conclude(undefined);
    },
    searchBytes(file, bytes, output, hits) {
      printer.open(file, output);
      files.searchBytes(bytes, file.explicit, hits);
      return conclude(undefined);
    },
  };
}
