/**
 * The first stage of the arguments: what the user typed. Nothing here depends on the terminal, the disk or
 * other flags.
 */

import type { Conditions, GrepMode, LinkPart, SortKey } from "../../search/index.ts";

/** What `--generate` makes. */
export type Generated = "man" | "complete-bash" | "complete-zsh" | "complete-fish" | "complete-powershell";

/** What the user asked for instead of a search. */
export type Special = "helpShort" | "helpLong" | "versionShort" | "versionLong" | { generate: Generated };

/** Where a pattern comes from: the command line, or a file with one pattern per line. */
export type PatternSource = { pattern: string } | { file: string };

/** One use of --type, --type-not, --type-add or --type-clear. */
export type TypeChange = { clear: string } | { add: string } | { select: string } | { negate: string };

/** The values of all flags, and the other arguments. */
export interface FlagValues {
  special: Special | undefined;
  mode: GrepMode;
  positional: string[];
  patterns: PatternSource[];
  binary: "auto" | "searchAndSuppress" | "asText";
  boundary: "line" | "word" | undefined;
  buffer: "auto" | "line" | "block";
  byteOffset: boolean;
  caseMode: "sensitive" | "insensitive" | "smart";
  color: "never" | "auto" | "always" | "ansi";
  colors: string[];
  column: boolean | undefined;
  /** -A and -B win over -C wherever they are. --passthru and these three replace each other. */
  context: "passthru" | { before?: number; after?: number; both?: number };
  contextSeparator: string | undefined;
  crlf: boolean;
  dfaSizeLimitBytes: number | undefined;
  encoding: string;
  /** There is one engine; this is what was asked for. */
  engine: "default" | "auto";
  fieldContextSeparator: string;
  fieldMatchSeparator: string;
  fixedStrings: boolean;
  follow: boolean;
  globCaseInsensitive: boolean;
  globs: string[];
  heading: boolean | undefined;
  hidden: boolean;
  /** Byte text. */
  hostnameProgram: string | undefined;
  hyperlinkParts: readonly LinkPart[];
  iglobs: string[];
  ignoreFiles: string[];
  ignoreFileCaseInsensitive: boolean;
  includeZero: boolean;
  invertMatch: boolean;
  lineNumber: boolean | undefined;
  log: "none" | "debug" | "trace";
  maxColumns: number | undefined;
  maxColumnsPreview: boolean;
  maxCount: number | undefined;
  maxDepth: number | undefined;
  maxFilesizeBytes: number | undefined;
  mmap: "auto" | "always" | "never";
  multiline: boolean;
  multilineDotall: boolean;
  noConfig: boolean;
  noIgnoreDot: boolean;
  noIgnoreExclude: boolean;
  noIgnoreFiles: boolean;
  noIgnoreGlobal: boolean;
  noIgnoreMessages: boolean;
  noIgnoreParent: boolean;
  noIgnoreVcs: boolean;
  noMessages: boolean;
  noRequireGit: boolean;
  noUnicode: boolean;
  null: boolean;
  nullData: boolean;
  oneFileSystem: boolean;
  onlyMatching: boolean;
  pathSeparator: string | undefined;
  /** Byte text. */
  preprocessor: string | undefined;
  preprocessorGlobs: readonly string[];
  quiet: boolean;
  regexSizeLimitBytes: number | undefined;
  replacement: string | undefined;
  searchZip: boolean;
  sort: { key: SortKey; reverse: boolean } | undefined;
  stats: boolean;
  stopOnNonmatch: boolean;
  threads: number | undefined;
  trim: boolean;
  typeChanges: TypeChange[];
  unrestricted: number;
  vimgrep: boolean;
  withFilename: boolean | undefined;
  // Flags that only everwarp has.
  device: string;
  strategy: string | undefined;
  persistent: boolean;
  polite: boolean;
  daemon: string | undefined;
  lineConditions: Conditions;
  fileConditions: Conditions;
  maxTotal: number | undefined;
}

/** Which engine answers. */
const ENGINE_DEFAULTS = {
  device: "auto",
  engine: "default" as const,
  strategy: undefined,
  persistent: false,
  polite: false,
  daemon: undefined,
};

/** What a match may be. */
const MATCHING_DEFAULTS = {
  crlf: false,
  dfaSizeLimitBytes: undefined,
  multiline: false,
  multilineDotall: false,
  nullData: false,
  regexSizeLimitBytes: undefined,
};

const NO_CONDITIONS: Conditions = { all: [], none: [] };

/** How files are read, and how output is linked. Lists are replaced and never changed in place, so all share them. */
const SHARED_DEFAULTS = {
  hostnameProgram: undefined,
  hyperlinkParts: [] as readonly LinkPart[],
  log: "none" as const,
  preprocessor: undefined,
  preprocessorGlobs: [] as readonly string[],
  searchZip: false,
  lineConditions: NO_CONDITIONS,
  fileConditions: NO_CONDITIONS,
  maxTotal: undefined,
  ...ENGINE_DEFAULTS,
};

/** The values if no flag is given. */
export function defaultFlagValues(): FlagValues {
  return {
    special: undefined,
    mode: { kind: "search", search: "standard" },
    positional: [],
    patterns: [],
    binary: "auto",
    boundary: undefined,
    buffer: "auto",
    byteOffset: false,
    caseMode: "sensitive",
    color: "auto",
    colors: [],
    column: undefined,
    context: {},
    contextSeparator: "--",
    ...MATCHING_DEFAULTS,
    encoding: "auto",
    fieldContextSeparator: "-",
    fieldMatchSeparator: ":",
    fixedStrings: false,
    follow: false,
    globCaseInsensitive: false,
    globs: [],
    heading: undefined,
    hidden: false,
    iglobs: [],
    ignoreFiles: [],
    ignoreFileCaseInsensitive: false,
    includeZero: false,
    invertMatch: false,
    lineNumber: undefined,
    maxColumns: undefined,
    maxColumnsPreview: false,
    maxCount: undefined,
    maxDepth: undefined,
    maxFilesizeBytes: undefined,
    mmap: "auto",
    noConfig: false,
    noIgnoreDot: false,
    noIgnoreExclude: false,
    noIgnoreFiles: false,
    noIgnoreGlobal: false,
    noIgnoreMessages: false,
    noIgnoreParent: false,
    noIgnoreVcs: false,
    noMessages: false,
    noRequireGit: false,
    noUnicode: false,
    null: false,
    oneFileSystem: false,
    onlyMatching: false,
    pathSeparator: undefined,
    quiet: false,
    replacement: undefined,
    sort: undefined,
    stats: false,
    stopOnNonmatch: false,
    threads: undefined,
    trim: false,
    typeChanges: [],
    unrestricted: 0,
    vimgrep: false,
    withFilename: undefined,
    ...SHARED_DEFAULTS,
  };
}

/** Number of lines before and after a match. */
export function contextLines(context: FlagValues["context"]): { before: number; after: number } {
  if (context === "passthru") return { before: 0, after: 0 };
  const both = context.both ?? 0;
  return { before: context.before ?? both, after: context.after ?? both };
}
