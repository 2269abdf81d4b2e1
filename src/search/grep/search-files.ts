/** Searches files: with an engine that has already searched them, with several threads, or one after another. */
import { EverwarpError } from "../../base/index.ts";
import { loadDecoder } from "../content/index.ts";
import type { FoundFile, MatcherPlan } from "../contracts.ts";
import { createFileSearcher, type FileSearcher } from "./file-searcher/index.ts";
import { foundFiles, needsAllFiles, type WalkFiles, withErrorsHeld } from "./found-files.ts";
import type { GrepEngine, OpenGrepEngine } from "./grep-engine.ts";
import type { MatcherPool } from "./matcher-pool.ts";
import type { Messages } from "./messages.ts";
import type { GrepOptions } from "./options.ts";
import { Output } from "./output.ts";
import { ByteWriter, type SearchStats } from "./printer/index.ts";
import { CountOrder } from "./count-order.ts";
import { ResultPrinter } from "./result-printer.ts";
import type { ResultTaker } from "./result-taker.ts";
import { TotalLimit } from "./total-limit.ts";
import type { GrepStreams } from "./streams.ts";

const NOTHING_SEARCHED =
  "No files were searched, which means everwarp probably applied a filter you didn't expect.\n" +
  "Running with --debug will show why files are being skipped.";

/** What a program that stays gives to each of its searches. */
export interface HeldGrep {
  /** Walks in the place of the disk's walk. */
  readonly walkFiles?: WalkFiles;
  /** Ends the search. With it, the search lets other work of the program go on now and then. */
  readonly signal?: AbortSignal;
  /** Matchers of earlier searches. */
  readonly matchers?: MatcherPool;
}

/** A search that is given a signal works no longer than this before others have their turn. */
const TURN_MS = 8;

/** What is known when the last file was searched. */
interface Searched {
  readonly searchedAny: boolean;
  readonly stats: SearchStats;
}

/** Searches and prints. @returns whether something matched, as ripgrep's exit code counts it */
export async function searchFiles(
  options: GrepOptions,
  streams: GrepStreams,
  messages: Messages,
  openEngine: OpenGrepEngine,
  { walkFiles, signal, matchers }: HeldGrep = {},
): Promise<boolean> {
  const startedNs = process.hrtime.bigint();
  if (!options.matchesPossible) return false;
  // As in ripgrep, a glob or a type that does not parse is told before a pattern.
  const held = withErrorsHeld(walkFiles);
  if (needsAllFiles(options)) held.tell();
  let files = foundFiles(options, messages, held.walk);
  // These two are large, and listing files needs neither.
  const [
    { mayMatchEmpty, openFileConditions, openMatcher },
    { scanBuffer, countLineFeeds, createLiteralScanner },
  ] = await Promise.all([import("./file-searcher/open-matcher.ts"), import("../scanner/literal-scanner.ts")]);
  await loadDecoder(options.searcher.searcher.encoding);
  const known = matchers?.take(options.searcher);
  const opened = known ?? openMatcher(options.searcher, createLiteralScanner);
  const matcher = await Promise.resolve(opened).catch((error: unknown) => {
    throw options.namesEngine ? withEngine(error) : error;
  });
  held.tell();
  if (messages.logsDecisions) logPlan(matcher.plan, options, messages);
  const listFiles = (): readonly FoundFile[] =>
    (files = Array.isArray(files) ? files : [...files]) as FoundFile[];
  const engine = await openEngine({
    plan: matcher.plan,
    listFiles,
    mayMatchEmpty: () => mayMatchEmpty(matcher),
  });
  messages.debug("search", engine === undefined ? "the host searches" : "a device has searched");
  const conditions = await openFileConditions(options.searcher, createLiteralScanner);
  const searcher = createFileSearcher(options.searcher, matcher, scanBuffer, countLineFeeds, conditions);
  const output = new Output(streams, options.flushEachFile);
  const printer = new ResultPrinter(options, output, messages);
  const { maxTotal, sort } = options;
  const mode = options.searcher.printer.mode;
  const limited = maxTotal === undefined ? printer : new TotalLimit(printer, searcher, maxTotal, mode);
  // Where the first match ends the search, there is nothing to put in order.
  const order = sort?.key === "count" && !options.quitAfterMatch ? new CountOrder() : undefined;
  const taker = order ?? limited;
  const { searchedAny, stats } =
    engine === undefined && options.workerThreads > 1
      ? await searchWithThreads(options, files, searcher, taker, signal)
      : await searchInOrder(engine, files, searcher, taker, streams, signal);
  await order?.giveTo(limited, sort?.reverse === true, () => streams.pause?.());
  output.flush();
  matchers?.giveBack(options.searcher, matcher);
  if (options.implicitPath && !searchedAny) messages.error(NOTHING_SEARCHED);
  if (options.stats) printer.printStats(stats, Number(process.hrtime.bigint() - startedNs), engine?.report());
  return printer.matched;
}

/** Editors look for a line that begins with the parser's words, as they stand below ripgrep's words about engines. */
function withEngine(error: unknown): unknown {
  if (!(error instanceof EverwarpError) || error.code !== "EW_BAD_PATTERN") return error;
  const words = "the regex cannot be compiled with the default engine, which is the only one";
  return new EverwarpError(error.code, `${words}.\n\n${error.message}`, { cause: error });
}

/** What each kind of plan means. */
const PLANS: Readonly<Record<MatcherPlan["kind"], string>> = {
  literals: "every match is one of some texts, so the scan for them is the search",
  filter: "every line that matches has one of some texts, so only lines that have one are looked at",
  whole: "no text is in every match, so every line is looked at",
  nothing: "the pattern matches nothing",
};

function logPlan(
  plan: MatcherPlan,
  { paths, threads, workerThreads, sort }: GrepOptions,
  to: Messages,
): void {
  to.debug("plan", `${plan.kind}: ${PLANS[plan.kind]}`);
  if ("literals" in plan)
    for (const { bytes, ignoreAsciiCase } of plan.literals) {
      const text = JSON.stringify(Buffer.from(bytes).toString("utf8"));
      to.debug("plan", `text ${text}${ignoreAsciiCase ? ", in upper and lower case" : ""}`);
    }
  to.debug("search", `paths: ${paths.length === 0 ? "the working directory" : paths.join(", ")}`);
  const order = sort === undefined ? "as files are done" : `by ${sort.key}`;
  to.debug(
    "search",
    `using at most ${workerThreads} thread(s); output comes ${threads === 1 ? "in order" : order}`,
  );
}

async function searchWithThreads(
  options: GrepOptions,
  files: Iterable<FoundFile>,
  searcher: FileSearcher,
  taker: ResultTaker,
  signal: AbortSignal | undefined,
): Promise<Searched> {
  const { searchInParallel } = await import("./parallel/parallel-search.ts");
  const searched = await searchInParallel({
    files,
    searcher,
    args: options.searcher,
    threads: options.workerThreads,
    ordered: options.threads === 1,
    stopAfterMatch: options.quitAfterMatch,
    onFile: ({ file, output, ...result }) => signal?.aborted !== true && taker.take(file, output, result),
  });
  if (signal?.aborted === true) throw abortedError();
  return searched;
}

/** One file after another. A file that the engine holds is not opened, and its hits are not looked for again. */
async function searchInOrder(
  engine: GrepEngine | undefined,
  files: Iterable<FoundFile>,
  searcher: FileSearcher,
  taker: ResultTaker,
  streams: GrepStreams,
  signal: AbortSignal | undefined,
): Promise<Searched> {
  const output = new ByteWriter();
  const visits = engine?.visits;
  let searchedAny = visits?.hasFiles ?? false;
  let turnMs = performance.now();
  for (const file of visits?.files ?? files) {
    searchedAny = true;
    if (signal !== undefined && performance.now() - turnMs > TURN_MS) {
      await new Promise(setImmediate);
      if (signal.aborted) throw abortedError();
      turnMs = performance.now();
    }
    const held = engine?.find(file);
    output.clear();
    if (taker.wantedLines !== undefined) searcher.limit(taker.wantedLines);
    const result =
      held === undefined
        ? searcher.search(file, output)
        : searcher.searchBytes(file, held.bytes, output, held.hits);
    if (!taker.take(file, output.written(), result)) break;
    const paused = streams.pause?.();
    if (paused !== undefined) await paused;
  }
  const { stats } = searcher;
  if (visits !== undefined) {
    stats.searches += visits.passedOver.searches;
    stats.bytesSearched += visits.passedOver.bytesSearched;
  }
  return { searchedAny, stats };
}

function abortedError(): EverwarpError {
  return new EverwarpError("EW_ABORTED", "the search was ended by its caller's signal", {
    remedy: "Ask again, if the answer is still wanted.",
  });
}
