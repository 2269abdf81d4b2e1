/** `everwarp search`: from arguments to an exit code, one file after another. */
import { statSync } from "node:fs";
import { EverwarpError } from "../../base/errors.ts";
import type { FoundFile } from "../../search/contracts.ts";
import { ByteWriter } from "../../search/printer/byte-writer.ts";
import { startSequence, RESET } from "../../search/printer/color.ts";
import { pathBytes } from "../../search/printer/printer.ts";
import { type EngineReport, writeStatsBlock, writeSummaryMessage } from "../../search/printer/stats.ts";
import type { CandidateList } from "../../search/searcher/candidates.ts";
import { createFileSearcher } from "../../search/searcher/file-searcher.ts";
import { typeListLines, walk, type WalkError } from "../../search/walk/index.ts";
import { configArgs } from "../flags/config.ts";
import type { Environment } from "../flags/environment.ts";
import { type HiArgs, toHiArgs } from "../flags/hi-args.ts";
import type { LowArgs, SortKey } from "../flags/low-args.ts";
import { parseLowArgs } from "../flags/parse.ts";

/** Something that has already searched, and says per file what it found. The place of the GPU and of loaded corpora. */
export interface SearchEngineHook {
  /**
   * The file as the engine has it, and its hits; undefined where the file is to be opened and searched here.
   * An engine that finds its copy outdated answers undefined too.
   */
  find(file: FoundFile): { bytes: Buffer; hits: CandidateList | undefined } | undefined;
  /** For --stats, when the search is over. */
  report(): EngineReport | undefined;
}

/** What the lead wires in. */
export interface SearchHooks {
  /** Opens an engine for this search, or undefined for none. */
  openEngine?(args: HiArgs, environment: Environment): Promise<SearchEngineHook | undefined>;
}

/** Bytes that are gathered before they are written. */
const FLUSH_BYTES = 64 * 1024;
/** Output does not wait longer than this for more. */
const FLUSH_AFTER_MS = 30;

/** Signals a closed pipe through the layers between. */
class OutputClosed extends Error {}

/** Joins the output of files and writes it in large pieces. */
class Output {
  readonly writer = new ByteWriter();
  /** Something was written or is about to be. */
  any = false;
  private readonly environment: Environment;
  private readonly eachFile: boolean;
  private lastFlushMs = performance.now();

  constructor(environment: Environment, eachFile: boolean) {
    this.environment = environment;
    this.eachFile = eachFile;
  }

  /** After a file's output. */
  settle(): void {
    const { length } = this.writer;
    if (length === 0) return;
    if (this.eachFile || length >= FLUSH_BYTES || performance.now() - this.lastFlushMs > FLUSH_AFTER_MS)
      this.flush();
  }

  flush(): void {
    if (this.writer.length === 0) return;
    try {
      this.environment.writeOut(this.writer.written());
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "EPIPE")
        throw new OutputClosed("standard output was closed");
      throw error;
    }
    this.writer.clear();
    this.lastFlushMs = performance.now();
  }
}

/** Messages on standard error; any of them (but about ignore rules) makes the exit code 2. */
class Messages {
  errored = false;
  private readonly environment: Environment;
  private readonly args: HiArgs;

  constructor(environment: Environment, args: HiArgs) {
    this.environment = environment;
    this.args = args;
  }

  error(message: string): void {
    this.errored = true;
    if (this.args.messages) this.environment.writeError(`everwarp: ${message}\n`);
  }

  ignoreRule(message: string): void {
    if (this.args.ignoreMessages) this.environment.writeError(`everwarp: ${message}\n`);
  }
}

/** Parses flags, and once more with those of the configuration file in front. */
export function readArguments(argv: readonly string[], environment: Environment): LowArgs {
  const low = parseLowArgs(argv);
  if (low.special !== undefined || low.noConfig) return low;
  const fromFile = configArgs(environment.env["RIPGREP_CONFIG_PATH"], (message) => {
    if (!low.noMessages) environment.writeError(`everwarp: ${message}\n`);
  });
  return fromFile.length === 0 ? low : parseLowArgs([...fromFile, ...argv]);
}

/**
 * Runs a search.
 * @param argv what stands behind `everwarp search`
 * @returns the exit code: 0 something matched, 1 nothing did, 2 there was an error
 */
export async function runSearch(
  argv: readonly string[],
  environment: Environment,
  hooks: SearchHooks = {},
): Promise<number> {
  try {
    const low = readArguments(argv, environment);
    if (low.special !== undefined) return await showSpecial(low.special, environment);
    const args = toHiArgs(low, environment);
    if (args.mode.kind === "types") return listTypes(args, environment);
    const messages = new Messages(environment, args);
    const matched =
      args.mode.kind === "files"
        ? listFiles(args, environment, messages)
        : await search(args, environment, messages, hooks);
    if (matched && (args.quiet || !messages.errored)) return 0;
    return messages.errored ? 2 : 1;
  } catch (error) {
    if (!(error instanceof EverwarpError)) throw error;
    environment.writeError(`everwarp: ${error.message} [${error.code}]\n`);
    return 2;
  }
}

async function showSpecial(
  special: NonNullable<LowArgs["special"]>,
  environment: Environment,
): Promise<number> {
  if (special === "versionShort" || special === "versionLong") {
    const { versionText } = await import("./version.ts");
    environment.writeOut(Buffer.from(versionText()));
  } else {
    const { longHelp, shortHelp } = await import("../flags/help.ts");
    environment.writeOut(Buffer.from(special === "helpShort" ? shortHelp() : longHelp()));
  }
  return 0;
}

function listTypes(args: HiArgs, environment: Environment): number {
  const lines = typeListLines(args.walk.types ?? []);
  environment.writeOut(Buffer.from(lines.map((line) => `${line}\n`).join("")));
  return lines.length === 0 ? 1 : 0;
}

/** Runs `work`; a closed pipe ends it quietly. */
function untilClosed(work: () => void): void {
  try {
    work();
  } catch (error) {
    if (!(error instanceof OutputClosed)) throw error;
  }
}

function listFiles(args: HiArgs, environment: Environment, messages: Messages): boolean {
  const { color, colors, pathTerminator, pathSeparator } = args.searcher.printer;
  const start = color ? startSequence(colors.path) : "";
  const stop = color ? RESET : "";
  const output = new Output(environment, args.flushEachFile);
  let matched = false;
  untilClosed(() => {
    for (const file of foundFiles(args, messages)) {
      matched = true;
      if (args.quitAfterMatch) break;
      const { writer } = output;
      writer.writeText(start);
      const bytes = file.pathBytes ?? Buffer.from(file.path);
      writer.write(
        pathSeparator === -1 ? bytes : bytes.map((byte) => (byte === 0x2f ? pathSeparator : byte)),
      );
      writer.writeText(stop);
      writer.writeByte(pathTerminator === -1 ? 10 : pathTerminator);
      output.settle();
    }
    output.flush();
  });
  return matched;
}

async function search(
  args: HiArgs,
  environment: Environment,
  messages: Messages,
  hooks: SearchHooks,
): Promise<boolean> {
  const startedNs = process.hrtime.bigint();
  if (!args.matchesPossible) return false;
  const [{ createMatcher }, { allocateScanBuffer, createLiteralScanner }] = await Promise.all([
    import("../../search/matcher/index.ts"),
    import("../../search/host/literal-scanner.ts"),
  ]);
  const matcher = createMatcher({ ...args.searcher.matcher, createScanner: createLiteralScanner });
  const files = foundFiles(args, messages);
  const engine = await hooks.openEngine?.(args, environment);
  const searcher = createFileSearcher(args.searcher, matcher, allocateScanBuffer);
  const output = new Output(environment, args.flushEachFile);
  // One thread ends the separator's line as it ends all lines; several put it between whole buffers, with a line feed.
  const lineEnding = args.searcher.searcher.crlf && args.threads === 1 ? "\r\n" : "\n";
  const separator =
    args.fileSeparator === undefined ? undefined : Buffer.from(args.fileSeparator + lineEnding, "latin1");
  const fileOutput = new ByteWriter();
  let separatorBytes = 0;
  let matched = false;
  let searched = false;
  untilClosed(() => {
    for (const file of files) {
      searched = true;
      const held = engine?.find(file);
      const result =
        held === undefined
          ? searcher.search(file, fileOutput)
          : searcher.searchBytes(file, held.bytes, fileOutput, held.hits);
      if (result.matched) matched = true;
      if (fileOutput.length > 0) {
        if (separator !== undefined && output.any && (args.threads > 1 || result.wantsSeparator)) {
          output.writer.write(separator);
          separatorBytes += separator.length;
        }
        output.writer.write(fileOutput.written());
        output.any = true;
        fileOutput.clear();
        output.settle();
      }
      if (result.error !== undefined) {
        output.flush();
        messages.error(`${file.path}: ${result.error}`);
      }
      if (matched && args.quitAfterMatch) break;
    }
    output.flush();
  });
  if (args.implicitPath && !searched) messages.error(NOTHING_SEARCHED);
  if (args.stats) {
    const totalNs = Number(process.hrtime.bigint() - startedNs);
    const isJson = args.searcher.printer.mode === "json";
    // One thread writes separators itself, so there they are part of what was printed.
    if (args.threads === 1) searcher.stats.bytesPrinted += separatorBytes;
    if (isJson) writeSummaryMessage(output.writer, searcher.stats, totalNs);
    else {
      if (separator !== undefined && output.any && args.threads > 1) output.writer.write(separator);
      writeStatsBlock(output.writer, searcher.stats, totalNs, engine?.report());
    }
    untilClosed(() => output.flush());
  }
  return matched;
}

const NOTHING_SEARCHED =
  "No files were searched, which means a filter was probably applied that you did not expect.\n" +
  "everwarp search --files shows what would be searched; -u, -uu and -uuu filter less.";

const STDIN: FoundFile = { path: "-", explicit: true };

/** The files to search, in order. Glob and type mistakes are thrown here, before the first file. */
function foundFiles(args: HiArgs, messages: Messages): Iterable<FoundFile> {
  const options = {
    ...args.walk,
    onError: (error: WalkError): void =>
      error.kind === "path"
        ? messages.error(pathErrorText(error, args.threads))
        : messages.ignoreRule(error.message),
  };
  const { paths, sort } = args;
  const files = paths.includes("-") ? withStdin(paths, (some) => walk(some, options)) : walk(paths, options);
  if (sort === undefined || (sort.key === "path" && !sort.reverse)) return files;
  return sort.key === "path"
    ? sortedByPath([...files]).reverse()
    : sortedByTime([...files], sort.key, sort.reverse);
}

const OPERATION = "IO error for operation on ";

/** ripgrep's one-threaded walk names the path of a system error twice. */
function pathErrorText({ path, message }: WalkError, threads: number): string {
  const twice = `${path}: ${OPERATION}${path}: `;
  const once = `${path}: `;
  const reason = message.startsWith(twice) ? message.slice(twice.length) : message.slice(once.length);
  if (!message.startsWith(once) || !/\(os error \d+\)$/.test(reason)) return message;
  return `${threads === 1 ? twice : once}${reason}`;
}

function* withStdin(
  paths: readonly string[],
  walkSome: (paths: string[]) => Iterable<FoundFile>,
): Generator<FoundFile> {
  for (const path of paths) {
    if (path === "-") yield STDIN;
    else yield* walkSome([path]);
  }
}

function sortedByPath(files: FoundFile[]): FoundFile[] {
  const components = (file: FoundFile): Buffer[] =>
    (file.pathBytes ?? Buffer.from(file.path))
      .toString("latin1")
      .split("/")
      .map((name) => Buffer.from(name, "latin1"));
  const keyed = files.map((file) => ({ file, key: components(file) }));
  keyed.sort((a, b) => {
    const length = Math.min(a.key.length, b.key.length);
    for (let index = 0; index < length; index++) {
      const order = Buffer.compare(a.key[index] as Buffer, b.key[index] as Buffer);
      if (order !== 0) return order;
    }
    return a.key.length - b.key.length;
  });
  return keyed.map(({ file }) => file);
}

const TIMES = { modified: "mtimeNs", accessed: "atimeNs", created: "birthtimeNs" } as const;

/** Files whose time is not known come last (first, when reversed). Files of one time keep their order. */
function sortedByTime(files: FoundFile[], key: Exclude<SortKey, "path">, reverse: boolean): FoundFile[] {
  const timeOf = (file: FoundFile): bigint | undefined => {
    try {
      return statSync(file.pathBytes ?? file.path, { bigint: true })[TIMES[key]];
    } catch (error) {
      if (error instanceof Error && "errno" in error) return undefined;
      throw error;
    }
  };
  const keyed = files.map((file) => ({ file, time: timeOf(file) }));
  const compare = (a: bigint | undefined, b: bigint | undefined): number => {
    if (a === b) return 0;
    if (a === undefined) return 1;
    if (b === undefined) return -1;
    return a < b ? -1 : 1;
  };
  keyed.sort((a, b) => (reverse ? -1 : 1) * compare(a.time, b.time));
  return keyed.map(({ file }) => file);
}
