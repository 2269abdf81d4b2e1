/**
 * `search/queries PATH`: the queries of the table on a tree of yours. Each is asked of a loaded engine and of ripgrep
 * as a whole process, in turn, and every hit is compared with ripgrep's.
 */
import { Corpus } from "../../search/index.ts";
import {
  type BenchCase,
  type BenchContext,
  assertTimeLeft,
  limitsOf,
  reportError,
  reportSamples,
} from "../context/index.ts";
import { type Contender, expectResult, measureInTurn, skip } from "../measure/index.ts";
import { findRipgrep, runProcess, silentContender } from "../processes/index.ts";
import { type RowKey, summarize } from "../report/index.ts";
import { BinaryHeads } from "./binary-heads.ts";
import { QueryVerdicts } from "./query-verdicts.ts";
import { TABLE, type TableQuery } from "./query-table.ts";
import { type HitSink, ripgrepArguments, ripgrepHits } from "./ripgrep.ts";
import { type Columns, type LoadedTarget, residentPlans, type Target, type TargetPlan } from "./targets.ts";
import { ExpectedSpans, filesByPath, type SpanDifference, wrong } from "./spans.ts";
import { treeOf } from "./tree-option.ts";

/** Far longer than any query that is of use. One that blows up ends. */
const ANSWER_TIMEOUT_MS = 120_000;
const ROW_BUDGET_MS = 1_000;
/** Whole processes are long, and some of the engines' answers are too. */
const SAMPLES_MIN = 5;

const NOTE = `\
An engine's time is from the submission until count, file, line, column, offset and length of all hits are there.
"count only" asks for nothing else. "rg" is a whole process: --line-number, and --count-matches for the count, with
its output to /dev/null. The engine is loaded before.`;

/** The case `search/queries`. */
export const searchQueries: BenchCase = {
  name: "search/queries",
  summary: "a tree of yours (search/queries PATH): some 50 queries, every hit compared with rg's",
  limitMs: 1_800_000,
  async run(context) {
    context.reporter.note(context.caseName, NOTE);
    await new TableRun(context, treeOf(context)).run();
  },
};

/** Those that the user chose. @throws EW_BENCH_SKIPPED where there is none */
function chosenQueries(only: readonly string[]): readonly TableQuery[] {
  const chosen = TABLE.filter(
    ({ kind, name }) => only.length === 0 || only.some((text) => kind.includes(text) || name.includes(text)),
  );
  if (chosen.length === 0) throw skip("no query has a kind or a name with the text of --only");
  return chosen;
}

/** What one contender is asked, and what it is compared with. */
interface Lane {
  readonly name: string;
  readonly contender: Contender;
  readonly samplesUs: number[];
  /** The lane of ripgrep that answers the same. */
  readonly peer: string | undefined;
  readonly firstMs: number;
}

class TableRun {
  readonly #context: BenchContext;
  readonly #tree: string;
  readonly #queries: readonly TableQuery[];
  /** What ripgrep finds, of the queries that it was asked so far. */
  readonly #expected = new Map<TableQuery, ExpectedSpans>();
  /** ripgrep takes turns with each engine. Its rows have the samples of all turns. */
  readonly #ripgrepUs = new Map<string, number[]>();
  #ripgrep = "";
  #heads: BinaryHeads | undefined;
  #fileByPath: ReadonlyMap<string, number> = new Map();

  constructor(context: BenchContext, tree: string) {
    this.#context = context;
    this.#tree = tree;
    this.#queries = chosenQueries(context.options.only);
  }

  async run(): Promise<void> {
    const context = this.#context;
    this.#ripgrep = findRipgrep();
    const corpus = await Corpus.list([this.#tree]);
    this.#fileByPath = filesByPath(corpus);
    this.#assertSameFiles();
    using heads = new BinaryHeads(corpus);
    this.#heads = heads;
    for (const plan of residentPlans(context.options)) {
      try {
        assertTimeLeft(context);
        await this.#measurePlan(plan, corpus);
      } catch (error) {
        reportError(context, { case: context.caseName, subject: "all", contender: plan.label }, error);
      }
    }
  }

  /** Both look at the same files. @throws EW_BENCH_WRONG_RESULT */
  #assertSameFiles(): void {
    const { stdout } = runProcess([this.#ripgrep, "--no-config", "--files", "--null", this.#tree]);
    const paths = stdout.toString("utf8").split("\0").slice(0, -1);
    const unknown = paths.find((path) => !this.#fileByPath.has(path));
    expectResult("a file that rg searches and the corpus lacks", unknown, undefined);
    expectResult("files of the corpus, by rg", this.#fileByPath.size, paths.length);
  }

  async #measurePlan(plan: TargetPlan, corpus: Corpus): Promise<void> {
    const context = this.#context;
    await using target = await plan.open();
    const loaded = await target.load(corpus);
    context.reporter.progress(
      `${context.caseName}: ${corpus.fileCount} files with ${target.name} (${target.device}), ` +
        `loaded in ${loaded.loadMs.toFixed(0)} ms`,
    );
    const verdicts = new QueryVerdicts();
    for (const query of this.#queries) {
      try {
        assertTimeLeft(context);
        await this.#measureQuery(target, loaded, query, corpus, verdicts);
      } catch (error) {
        verdicts.addFailure(target.name);
        reportError(context, { case: context.caseName, subject: query.name, contender: target.name }, error);
      }
    }
    for (const summary of verdicts.summaries()) {
      context.reporter.summarize({ case: context.caseName, ...summary });
    }
  }

  async #measureQuery(
    target: Target,
    loaded: LoadedTarget,
    query: TableQuery,
    corpus: Corpus,
    verdicts: QueryVerdicts,
  ): Promise<void> {
    const expected = await this.#expectedOf(query, corpus);
    // The first time that an engine is asked this; it may take another way when it is asked again.
    const columnsMs = await this.#checkedAsk(loaded, query, expected);
    const lanes = this.#lanes(target, loaded, query, expected.count, columnsMs);
    await measureInTurn(
      lanes.map(({ contender }) => contender),
      lanes.map(({ samplesUs }) => samplesUs),
      {
        ...limitsOf(this.#context, { minSamples: SAMPLES_MIN, maxSamples: 2000, budgetMs: ROW_BUDGET_MS }),
        maxWarmup: 0,
      },
      this.#context.signal,
    );
    await this.#checkedAsk(loaded, query, expected);
    this.#report(lanes, query, expected.count, verdicts);
  }

  /** Asks once, and compares every hit. @returns the time of the answer @throws EW_BENCH_WRONG_RESULT */
  async #checkedAsk(loaded: LoadedTarget, query: TableQuery, expected: ExpectedSpans): Promise<number> {
    const begin = performance.now();
    const columns = loaded.submit(query).takeColumns(ANSWER_TIMEOUT_MS);
    const timeMs = performance.now() - begin;
    const difference = expected.difference(columns);
    if (difference !== undefined) throw await this.#explained(query, columns, difference);
    expectResult(`hits of ${query.name}, by rg`, columns.count, expected.count);
    return timeMs;
  }

  #lanes(target: Target, loaded: LoadedTarget, query: TableQuery, hits: number, columnsMs: number): Lane[] {
    let count: number;
    const check = (): void => expectResult(`hits of ${query.name}, by rg`, count, hits);
    const lane = (name: string, contender: Contender, peer?: string, firstMs = 0): Lane => ({
      name,
      contender,
      samplesUs: [],
      peer,
      firstMs,
    });
    // ripgrep can run beside a GPU, but not beside a software device, which takes cores from it.
    const isAlone = target.usesHostCores && target.name !== "host";
    const ripgrep = (format: string): Contender =>
      silentContender([this.#ripgrep, ...ripgrepArguments(query, this.#tree, [format])]);
    const ask = {
      check,
      run: () => void (count = loaded.submit(query).takeColumns(ANSWER_TIMEOUT_MS).count),
    };
    const askCount = { check, run: () => void (count = loaded.count(query, ANSWER_TIMEOUT_MS)) };
    return [
      lane(target.name, ask, RIPGREP, columnsMs),
      lane(`${target.name}, count only`, askCount, RIPGREP_COUNT),
      ...(isAlone
        ? []
        : [lane(RIPGREP, ripgrep("--line-number")), lane(RIPGREP_COUNT, ripgrep("--count-matches"))]),
    ];
  }

  #report(lanes: readonly Lane[], query: TableQuery, hits: number, verdicts: QueryVerdicts): void {
    const context = this.#context;
    const medianOf = new Map(lanes.map(({ name, samplesUs }) => [name, summarize(samplesUs).p50Us]));
    for (const { name, samplesUs, peer, firstMs } of lanes) {
      const peerUs = peer === undefined ? undefined : medianOf.get(peer);
      const ratio = peerUs === undefined ? undefined : peerUs / (medianOf.get(name) as number);
      if (ratio !== undefined) verdicts.add(name, query.name, ratio);
      const key = { case: context.caseName, subject: query.name, contender: name };
      reportSamples(context, key, peer === undefined ? this.#allTurns(key, samplesUs) : samplesUs, {
        expected: `${hits} hits, each as rg finds it`,
        facts: {
          kind: query.kind,
          hits,
          ...(firstMs === 0 ? {} : { "first ms": firstMs.toFixed(2) }),
          ...(ratio === undefined ? {} : { "times as fast as rg": ratio.toFixed(2) }),
        },
      });
    }
  }

  #allTurns({ subject, contender }: RowKey, samplesUs: readonly number[]): readonly number[] {
    const name = `${contender} ${subject}`;
    const all = [...(this.#ripgrepUs.get(name) ?? []), ...samplesUs];
    this.#ripgrepUs.set(name, all);
    return all;
  }

  async #expectedOf(query: TableQuery, corpus: Corpus): Promise<ExpectedSpans> {
    const known = this.#expected.get(query);
    if (known !== undefined) return known;
    this.#context.reporter.progress(`${this.#context.caseName}: ${query.name}`);
    const expected = new ExpectedSpans(corpus, this.#fileByPath);
    await this.#askRipgrep(query, expected);
    this.#expected.set(query, expected);
    return expected;
  }

  /** Every hit of ripgrep's, in binary files those before the NUL. */
  async #askRipgrep(query: TableQuery, sink: HitSink): Promise<void> {
    const heads = this.#heads as BinaryHeads;
    const { signal } = this.#context;
    let isBinary = false;
    const hit: HitSink["hit"] = (...numbers) => {
      if (!isBinary) sink.hit(...numbers);
    };
    const file = (path: string): void => {
      isBinary = heads.has(path);
      if (!isBinary) sink.file(path);
    };
    await ripgrepHits(this.#ripgrep, query, this.#tree, { file, hit }, signal);
    if (heads.count === 0) return;
    isBinary = false;
    const headFile = (path: string): void => sink.file(heads.fileOf(path));
    await ripgrepHits(this.#ripgrep, query, heads.folder, { file: headFile, hit }, signal, ALL_FILES);
  }

  /** Names the first hit that is not as ripgrep finds it. */
  async #explained(
    query: TableQuery,
    { line, column, offset, length }: Columns,
    { path, expected, from, to }: SpanDifference,
  ): Promise<Error> {
    const right: string[] = [];
    let isThere = false;
    const sink = {
      file: (found: string) => void (isThere = found === path),
      hit: (...numbers: number[]) => void (isThere && right.push(numbers.join(":"))),
    };
    await this.#askRipgrep(query, sink);
    const here = Array.from({ length: to - from }, (_, index) =>
      [line, column, offset, length].map((values) => values[from + index]).join(":"),
    );
    let at = 0;
    while (at < here.length && here[at] === right[at]) at++;
    return wrong(
      `${query.name} in ${path}: ${to - from} hits where rg has ${expected}; the first that differs is number ${at}, ` +
        `line:column:offset:length ${here[at] ?? "none"} where rg has ${right[at] ?? "none"}`,
    );
  }
}

/** Heads are searched wherever they lie, and whatever is in them. */
const ALL_FILES = ["--no-ignore", "--hidden", "--text"];
const RIPGREP = "rg";
const RIPGREP_COUNT = "rg, count only";
