/**
 * The second stage of the arguments: ready to run. Here flags meet each other, the terminal and the disk, and defaults are decided
 * as ripgrep decides them.
 */
import { statSync } from "node:fs";
import { availableParallelism } from "node:os";
import {
  type FileSearcherArgs,
  type BinaryMode,
  DEFAULT_WINDOW_BYTES,
  type ColorSpecs,
  applyColorSpec,
  DEFAULT_COLOR_SPECS,
  checkReplacement,
  systemErrorText,
  type TypeChange,
  type WalkOptions,
} from "../../search/index.ts";
import type { Environment } from "../terminal/index.ts";
import { type LowArgs, type Mode, type SortKey, contextLines } from "./flag-values.ts";
import { collectPatterns } from "./patterns.ts";

export interface HiArgs {
  mode: Mode;
  /** What each thread needs to search files; cloneable. */
  searcher: FileSearcherArgs;
  /** Empty: the working directory, and paths are printed without "./". "-" is standard input. */
  paths: string[];
  /** No path was given, so it is worth telling when nothing was searched. */
  implicitPath: boolean;
  walk: WalkOptions;
  sort: { key: SortKey; reverse: boolean } | undefined;
  /** 1 also means that output is joined as ripgrep's one-threaded printer does. */
  threads: number;
  /** So many threads may search. Output in order needs no single thread here. */
  workerThreads: number;
  /** False: no line can match, so nothing is opened. */
  matchesPossible: boolean;
  quiet: boolean;
  quitAfterMatch: boolean;
  stats: boolean;
  /** Stands on a line between the output of two files; undefined for none. Bytes as a latin1 string. */
  fileSeparator: string | undefined;
  messages: boolean;
  ignoreMessages: boolean;
  /** Output is flushed after each file. */
  flushEachFile: boolean;
  engine: { device: string; strategy: string | undefined; persistent: boolean };
}

function isDirectory(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;
}

/** stat, where a path that cannot be looked at is neither file nor directory. */
function probe(path: string, test: (path: string) => boolean): boolean {
  try {
    return test(path);
  } catch (error) {
    if (systemErrorText(error) !== undefined) return false;
    throw error;
  }
}

function typeChanges(low: LowArgs): TypeChange[] {
  return low.typeChanges.map((change) => {
    if ("select" in change) return { kind: "select", name: change.select };
    if ("negate" in change) return { kind: "negate", name: change.negate };
    if ("clear" in change) return { kind: "clear", name: change.clear };
    return { kind: "add", definition: change.add };
  });
}

function walkOptions(low: LowArgs, { stdoutFile }: Environment): WalkOptions {
  return {
    hidden: low.hidden,
    noIgnoreDot: low.noIgnoreDot,
    noIgnoreVcs: low.noIgnoreVcs,
    noIgnoreGlobal: low.noIgnoreGlobal,
    noIgnoreExclude: low.noIgnoreExclude,
    noIgnoreParent: low.noIgnoreParent,
    noIgnoreFiles: low.noIgnoreFiles,
    requireGit: !low.noRequireGit,
    ignoreFileCaseInsensitive: low.ignoreFileCaseInsensitive,
    ignoreFiles: low.ignoreFiles,
    globs: low.globs,
    iglobs: low.iglobs,
    globCaseInsensitive: low.globCaseInsensitive,
    types: typeChanges(low),
    ...(low.maxDepth === undefined ? {} : { maxDepth: low.maxDepth }),
    ...(low.maxFilesizeBytes === undefined ? {} : { maxFilesizeBytes: low.maxFilesizeBytes }),
    follow: low.follow,
    oneFileSystem: low.oneFileSystem,
    // A list of files may hold the file that it is written to; a search does not search what it has just written.
    ...(low.mode.kind === "search" && stdoutFile !== undefined ? { skippedFile: stdoutFile } : {}),
    ...(low.sort === undefined ? {} : walkOrder(low.sort)),
  };
}

/** What the walk does for a sort; times, and reversing, come after it. */
function walkOrder({ key, reverse }: NonNullable<LowArgs["sort"]>): Pick<WalkOptions, "sort"> {
  if (key !== "path") return { sort: "directory" };
  return reverse ? {} : { sort: "path" };
}

function colorSpecs(low: LowArgs): ColorSpecs {
  const specs = { ...DEFAULT_COLOR_SPECS };
  for (const text of low.colors) applyColorSpec(specs, text);
  return specs;
}

function binaryModes(low: LowArgs): { explicit: BinaryMode; implicit: BinaryMode } {
  if (low.binary === "asText") return { explicit: "none", implicit: "none" };
  return { explicit: "convert", implicit: low.binary === "searchAndSuppress" ? "convert" : "quit" };
}

/** What -o, -v and counts make of each other. */
function settledMode(low: LowArgs): Mode {
  const { mode } = low;
  if (mode.kind !== "search") return mode;
  if (mode.search === "countMatches" && low.invertMatch) return { kind: "search", search: "count" };
  if (mode.search === "count" && low.onlyMatching) return { kind: "search", search: "countMatches" };
  return mode;
}

/** @throws EverwarpError for values that cannot be used together or in this place */
export function toHiArgs(low: LowArgs, environment: Environment): HiArgs {
  const mode = settledMode(low);
  const search = mode.kind === "search" ? mode.search : "standard";
  const { patterns, paths, stdinConsumed } = collectPatterns(low);
  const { stdoutIsTerminal } = environment;

  const implicitPath = paths.length === 0;
  const searchStdin = implicitPath && mode.kind === "search" && !stdinConsumed && environment.stdinIsReadable;
  const givenPaths = searchStdin ? ["-"] : paths;
  const isOneFile =
    givenPaths.length === 1 && (givenPaths[0] === "-" || !probe(givenPaths[0] as string, isDirectory));
  const onlyStdin = givenPaths.length === 1 && givenPaths[0] === "-";

  const isJson = mode.kind === "search" && search === "json";
  const stats = mode.kind === "search" && (low.stats || isJson);
  const color =
    low.color === "always" ||
    low.color === "ansi" ||
    (low.color === "auto" && stdoutIsTerminal && terminalHasColor(environment));
  const column = low.column ?? low.vimgrep;
  const heading = low.heading === undefined ? !low.vimgrep && stdoutIsTerminal : low.heading && !low.vimgrep;
  const workerThreads = isOneFile ? 1 : (low.threads ?? Math.min(availableParallelism(), 12));
  const threads = low.sort === undefined ? workerThreads : 1;
  const withFilename = low.withFilename ?? (low.vimgrep || !isOneFile);
  const { before, after } = contextLines(low.context);
  const limited = low.context !== "passthru";
  const isStandard = mode.kind === "search" && search === "standard";
  const fileSeparator = !isStandard
    ? undefined
    : heading
      ? ""
      : limited && before + after > 0
        ? low.contextSeparator
        : undefined;
  const lineNumber =
    low.lineNumber ??
    (!low.quiet &&
      mode.kind === "search" &&
      (isJson || (search === "standard" && ((stdoutIsTerminal && !onlyStdin) || column || low.vimgrep))));
  const asOnePiece =
    low.mmap === "always" ||
    (low.mmap === "auto" &&
      givenPaths.length > 0 &&
      givenPaths.length <= 10 &&
      givenPaths.every((path) => probe(path, (each) => statSync(each).isFile())));
  const binary = binaryModes(low);
  if (low.replacement !== undefined) checkReplacement(low.replacement, patterns, low.fixedStrings);

  return {
    mode,
    searcher: {
      matcher: {
        patterns,
        fixedStrings: low.fixedStrings,
        caseMode: low.caseMode,
        wordRegexp: low.boundary === "word",
        lineRegexp: low.boundary === "line",
        unicode: !low.noUnicode,
        crlf: low.crlf,
        allowNul: binary.explicit === "none",
      },
      searcher: {
        lineTerminator: 10,
        crlf: low.crlf,
        invertMatch: low.invertMatch,
        beforeContext: before,
        afterContext: after,
        passthru: !limited,
        lineNumber,
        maxCount: low.maxCount ?? Infinity,
        stopOnNonmatch: low.stopOnNonmatch,
        binaryExplicit: binary.explicit,
        binaryImplicit: binary.implicit,
        encoding: low.encoding,
        asOnePiece,
        windowBytes: DEFAULT_WINDOW_BYTES,
      },
      printer: {
        mode: search,
        quiet: low.quiet,
        stats,
        color,
        colors: colorSpecs(low),
        heading,
        withFilename,
        column,
        byteOffset: low.byteOffset,
        onlyMatching: low.onlyMatching,
        perMatch: low.vimgrep,
        trim: low.trim,
        maxColumns: low.maxColumns ?? Infinity,
        maxColumnsPreview: low.maxColumnsPreview,
        replacement: low.replacement,
        includeZero: low.includeZero,
        contextSeparator: low.contextSeparator,
        fieldMatchSeparator: low.fieldMatchSeparator,
        fieldContextSeparator: low.fieldContextSeparator,
        pathTerminator: low.null ? 0 : -1,
        pathSeparator: low.pathSeparator === undefined ? -1 : low.pathSeparator.charCodeAt(0),
        lineTerminator: 10,
        crlf: low.crlf,
        invertMatch: low.invertMatch,
      },
    },
    paths: givenPaths,
    implicitPath,
    walk: walkOptions(low, environment),
    sort: low.sort,
    threads,
    workerThreads,
    matchesPossible: (patterns.length > 0 || low.invertMatch) && low.maxCount !== 0,
    quiet: low.quiet,
    quitAfterMatch: low.quiet && !stats,
    stats,
    fileSeparator,
    messages: !low.noMessages,
    ignoreMessages: !low.noMessages && !low.noIgnoreMessages,
    flushEachFile: low.buffer === "line" || (low.buffer === "auto" && stdoutIsTerminal),
    engine: { device: low.device, strategy: low.strategy, persistent: low.persistent },
  };
}

/** A terminal that says it is dumb, or a user who wants none, gets no colour unless it is asked for. */
function terminalHasColor({ env }: Environment): boolean {
  return env["TERM"] !== undefined && env["TERM"] !== "dumb" && env["NO_COLOR"] === undefined;
}
