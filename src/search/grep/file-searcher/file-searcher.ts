/** Searches one file after another and prints what is found. Each thread makes its own from plain values. */
import { EverwarpError } from "../../../base/index.ts";
import type { FoundFile, Matcher } from "../../contracts.ts";
import type { ByteMatcherOptions } from "../../byte-regex/index.ts";
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
import { type Content, Preprocessor, type PreprocessorOptions } from "../../preprocessor/index.ts";

/** What a file searcher is made from. It can be posted to a worker thread. */
export interface FileSearcherArgs {
  matcher: Omit<ByteMatcherOptions, "createScanner">;
  searcher: SearcherOptions;
  printer: PrinterOptions;
  /** Undefined where no other program has a part in it. */
  preprocessor?: PreprocessorOptions | undefined;
}

/** What the search of one file found out. */
export interface FileResult {
  /** The file matched, as ripgrep's exit code counts it. For --files-without-match: nothing matched. */
  matched: boolean;
  /** A separator must precede this file's output even if one thread prints in order. */
  wantsSeparator: boolean;
  /**
   * "No such file or directory (os error 2)", or undefined if there was no error. There may be output in both
   * cases.
   */
  error: string | undefined;
}

/** Searches files, and appends the printed text to a writer. */
export interface FileSearcher {
  /**
   * Opens and searches `file`, and appends its output. "-", if the user named it, is standard input. A bad
   * file never throws.
   */
  search(file: FoundFile, output: ByteWriter): FileResult;
  /**
   * Searches a file that is in memory. `bytes` is not changed.
   * @param hits byte offsets in `bytes` that an engine found. Then `bytes` is not scanned
   */
  searchBytes(file: FoundFile, bytes: Buffer, output: ByteWriter, hits?: CandidateList): FileResult;
  /** Sums over all files so far. */
  readonly stats: SearchStats;
}

/** Standard input, under its printed name. */
const STDIN: FoundFile = { path: "<stdin>", explicit: true };

/** The file with its printed name. "-", if the user named it, is standard input. */
export function shownFile(file: FoundFile): FoundFile {
  return file.explicit && file.path === "-" ? STDIN : file;
}

/**
 * Makes a file searcher for this thread.
 * @param matcher made from `args.matcher`, with any scanner that the thread has
 * @param readingBuffer memory to read files into, which the scanner reads fastest
 * @param countLineFeeds counts line feeds in bytes[from, to), faster than a loop
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
  const preprocessor = args.preprocessor && new Preprocessor(args.preprocessor);
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
        const content = shown === STDIN ? undefined : preprocessor?.open(file);
        if (content !== undefined) return conclude(searchContent(content, file, files, printer));
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

/** Searches what another program made of a file. @returns what went wrong with the program */
function searchContent(
  content: Content,
  file: FoundFile,
  files: FileSearch,
  { stats }: { readonly stats: SearchStats },
): string | undefined {
  const before = { ...stats };
  let failure: string | undefined = "the search failed";
  try {
    files.searchReader(content.reader, file.explicit);
    failure = undefined;
  } finally {
    failure = content.close() ?? failure;
    // A file whose program failed does not count.
    if (failure !== undefined) Object.assign(stats, before);
  }
  return failure;
}
