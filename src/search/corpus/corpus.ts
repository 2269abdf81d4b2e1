/**
 * A corpus: the list of files that a backend searches repeatedly.
 *
 * Listing reads no file. The content is read when a backend loads the corpus (`loadInto`), directly into the backend's
 * memory. No other copy exists. Several backends may load the same corpus; each has a placement of its own.
 */
import { resolve } from "node:path";
import {
  badArgument,
  boolean,
  callback,
  currentDirectory,
  type Check,
  fullText,
  instance,
  iterableOf,
  listOf,
  type OptionChecks,
  oneOf,
  pathText,
  readOptions,
  text,
  whole,
  wholeOrInfinity,
  nowMs,
  SLICE_MS,
} from "../../base/index.ts";
import type { FoundFile } from "../contracts.ts";
import { type FileIdentity, walk, type WalkError, type WalkOptions } from "../walk/index.ts";
import { type FileTable, FileTableBuilder } from "./file-table.ts";
import { loadFiles } from "./loader.ts";
import type { Placement } from "./placement.ts";
import type { CorpusSink } from "./sink.ts";

/** Which files belong to a corpus (ripgrep's options), and how binary files are treated. */
export interface CorpusOptions extends Omit<WalkOptions, "environment"> {
  /** `-a`: no file counts as binary; the part after a NUL is loaded too. */
  readonly allText?: boolean;
}

/** Which files of a tree are searched: what of `CorpusOptions` can be told to another process. */
export type TreeOptions = Omit<CorpusOptions, "onError" | "onSkipped" | "skippedFile">;

const paths = listOf(pathText);

/** A change of the file types. */
const typeChange: Check = (name, value) => {
  readOptions<{ kind: string; name?: string; definition?: string }>(
    name,
    value,
    { kind: oneOf("select", "negate", "clear", "add"), name: text, definition: text },
    "kind",
    (value as { kind?: unknown }).kind === "add" ? "definition" : "name",
  );
};

const fileNumber: Check = (name, value) => {
  if (typeof value !== "bigint")
    throw badArgument(name, value, "a bigint, as `stat` gives with `bigint: true`");
};

const skippedFile: Check = (name, value) => {
  readOptions<FileIdentity>(name, value, { device: fileNumber, inode: fileNumber }, "device", "inode");
};

/** The checks of `TreeOptions`, for whoever takes them with options of its own. */
export const TREE_OPTIONS: OptionChecks<TreeOptions> = {
  allText: boolean,
  cwd: fullText,
  hidden: boolean,
  noIgnoreDot: boolean,
  noIgnoreVcs: boolean,
  noIgnoreGlobal: boolean,
  noIgnoreExclude: boolean,
  noIgnoreParent: boolean,
  noIgnoreFiles: boolean,
  requireGit: boolean,
  ignoreFileCaseInsensitive: boolean,
  ignoreFiles: paths,
  globs: listOf(text),
  iglobs: listOf(text),
  globCaseInsensitive: boolean,
  types: listOf(typeChange),
  maxDepth: wholeOrInfinity(0),
  maxFilesizeBytes: wholeOrInfinity(0),
  follow: boolean,
  oneFileSystem: boolean,
  sort: oneOf("path"),
};
const CORPUS_OPTIONS: OptionChecks<CorpusOptions> = {
  ...TREE_OPTIONS,
  skippedFile,
  onError: callback,
  onSkipped: callback,
};

/** A file that a caller found. */
const FOUND_FILE: OptionChecks<FoundFile> = {
  path: fullText,
  pathBytes: instance(Buffer, "a Buffer"),
  explicit: boolean,
};

/** A list of files that engines read into memory and search. */
export class Corpus {
  readonly files: FileTable;
  readonly allText: boolean;
  /** Paths that the walk could not reach, in ripgrep's words. */
  readonly walkErrors: readonly WalkError[];
  /** Duration of the listing in milliseconds. */
  readonly walkMs: number;

  private constructor(files: FileTable, allText: boolean, walkErrors: readonly WalkError[], walkMs: number) {
    this.files = files;
    this.allText = allText;
    this.walkErrors = walkErrors;
    this.walkMs = walkMs;
  }

  /** Number of files in the corpus. */
  get fileCount(): number {
    return this.files.fileCount;
  }

  /**
   * Lists the files below paths by ripgrep's rules.
   * @param from files and directories; if empty, the working directory
   * @throws EW_BAD_FLAG_VALUE for a glob or a type that does not parse, EW_BAD_ARGUMENT. Paths that cannot be walked
   * are in `walkErrors`
   */
  static async list(from: readonly string[], given: CorpusOptions = {}): Promise<Corpus> {
    paths("paths", from);
    const options = readOptions("the options of Corpus.list", given, CORPUS_OPTIONS);
    const startMs = nowMs();
    const folder = folderOf(options.cwd);
    const errors: WalkError[] = [];
    const { allText = false, onError, ...walkOptions } = options;
    const files = new FileTableBuilder();
    const noteError = (error: WalkError): void => {
      errors.push(error);
      onError?.(error);
    };
    let pauseMs = startMs;
    for (const file of walk(from, { ...walkOptions, onError: noteError })) {
      files.add(file);
      // A long walk must not block the caller's timers and sockets.
      if ((files.count & 63) === 0 && nowMs() - pauseMs > SLICE_MS) {
        await new Promise(setImmediate);
        pauseMs = nowMs();
      }
    }
    return new Corpus(files.seal(folder), allText, errors, nowMs() - startMs);
  }

  /** Makes a corpus of files that the caller has found. @throws EW_BAD_ARGUMENT */
  static fromFiles(
    found: Iterable<FoundFile>,
    options: { allText?: boolean; cwd?: string | undefined } = {},
  ): Corpus {
    const { allText = false, cwd } = readOptions<{ allText?: boolean; cwd?: string }>(
      "the options of Corpus.fromFiles",
      options,
      {
        allText: boolean,
        cwd: fullText,
      },
    );
    const startMs = nowMs();
    const files = new FileTableBuilder();
    for (const file of iterableOf("found", found, "an iterable of files"))
      files.add(readOptions<FoundFile>("a file", file, FOUND_FILE, "path"));
    return new Corpus(files.seal(folderOf(cwd)), allText, [], nowMs() - startMs);
  }

  /**
   * @internal Reads every file into a backend's memory. Files that cannot be read are in the placement's `errors`.
   * @param threads number of loader threads; by default as many as are worthwhile
   * @throws errors of the sink; EW_WORKER_DIED
   */
  async loadInto(sink: CorpusSink, options: { threads?: number } = {}): Promise<Placement> {
    if (typeof sink !== "object" || sink === null) throw badArgument("sink", sink, "the sink of a backend");
    const { threads } = readOptions<{ threads?: number }>("the options of loadInto", options, {
      threads: whole(0),
    });
    return loadFiles(this.files, sink, { allText: this.allText }, threads);
  }
}

/**
 * The folder for relative paths. It stays the same even if the process changes its folder before the files are read.
 */
function folderOf(cwd: string | undefined): string | undefined {
  const folder = currentDirectory();
  return folder === undefined ? cwd : resolve(folder, cwd ?? "");
}
