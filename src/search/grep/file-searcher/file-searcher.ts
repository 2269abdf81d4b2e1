/** Searches one file after another and prints what is found. Each thread makes its own from plain values. */
import { closeSync, openSync, statSync } from "node:fs";
import { EverwarpError } from "../../../base/index.ts";
import type { FoundFile, Matcher } from "../../contracts.ts";
import { type ByteWriter, createPrinter, showsDetails, type SearchStats } from "../printer/index.ts";
import {
  type CandidateList,
  FileSearch,
  type ReadingBuffer,
  type LineFeedCounter,
} from "../../searcher/index.ts";
import {
  type ByteReader,
  DescriptorReader,
  MemoryReader,
  placeOf,
  readAll,
  systemErrorText,
} from "../../content/index.ts";
import { type Content, Preprocessor } from "../../preprocessor/index.ts";
import type { FileSearcherArgs } from "./args.ts";
import { type FileCondition, FileConditions, type SearchOnce } from "./file-conditions.ts";

/** What the search of one file found out. */
export interface FileResult {
  /** The file matched, as ripgrep's exit code counts it. For --files-without-match: nothing matched. */
  matched: boolean;
  /** Matching lines, as -m counts them. Where one match decides (-l), the rest may not be counted. */
  count: number;
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
  /** Of each further file, only so many matching lines are looked for, and never more than -m allows. */
  limit(maxCount: number): void;
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
 * @param fileConditions made from `args.fileConditions`
 */
export function createFileSearcher(
  args: FileSearcherArgs,
  matcher: Matcher,
  readingBuffer?: ReadingBuffer,
  countLineFeeds?: LineFeedCounter,
  fileConditions: readonly FileCondition[] = [],
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
  const conditions = new FileConditions(args, fileConditions, readingBuffer, countLineFeeds);
  const ways = new SearchWays(args);
  const result: FileResult = { matched: false, count: 0, wantsSeparator: false, error: undefined };
  const conclude = (error: string | undefined, isSearched = true): FileResult => {
    result.matched = isSearched && error === undefined && printer.hasMatch;
    result.count = result.matched && args.printer.mode !== "filesWithoutMatch" ? files.count : 0;
    result.wantsSeparator = isSearched && printer.wantsSeparator;
    result.error = error;
    return result;
  };
  const searchIfMet = (search: SearchOnce, searchMain = search): FileResult => {
    const isSearched = conditions.areMet(search);
    if (isSearched) searchMain(files);
    return conclude(undefined, isSearched);
  };
  return {
    stats: printer.stats,
    limit: (maxCount) => files.limit(maxCount),
    search(file, output) {
      const shown = shownFile(file);
      printer.open(shown, output);
      try {
        const content = shown === STDIN ? undefined : preprocessor?.open(file);
        if (content === undefined) return searchIfMet(ways.of(file));
        const search = (reader: ByteReader): FileResult =>
          searchIfMet(conditions.isEmpty ? searchReader(reader, file) : searchAll(readAll(reader), file));
        const failure = searchContent(content, search, printer);
        return failure === undefined ? result : conclude(failure);
      } catch (error) {
        const text = error instanceof EverwarpError ? error.message : systemErrorText(error);
        if (text === undefined) throw error;
        return conclude(text);
      }
    },
    searchBytes(file, bytes, output, hits) {
      printer.open(file, output);
      return searchIfMet(
        (some) => some.searchBytes(bytes, file.explicit),
        (main) => main.searchBytes(bytes, file.explicit, hits),
      );
    },
  };
}

const searchReader =
  (reader: ByteReader, file: FoundFile): SearchOnce =>
  (files) =>
    files.searchReader(reader, file.explicit);

const searchAll =
  (bytes: Buffer, file: FoundFile): SearchOnce =>
  (files) =>
    files.searchReader(new MemoryReader(bytes, 0), file.explicit);

/** How each file is searched. Where files are searched more than once, a stream is read once and kept. */
class SearchWays {
  readonly #keeps: boolean;
  readonly #directory: string | undefined;
  readonly #kept = new Map<string, Buffer>();

  constructor({ fileConditions, searchesAgain, searcher }: FileSearcherArgs) {
    this.#keeps = fileConditions !== undefined || searchesAgain === true;
    this.#directory = searcher.directory;
  }

  /** @throws a system error where the file is a stream that cannot be read */
  of(file: FoundFile): SearchOnce {
    const isStdin = shownFile(file) === STDIN;
    if (!this.#keeps || !(isStdin || this.#isStream(file)))
      return (files) => (isStdin ? files.searchStdin() : files.searchFile(file));
    const bytes = this.#bytesOf(file, isStdin);
    return isStdin ? searchAll(bytes, file) : (files) => files.searchBytes(bytes, file.explicit);
  }

  /** Only what the user named can be one: a walk finds regular files. */
  #isStream(file: FoundFile): boolean {
    return file.explicit && statSync(placeOf(file, this.#directory)).isFile() === false;
  }

  #bytesOf(file: FoundFile, isStdin: boolean): Buffer {
    let bytes = this.#kept.get(file.path);
    if (bytes === undefined) {
      const descriptor = isStdin ? 0 : openSync(placeOf(file, this.#directory), "r");
      try {
        bytes = readAll(new DescriptorReader(descriptor, Buffer.alloc(0)));
      } finally {
        if (!isStdin) closeSync(descriptor);
      }
      this.#kept.set(file.path, bytes);
    }
    return bytes;
  }
}

/** Searches what another program made of a file. @returns what went wrong with the program */
function searchContent(
  content: Content,
  search: (reader: ByteReader) => void,
  { stats }: { readonly stats: SearchStats },
): string | undefined {
  const before = { ...stats };
  let failure: string | undefined = "the search failed";
  try {
    search(content.reader);
    failure = undefined;
  } finally {
    failure = content.close() ?? failure;
    // A file whose program failed does not count.
    if (failure !== undefined) Object.assign(stats, before);
  }
  return failure;
}
