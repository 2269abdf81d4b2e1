/** What a file searcher is made from: plain values that can be posted to a worker thread. */
import type { ByteMatcherOptions } from "../../byte-regex/index.ts";
import type { PreprocessorOptions } from "../../preprocessor/index.ts";
import type { SearcherOptions } from "../../searcher/index.ts";
import type { PrinterOptions } from "../printer/index.ts";

/** Patterns beside those of the search. */
export interface Conditions {
  /** Each of them must match. */
  readonly all: readonly string[];
  /** None of them may match. */
  readonly none: readonly string[];
}

/** What a file searcher is made from. It can be posted to a worker thread. */
export interface FileSearcherArgs {
  matcher: Omit<ByteMatcherOptions, "createScanner">;
  searcher: SearcherOptions;
  printer: PrinterOptions;
  /** Undefined where no other program has a part in it. */
  preprocessor?: PreprocessorOptions | undefined;
  /** What else a line must match, and what it must not. */
  lineConditions?: Conditions | undefined;
  /** What a file must match, and what it must not, to be searched. */
  fileConditions?: Conditions | undefined;
  /** Files may be searched again, so what can be read only once is kept: standard input, and pipes that were named. */
  searchesAgain?: boolean;
}
