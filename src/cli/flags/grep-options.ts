/**
 * The second stage of the arguments: decided options. Here flags are combined with each other, the terminal
 * and the disk, and ripgrep's defaults are applied.
 */
import { statSync, type Stats } from "node:fs";
import { availableParallelism } from "node:os";
import { EverwarpError, systemPath } from "../../base/index.ts";
import {
  inDirectory,
  type Conditions,
  type GrepMode,
  type GrepOptions,
  type PrinterMode,
  type BinaryMode,
  DEFAULT_WINDOW_BYTES,
  type ColorSpecs,
  applyColorSpec,
  DEFAULT_COLOR_SPECS,
  systemErrorText,
  type TypeChange,
  type WalkOptions,
} from "../../search/index.ts";
import type { CommandContext } from "../terminal/index.ts";
import { type FlagValues, contextLines } from "./flag-values.ts";
import { hyperlinksOf } from "./hyperlinks.ts";
import { collectPatterns } from "./patterns.ts";

const NUL = 0;
const LINE_FEED = 10;

/** Tests a path. A path that cannot be examined is neither a file nor a directory. */
function probe(path: string, test: (stats: Stats) => boolean): boolean {
  try {
    return test(statSync(systemPath(path)));
  } catch (error) {
    if (systemErrorText(error) !== undefined) return false;
    throw error;
  }
}

function typeChanges(flags: FlagValues): TypeChange[] {
  return flags.typeChanges.map((change) => {
    if ("select" in change) return { kind: "select", name: change.select };
    if ("negate" in change) return { kind: "negate", name: change.negate };
    if ("clear" in change) return { kind: "clear", name: change.clear };
    return { kind: "add", definition: change.add };
  });
}

function walkOptions(flags: FlagValues, { cwd, env, stdoutFile }: CommandContext): WalkOptions {
  return {
    ...(cwd === undefined ? {} : { cwd }),
    environment: { HOME: env["HOME"], XDG_CONFIG_HOME: env["XDG_CONFIG_HOME"] },
    hidden: flags.hidden,
    noIgnoreDot: flags.noIgnoreDot,
    noIgnoreVcs: flags.noIgnoreVcs,
    noIgnoreGlobal: flags.noIgnoreGlobal,
    noIgnoreExclude: flags.noIgnoreExclude,
    noIgnoreParent: flags.noIgnoreParent,
    noIgnoreFiles: flags.noIgnoreFiles,
    requireGit: !flags.noRequireGit,
    ignoreFileCaseInsensitive: flags.ignoreFileCaseInsensitive,
    ignoreFiles: flags.ignoreFiles,
    globs: flags.globs,
    iglobs: flags.iglobs,
    globCaseInsensitive: flags.globCaseInsensitive,
    types: typeChanges(flags),
    ...(flags.maxDepth === undefined ? {} : { maxDepth: flags.maxDepth }),
    ...(flags.maxFilesizeBytes === undefined ? {} : { maxFilesizeBytes: flags.maxFilesizeBytes }),
    follow: flags.follow,
    oneFileSystem: flags.oneFileSystem,
    // A list of files may contain the file that it is written to. A search skips the file that it writes to.
    ...(flags.mode.kind === "search" && stdoutFile !== undefined ? { skippedFile: stdoutFile } : {}),
    ...(flags.sort === undefined ? {} : walkOrder(flags.sort)),
  };
}

/** How the walk helps to sort. Sorting by time and reversing are done after it. */
function walkOrder({ key, reverse }: NonNullable<FlagValues["sort"]>): Pick<WalkOptions, "sort"> {
  if (key === "count") return { sort: "path" };
  if (key !== "path") return { sort: "directory" };
  return reverse ? {} : { sort: "path" };
}

function colorSpecs(flags: FlagValues): ColorSpecs {
  const specs = { ...DEFAULT_COLOR_SPECS };
  for (const text of flags.colors) applyColorSpec(specs, text);
  return specs;
}

function binaryModes(flags: FlagValues): { explicit: BinaryMode; implicit: BinaryMode } {
  if (flags.binary === "asText" || flags.nullData) return { explicit: "none", implicit: "none" };
  return { explicit: "convert", implicit: flags.binary === "searchAndSuppress" ? "convert" : "quit" };
}

/** The mode after -o, -v and counts are combined. */
function settledMode(flags: FlagValues): GrepMode {
  const { mode } = flags;
  if (mode.kind !== "search") return mode;
  if (mode.search === "countMatches" && flags.invertMatch) return { kind: "search", search: "count" };
  if (mode.search === "count" && flags.onlyMatching) return { kind: "search", search: "countMatches" };
  return mode;
}

/** What several options depend on. */
interface Decided {
  readonly flags: FlagValues;
  readonly mode: GrepMode;
  /** What is printed for each file. */
  readonly printed: PrinterMode;
  readonly patterns: string[];
  /** Paths, with "-" where standard input is searched because no path was given. */
  readonly paths: string[];
  /** One file or standard input is searched, and nothing else. */
  readonly isOneFile: boolean;
  readonly stats: boolean;
  readonly binary: { readonly explicit: BinaryMode; readonly implicit: BinaryMode };
  readonly before: number;
  readonly after: number;
  readonly heading: boolean;
}

/**
 * Decides the options of a search.
 * @throws EW_BAD_ARGUMENT, EW_BAD_FLAG_VALUE for values that cannot be used, or not together. Also the errors of
 * `collectPatterns`
 */
export function toGrepOptions(flags: FlagValues, context: CommandContext): GrepOptions {
  const mode = settledMode(flags);
  const isSearch = mode.kind === "search";
  const printed = isSearch ? mode.search : "standard";
  const { patterns, paths, stdinConsumed } = collectPatterns(flags, context.cwd);
  const { cwd, stdoutIsTerminal } = context;
  const implicitPath = paths.length === 0;
  const searchStdin = implicitPath && isSearch && !stdinConsumed && context.stdinIsReadable;
  const givenPaths = searchStdin ? ["-"] : paths;
  const isOneFile =
    givenPaths.length === 1 &&
    (givenPaths[0] === "-" ||
      !probe(inDirectory(cwd, givenPaths[0] as string), (stats) => stats.isDirectory()));
  const stats = isSearch && (flags.stats || printed === "json");
  const decided: Decided = {
    flags,
    mode,
    printed,
    patterns,
    paths: givenPaths,
    isOneFile,
    stats,
    binary: binaryModes(flags),
    ...contextLines(flags.context),
    heading:
      flags.heading === undefined ? !flags.vimgrep && stdoutIsTerminal : flags.heading && !flags.vimgrep,
  };
  refuseUncounted(flags);
  const workerThreads = workerThreadsOf(decided, cwd);
  return {
    mode,
    searcher: {
      matcher: matcherOptions(decided),
      searcher: searcherOptions(decided, context),
      printer: printerOptions(decided, context),
      preprocessor: preprocessorOptions(flags),
      ...conditionsOf(flags),
      searchesAgain: flags.maxTotal !== undefined && flags.sort?.key === "count",
    },
    paths: givenPaths,
    implicitPath,
    walk: walkOptions(flags, context),
    sort: flags.sort,
    threads: flags.sort === undefined ? workerThreads : 1,
    workerThreads,
    matchesPossible:
      (patterns.length > 0 || flags.invertMatch) && flags.maxCount !== 0 && flags.maxTotal !== 0,
    maxTotal: flags.maxTotal,
    quiet: flags.quiet,
    quitAfterMatch: flags.quiet && !stats,
    stats,
    fileSeparator: fileSeparator(decided),
    messages: !flags.noMessages,
    namesEngine: flags.engine === "auto",
    log: flags.log,
    ignoreMessages: !flags.noMessages && !flags.noIgnoreMessages,
    flushEachFile: flags.buffer === "line" || (flags.buffer === "auto" && stdoutIsTerminal),
    engine: engineOf(flags),
  };
}

function engineOf({ device, strategy, persistent, polite }: FlagValues): GrepOptions["engine"] {
  return { device, strategy, persistent, polite };
}

function workerThreadsOf(decided: Decided, directory: string | undefined): number {
  const { flags, isOneFile } = decided;
  if (isOneFile || (flags.maxTotal !== undefined && mustStopExactly(decided, directory))) return 1;
  return flags.threads ?? Math.min(availableParallelism(), 12);
}

const sortsByCount = ({ sort }: FlagValues): boolean => sort?.key === "count";

/** @throws EW_BAD_ARGUMENT where lines are to be counted that are not told one by one */
function refuseUncounted(flags: FlagValues): void {
  if (!flags.multiline || !flags.invertMatch) return;
  if (flags.maxTotal === undefined && !sortsByCount(flags)) return;
  const name = flags.maxTotal === undefined ? "--sort count" : "--max-total";
  throw new EverwarpError(
    "EW_BAD_ARGUMENT",
    `${name} counts matching lines, and with -U and -v together none are counted`,
    { remedy: "Leave out -U, if no match has several lines." },
  );
}

/**
 * Must no file be searched further than the limit of all files allows? Statistics tell of all that was searched, and a
 * stream can be read only once. Else threads may search ahead, and what is too much is left out.
 */
function mustStopExactly({ flags, stats, paths }: Decided, directory: string | undefined): boolean {
  if (sortsByCount(flags)) return false;
  return stats || !paths.every((path) => probe(inDirectory(directory, path), (found) => found.isDirectory()));
}

/** The further patterns. @throws EW_BAD_ARGUMENT for patterns of lines where matches may have several lines */
function conditionsOf({
  lineConditions,
  fileConditions,
  multiline,
}: FlagValues): Pick<GrepOptions["searcher"], "lineConditions" | "fileConditions"> {
  const given = (conditions: Conditions): Conditions | undefined =>
    conditions.all.length + conditions.none.length > 0 ? conditions : undefined;
  const lines = given(lineConditions);
  if (multiline && lines !== undefined)
    throw new EverwarpError(
      "EW_BAD_ARGUMENT",
      "--and and --not are about single lines, and with -U/--multiline a match may have several",
      { remedy: "Leave out -U, or ask whole files with --file-and and --file-not." },
    );
  return { lineConditions: lines, fileConditions: given(fileConditions) };
}

function matcherOptions({ flags, patterns, binary }: Decided): GrepOptions["searcher"]["matcher"] {
  return {
    patterns,
    fixedStrings: flags.fixedStrings,
    caseMode: flags.caseMode,
    wordRegexp: flags.boundary === "word",
    lineRegexp: flags.boundary === "line",
    unicode: !flags.noUnicode,
    crlf: flags.crlf,
    allowNul: binary.explicit === "none",
    multiline: flags.multiline,
    dotAll: flags.multilineDotall,
    nullData: flags.nullData,
    maxSizeBytes: flags.regexSizeLimitBytes,
    maxStatesBytes: flags.dfaSizeLimitBytes,
  };
}

function searcherOptions(decided: Decided, context: CommandContext): GrepOptions["searcher"]["searcher"] {
  const { flags, paths, binary, before, after } = decided;
  const asOnePiece =
    flags.mmap === "always" ||
    (flags.mmap === "auto" &&
      paths.length > 0 &&
      paths.length <= 10 &&
      paths.every((path) => probe(inDirectory(context.cwd, path), (stats) => stats.isFile())));
  return {
    directory: context.cwd,
    lineTerminator: flags.nullData ? NUL : LINE_FEED,
    crlf: flags.crlf,
    invertMatch: flags.invertMatch,
    beforeContext: before,
    afterContext: after,
    passthru: flags.context === "passthru",
    lineNumber: flags.lineNumber ?? wantsLineNumbers(decided, context),
    maxCount: Math.min(
      flags.maxCount ?? Infinity,
      sortsByCount(flags) ? Infinity : (flags.maxTotal ?? Infinity),
    ),
    stopOnNonmatch: flags.stopOnNonmatch,
    binaryExplicit: binary.explicit,
    binaryImplicit: binary.implicit,
    encoding: flags.encoding,
    asOnePiece,
    windowBytes: DEFAULT_WINDOW_BYTES,
  };
}

/** Line numbers are printed on a terminal, unless standard input alone is searched, and with columns. */
function wantsLineNumbers({ flags, mode, printed, paths }: Decided, context: CommandContext): boolean {
  if (flags.quiet || mode.kind !== "search") return false;
  if (printed === "json") return true;
  const onlyStdin = paths.length === 1 && paths[0] === "-";
  const wantsColumn = flags.column ?? flags.vimgrep;
  return printed === "standard" && ((context.stdoutIsTerminal && !onlyStdin) || wantsColumn || flags.vimgrep);
}

function printerOptions(decided: Decided, context: CommandContext): GrepOptions["searcher"]["printer"] {
  const { flags, printed, stats, heading, isOneFile } = decided;
  const color =
    flags.color === "always" ||
    flags.color === "ansi" ||
    (flags.color === "auto" && context.stdoutIsTerminal && terminalHasColor(context));
  return {
    mode: printed,
    quiet: flags.quiet,
    stats,
    seesAllLines: sortsByCount(flags) && !flags.quiet,
    color,
    hyperlinks: hyperlinksOf(flags, color, context.env),
    colors: colorSpecs(flags),
    heading,
    withFilename: flags.withFilename ?? (flags.vimgrep || !isOneFile),
    column: flags.column ?? flags.vimgrep,
    byteOffset: flags.byteOffset,
    onlyMatching: flags.onlyMatching,
    perMatch: flags.vimgrep,
    trim: flags.trim,
    maxColumns: flags.maxColumns ?? Infinity,
    maxColumnsPreview: flags.maxColumnsPreview,
    replacement: flags.replacement,
    includeZero: flags.includeZero,
    contextSeparator: flags.contextSeparator,
    fieldMatchSeparator: flags.fieldMatchSeparator,
    fieldContextSeparator: flags.fieldContextSeparator,
    pathTerminator: flags.null ? 0 : -1,
    pathSeparator: flags.pathSeparator === undefined ? -1 : flags.pathSeparator.charCodeAt(0),
    lineTerminator: flags.nullData ? NUL : LINE_FEED,
    crlf: flags.crlf,
    invertMatch: flags.invertMatch,
  };
}

function preprocessorOptions(flags: FlagValues): GrepOptions["searcher"]["preprocessor"] {
  const { preprocessor: program, preprocessorGlobs: globs, searchZip: unpacks } = flags;
  return program === undefined && !unpacks && globs.length === 0 ? undefined : { program, globs, unpacks };
}

/** What separates the output of two files: an empty line below headings, else the separator of contexts. */
function fileSeparator({ flags, mode, printed, heading, before, after }: Decided): string | undefined {
  if (mode.kind !== "search" || printed !== "standard") return undefined;
  if (heading) return "";
  return flags.context !== "passthru" && before + after > 0 ? flags.contextSeparator : undefined;
}

/** A terminal whose TERM is "dumb" gets no colour unless the user asks for it. The same is true with NO_COLOR. */
function terminalHasColor({ env }: CommandContext): boolean {
  return env["TERM"] !== undefined && env["TERM"] !== "dumb" && env["NO_COLOR"] === undefined;
}
