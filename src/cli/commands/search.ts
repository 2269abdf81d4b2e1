/** `everwarp search`: from arguments to an exit code, one file after another. */
import { EverwarpError } from "../../base/index.ts";
import {
  type FoundFile,
  ByteWriter,
  startSequence,
  RESET,
  pathBytes,
  type EngineReport,
  type SearchStats,
  writeStatsBlock,
  writeSummaryMessage,
  type CandidateList,
  loadDecoder,
  createFileSearcher,
  type FileResult,
  type FileSearcher,
  shownFile,
  typeListLines,
} from "../../search/index.ts";
import { configArgs, type HiArgs, toHiArgs, type LowArgs, parseLowArgs } from "../flags/index.ts";
import type { SearchSubject } from "../engine-hook.ts";
import type { Environment } from "../terminal/index.ts";
import { foundFiles } from "./found-files.ts";
import { Messages, Output } from "./output.ts";

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

/** What tests put in the place of the real thing. */
export interface SearchHooks {
  /** Opens an engine for this search, or undefined for none. Default: a device's, see engine-hook.ts. */
  openEngine?: (
    args: HiArgs,
    environment: Environment,
    subject: SearchSubject,
  ) => Promise<SearchEngineHook | undefined>;
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
 * @throws EverwarpError for arguments that are not understood, and for output that cannot be written
 */
export async function runSearch(
  argv: readonly string[],
  environment: Environment,
  hooks: SearchHooks = {},
): Promise<number> {
  const low = readArguments(argv, environment);
  if (low.special !== undefined) return await showSpecial(low.special, environment);
  await assertStrategy(low.strategy);
  const args = toHiArgs(low, environment);
  if (args.mode.kind === "types") return listTypes(args, environment);
  const messages = new Messages(environment, args);
  const matched =
    args.mode.kind === "files"
      ? listFiles(args, environment, messages)
      : await search(args, environment, messages, hooks);
  if (matched && (args.quiet || !messages.errored)) return 0;
  return messages.errored ? 2 : 1;
}

/** The names are loaded only where one was given. @throws EW_BAD_ARGUMENT */
async function assertStrategy(name: string | undefined): Promise<void> {
  if (name === undefined || name === "auto") return;
  const { STRATEGY_NAMES } = await import("../../residency/strategies/strategy.ts");
  if (STRATEGY_NAMES.some((known) => known === name)) return;
  throw new EverwarpError("EW_BAD_ARGUMENT", `there is no launch strategy "${name}"`, {
    remedy: `Choose among auto, ${STRATEGY_NAMES.join(", ")}.`,
  });
}

async function showSpecial(
  special: NonNullable<LowArgs["special"]>,
  environment: Environment,
): Promise<number> {
  if (special === "versionShort" || special === "versionLong") {
    const { versionText } = await import("../../base/version.ts");
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

function listFiles(args: HiArgs, environment: Environment, messages: Messages): boolean {
  const { color, colors, pathTerminator, pathSeparator } = args.searcher.printer;
  const start = color ? startSequence(colors.path) : "";
  const stop = color ? RESET : "";
  const output = new Output(environment, args.flushEachFile);
  let matched = false;
  for (const file of foundFiles(args, messages)) {
    matched = true;
    if (args.quitAfterMatch) break;
    const { writer } = output;
    writer.writeText(start);
    writer.write(pathBytes(shownFile(file), pathSeparator));
    writer.writeText(stop);
    writer.writeByte(pathTerminator === -1 ? 10 : pathTerminator);
    if (!output.settle()) break;
  }
  output.flush();
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
  const [{ createMatcher }, { scanBuffer, countLineFeeds, createLiteralScanner }] = await Promise.all([
    import("../../search/matcher/create-matcher.ts"),
    import("../../search/scanner/literal-scanner.ts"),
  ]);
  await loadDecoder(args.searcher.searcher.encoding);
  const matcher = createMatcher({ ...args.searcher.matcher, createScanner: createLiteralScanner });
  let files = foundFiles(args, messages);
  const openEngine = hooks.openEngine ?? (await import("../engine-hook.ts")).openEngine;
  const listFiles = (): readonly FoundFile[] => (files = [...files]) as FoundFile[];
  const engine = await openEngine(args, environment, { plan: matcher.plan, listFiles });
  const searcher = createFileSearcher(args.searcher, matcher, scanBuffer, countLineFeeds);
  const output = new Output(environment, args.flushEachFile);
  // One thread ends the separator's line as it ends all lines; several put it between whole buffers, with a line feed.
  const lineEnding = args.searcher.searcher.crlf && args.threads === 1 ? "\r\n" : "\n";
  const separator =
    args.fileSeparator === undefined ? undefined : Buffer.from(args.fileSeparator + lineEnding, "latin1");
  let separatorBytes = 0;
  let matched = false;
  /** Prints a file's output. @returns false when nobody reads any more or enough is known */
  const tell = (file: FoundFile, text: Uint8Array, result: FileResult): boolean => {
    const matchedBefore = matched;
    if (result.matched) matched = true;
    if (text.length > 0) {
      if (separator !== undefined && output.any && (args.threads > 1 || result.wantsSeparator)) {
        output.writer.write(separator);
        separatorBytes += separator.length;
      }
      output.writer.write(text);
      output.any = true;
      if (!output.settle()) {
        // One thread prints while it searches: a file in whose output the pipe closes has not matched yet.
        if (args.threads === 1) matched = matchedBefore;
        return false;
      }
    }
    if (result.error !== undefined) {
      output.flush();
      messages.error(`${shownFile(file).path}: ${result.error}`);
    }
    return !(matched && args.quitAfterMatch);
  };
  const { searchedAny, stats } =
    engine === undefined && args.workerThreads > 1
      ? await searchWithThreads(args, files, searcher, tell)
      : searchInOrder(engine, files, searcher, tell);
  output.flush();
  if (args.implicitPath && !searchedAny) messages.error(NOTHING_SEARCHED);
  if (args.stats) {
    const totalNs = Number(process.hrtime.bigint() - startedNs);
    const isJson = args.searcher.printer.mode === "json";
    // One thread writes separators itself, so there they are part of what was printed.
    if (args.threads === 1) stats.bytesPrinted += separatorBytes;
    if (isJson) writeSummaryMessage(output.writer, stats, totalNs);
    else {
      if (separator !== undefined && output.any && args.threads > 1) output.writer.write(separator);
      writeStatsBlock(output.writer, stats, totalNs, engine?.report());
    }
    output.flush();
  }
  return matched;
}

type Tell = (file: FoundFile, text: Uint8Array, result: FileResult) => boolean;
type Told = { searchedAny: boolean; stats: SearchStats };

async function searchWithThreads(
  args: HiArgs,
  files: Iterable<FoundFile>,
  searcher: FileSearcher,
  tell: Tell,
): Promise<Told> {
  const { searchInParallel } = await import("../../search/grep/parallel/parallel-search.ts");
  return searchInParallel({
    files,
    searcher,
    args: args.searcher,
    threads: args.workerThreads,
    ordered: args.threads === 1,
    stopAfterMatch: args.quitAfterMatch,
    onFile: ({ file, output, ...result }) => tell(file, output, result),
  });
}

/** One file after another. Those that an engine holds are not opened, and its hits are not looked for again. */
function searchInOrder(
  engine: SearchEngineHook | undefined,
  files: Iterable<FoundFile>,
  searcher: FileSearcher,
  tell: Tell,
): Told {
  const output = new ByteWriter();
  let searchedAny = false;
  for (const file of files) {
    searchedAny = true;
    const held = engine?.find(file);
    output.clear();
    const result =
      held === undefined
        ? searcher.search(file, output)
        : searcher.searchBytes(file, held.bytes, output, held.hits);
    if (!tell(file, output.written(), result)) break;
  }
  return { searchedAny, stats: searcher.stats };
}

const NOTHING_SEARCHED =
  "No files were searched, which means a filter was probably applied that you did not expect.\n" +
  "everwarp search --files shows what would be searched; -u, -uu and -uuu filter less.";
