/**
 * The second stage of the arguments: decided options. Here flags are combined with each other, the terminal
 * and the disk, and ripgrep's defaults are applied.
 */
import { statSync } from "node:fs";
import { availableParallelism } from "node:os";
import {
  type GrepMode,
  type GrepOptions,
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
import { type FlagValues, contextLines } from "./flag-values.ts";
import { collectPatterns } from "./patterns.ts";

function isDirectory(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;
}

/** Tests a path. A path that cannot be examined is neither a file nor a directory. */
function probe(path: string, test: (path: string) => boolean): boolean {
  try {
    return test(path);
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

function walkOptions(flags: FlagValues, { stdoutFile }: Environment): WalkOptions {
  return {
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
  if (key !== "path") return { sort: "directory" };
  return reverse ? {} : { sort: "path" };
}

function colorSpecs(flags: FlagValues): ColorSpecs {
  const specs = { ...DEFAULT_COLOR_SPECS };
  for (const text of flags.colors) applyColorSpec(specs, text);
  return specs;
}

function binaryModes(flags: FlagValues): { explicit: BinaryMode; implicit: BinaryMode } {
  if (flags.binary === "asText") return { explicit: "none", implicit: "none" };
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

/**
 * Decides the options of a search.
 * @throws EW_BAD_ARGUMENT, EW_BAD_FLAG_VALUE for values that cannot be used, or not together. Also the errors
 * of `collectPatterns`
 */
export function toGrepOptions(flags: FlagValues, environment: Environment): GrepOptions {
  const mode = settledMode(flags);
  const search = mode.kind === "search" ? mode.search : "standard";
  const { patterns, paths, stdinConsumed } = collectPatterns(flags);
  const { stdoutIsTerminal } = environment;

  const implicitPath = paths.length === 0;
  const searchStdin = implicitPath && mode.kind === "search" && !stdinConsumed && environment.stdinIsReadable;
  const givenPaths = searchStdin ? ["-"] : paths;
  const isOneFile =
    givenPaths.length === 1 && (givenPaths[0] === "-" || !probe(givenPaths[0] as string, isDirectory));
  const onlyStdin = givenPaths.length === 1 && givenPaths[0] === "-";

  const isJson = mode.kind === "search" && search === "json";
  const stats = mode.kind === "search" && (flags.stats || isJson);
  const color =
    flags.color === "always" ||
    flags.color === "ansi" ||
    (flags.color === "auto" && stdoutIsTerminal && terminalHasColor(environment));
  const column = flags.column ?? flags.vimgrep;
  const heading =
    flags.heading === undefined ? !flags.vimgrep && stdoutIsTerminal : flags.heading && !flags.vimgrep;
  const workerThreads = isOneFile ? 1 : (flags.threads ?? Math.min(availableParallelism(), 12));
  const threads = flags.sort === undefined ? workerThreads : 1;
  const withFilename = flags.withFilename ?? (flags.vimgrep || !isOneFile);
  const { before, after } = contextLines(flags.context);
  const limited = flags.context !== "passthru";
  const isStandard = mode.kind === "search" && search === "standard";
  const fileSeparator = !isStandard
    ? undefined
    : heading
      ? ""
      : limited && before + after > 0
        ? flags.contextSeparator
        : undefined;
  const lineNumber =
    flags.lineNumber ??
    (!flags.quiet &&
      mode.kind === "search" &&
      (isJson || (search === "standard" && ((stdoutIsTerminal && !onlyStdin) || column || flags.vimgrep))));
  const asOnePiece =
    flags.mmap === "always" ||
    (flags.mmap === "auto" &&
      givenPaths.length > 0 &&
      givenPaths.length <= 10 &&
      givenPaths.every((path) => probe(path, (each) => statSync(each).isFile())));
  const binary = binaryModes(flags);
  if (flags.replacement !== undefined) checkReplacement(flags.replacement, patterns, flags.fixedStrings);

  return {
    mode,
    searcher: {
      matcher: {
        patterns,
        fixedStrings: flags.fixedStrings,
        caseMode: flags.caseMode,
        wordRegexp: flags.boundary === "word",
        lineRegexp: flags.boundary === "line",
        unicode: !flags.noUnicode,
        crlf: flags.crlf,
        allowNul: binary.explicit === "none",
      },
      searcher: {
        lineTerminator: 10,
        crlf: flags.crlf,
        invertMatch: flags.invertMatch,
        beforeContext: before,
        afterContext: after,
        passthru: !limited,
        lineNumber,
        maxCount: flags.maxCount ?? Infinity,
        stopOnNonmatch: flags.stopOnNonmatch,
        binaryExplicit: binary.explicit,
        binaryImplicit: binary.implicit,
        encoding: flags.encoding,
        asOnePiece,
        windowBytes: DEFAULT_WINDOW_BYTES,
      },
      printer: {
        mode: search,
        quiet: flags.quiet,
        stats,
        color,
        colors: colorSpecs(flags),
        heading,
        withFilename,
        column,
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
        lineTerminator: 10,
        crlf: flags.crlf,
        invertMatch: flags.invertMatch,
      },
    },
    paths: givenPaths,
    implicitPath,
    walk: walkOptions(flags, environment),
    sort: flags.sort,
    threads,
    workerThreads,
    matchesPossible: (patterns.length > 0 || flags.invertMatch) && flags.maxCount !== 0,
    quiet: flags.quiet,
    quitAfterMatch: flags.quiet && !stats,
    stats,
    fileSeparator,
    messages: !flags.noMessages,
    ignoreMessages: !flags.noMessages && !flags.noIgnoreMessages,
    flushEachFile: flags.buffer === "line" || (flags.buffer === "auto" && stdoutIsTerminal),
    engine: { device: flags.device, strategy: flags.strategy, persistent: flags.persistent },
  };
}

/** A terminal whose TERM is "dumb" gets no colour unless the user asks for it. The same is true with NO_COLOR. */
function terminalHasColor({ env }: Environment): boolean {
  return env["TERM"] !== undefined && env["TERM"] !== "dumb" && env["NO_COLOR"] === undefined;
}
