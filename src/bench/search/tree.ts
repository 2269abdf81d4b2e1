/**
 * `search/tree PATH`: a real tree. It measures loading, then five kinds of query. Each query is compared with
 * ripgrep as a process and with a one-shot `everwarp search`, in turn.
 */
import { Corpus } from "../../search/index.ts";
import {
  assertTimeLeft,
  type BenchCase,
  type BenchContext,
  limitsOf,
  reportError,
  reportSamples,
} from "../context/index.ts";
import type { RowKey } from "../report/index.ts";
import { type Contender, expectResult, measureInTurn } from "../measure/index.ts";
import {
  BARE_NODE,
  type CommandLine,
  everwarpCommand,
  findRipgrep,
  processContender,
  runProcess,
} from "../processes/index.ts";
import { ANSWER_TIMEOUT_MS } from "./queries.ts";
import { ripgrepArguments } from "./ripgrep.ts";
import { type Answer, type LoadedTarget, type Target, type TargetPlan, residentPlans } from "./targets.ts";
import type { Query } from "../corpora/index.ts";
import { treeOf } from "./tree-option.ts";

interface TreeQuery extends Query {
  readonly kind: string;
  readonly pattern: string;
}

/** The queries. What they find depends on the tree. `--query KIND=PATTERN` replaces a pattern. */
const QUERIES: readonly TreeQuery[] = [
  { kind: "none", pattern: "zzqqxxyy", ignoreCase: false },
  { kind: "rare", pattern: "virtio_blk", ignoreCase: false },
  { kind: "common", pattern: "CONFIG_", ignoreCase: false },
  { kind: "ignore-case", pattern: "suspend", ignoreCase: true },
  { kind: "regex", pattern: "[A-Z]+_SUSPEND", ignoreCase: false, isRegex: true },
];

/** The kinds of query, for --query. */
export const QUERY_KINDS: readonly string[] = QUERIES.map(({ kind }) => kind);

const LOAD_COUNT = 3;
/** Time for loads. */
const LOADS_MS_MAX = 4_000;
const ROW_BUDGET_MS = 1_600;
const PROCESSES_MIN = 5;
/** The end of ripgrep's output, with its statistics. */
const STATS_BYTES_MAX = 4096;

/** What ripgrep finds for a query. */
interface Reference {
  readonly hits: number;
  /** Length of what it prints. */
  readonly outputBytes: number;
}

interface Row {
  readonly key: RowKey;
  readonly samplesUs: number[];
  readonly query: TreeQuery;
  failure?: unknown;
}

/** The case `search/tree`. */
export const searchTree: BenchCase = {
  name: "search/tree",
  summary:
    "a tree of yours (search/tree PATH): load, and five kinds of query against rg and one-shot processes",
  limitMs: 60_000,
  async run(context) {
    await new TreeRun(context, treeOf(context)).run();
  },
};

class TreeRun {
  readonly #context: BenchContext;
  readonly #tree: string;
  readonly #queries: readonly TreeQuery[];
  readonly #references = new Map<TreeQuery, Reference>();
  readonly #rows: Row[] = [];
  /** Counted as ripgrep does: of a binary file, only the part before the NUL is known. */
  #searchedBytes: number | undefined;

  constructor(context: BenchContext, tree: string) {
    this.#context = context;
    this.#tree = tree;
    this.#queries = QUERIES.map((query) => ({
      ...query,
      pattern: context.options.patterns.get(query.kind) ?? query.pattern,
    }));
  }

  async run(): Promise<void> {
    const { reporter } = this.#context;
    let ripgrep: string | undefined;
    try {
      ripgrep = findRipgrep();
      reporter.progress(`${this.#context.caseName}: asking rg for the right counts`);
      for (const query of this.#queries) this.#references.set(query, this.#ask(ripgrep, query));
    } catch (error) {
      reportError(this.#context, this.#key("all", "rg"), error);
    }
    for (const plan of residentPlans(this.#context.options)) await this.#measureTarget(plan, ripgrep);
    await this.#measureBareNode();
    this.#report();
  }

  async #measureTarget(plan: TargetPlan, ripgrep: string | undefined): Promise<void> {
    const context = this.#context;
    try {
      assertTimeLeft(context);
      await using target = await plan.open();
      const { loaded, corpus } = await this.#load(target);
      for (const query of this.#queries) {
        context.reporter.progress(`${context.caseName}: ${query.kind} with ${target.name}`);
        await this.#measureQuery(plan, target, loaded, corpus, query, ripgrep);
      }
    } catch (error) {
      reportError(context, this.#key("all", plan.label), error);
    }
  }

  /** Loads the tree several times. The last load stays. */
  async #load(target: Target): Promise<{ loaded: LoadedTarget; corpus: Corpus }> {
    const context = this.#context;
    const samplesUs: number[] = [];
    const begin = performance.now();
    for (;;) {
      const corpus = await Corpus.list([this.#tree]);
      const loaded = await target.load(corpus);
      samplesUs.push((corpus.walkMs + loaded.loadMs) * 1000);
      context.signal.throwIfAborted();
      const wanted = context.options.rounds ?? LOAD_COUNT;
      if (samplesUs.length < wanted && performance.now() - begin < LOADS_MS_MAX) {
        await loaded.unload();
        continue;
      }
      expectResult("the tree has files", corpus.fileCount > 0, true);
      reportSamples(context, this.#key("load", target.name), samplesUs, {
        expected: "every file read",
        ...this.#bytes(),
        facts: {
          files: corpus.fileCount,
          ...this.#bytes(),
          "walk ms": corpus.walkMs.toFixed(0),
          "read ms": loaded.loadMs.toFixed(0),
        },
      });
      return { loaded, corpus };
    }
  }

  async #measureQuery(
    plan: TargetPlan,
    target: Target,
    loaded: LoadedTarget,
    corpus: Corpus,
    query: TreeQuery,
    ripgrep: string | undefined,
  ): Promise<void> {
    const reference = this.#references.get(query);
    const wanted: [name: string, open: () => Contender][] = [
      [target.name, () => this.#queryContender(loaded, query, reference)],
    ];
    // ripgrep can run beside a GPU, but not beside a software device, which takes cores from it.
    if (ripgrep !== undefined && (!plan.isDevice || !target.usesHostCores)) {
      wanted.push(["rg, whole process", () => this.#process([ripgrep], query, reference)]);
    }
    if (!plan.isDevice) {
      wanted.push(["everwarp, whole process", () => this.#process(everwarpCommand(), query, reference)]);
    }
    const lanes: { row: Row; contender: Contender }[] = [];
    for (const [name, open] of wanted) {
      const row = this.#row(query, name);
      if (row.failure !== undefined) continue;
      try {
        const contender = open();
        // Once at the beginning, so that a contender that fails does not end the row of the others.
        await contender.run();
        contender.check();
        lanes.push({ row, contender });
      } catch (error) {
        this.#context.signal.throwIfAborted();
        row.failure = error;
      }
    }
    expectResult("files of the corpus", corpus.fileCount > 0, true);
    await measureInTurn(
      lanes.map(({ contender }) => contender),
      lanes.map(({ row }) => row.samplesUs),
      {
        ...limitsOf(this.#context, { minSamples: PROCESSES_MIN, maxSamples: 2000, budgetMs: ROW_BUDGET_MS }),
        maxWarmup: 0,
      },
      this.#context.signal,
    );
  }

  #queryContender(loaded: LoadedTarget, query: TreeQuery, reference: Reference | undefined): Contender {
    let answer: Answer;
    let firstCount: number | undefined;
    return {
      run: () => void (answer = loaded.submit(query).take(ANSWER_TIMEOUT_MS)),
      check() {
        firstCount ??= answer.count;
        expectResult(`hits of "${query.pattern}", by rg`, answer.count, reference?.hits ?? firstCount);
      },
    };
  }

  #process(command: CommandLine, query: TreeQuery, reference: Reference | undefined): Contender {
    const hasHits = reference === undefined || reference.hits > 0;
    const isEverwarp = command.length > 1;
    return processContender(
      [...command, ...this.#arguments(isEverwarp, query)] as const,
      hasHits ? 0 : 1,
      (stdout) => {
        if (reference !== undefined)
          expectResult("bytes printed, by rg", stdout.length, reference.outputBytes);
      },
    );
  }

  #arguments(isEverwarp: boolean, query: TreeQuery): string[] {
    const args = ripgrepArguments(query, this.#tree, ["--line-number"]);
    return isEverwarp ? ["search", "--device", "cpu", ...args] : args;
  }

  #ask(ripgrep: string, query: TreeQuery): Reference {
    const args = this.#arguments(false, query);
    const { stdout } = runProcess([ripgrep, ...args, "--stats"]);
    const stats = stdout.toString("latin1", Math.max(0, stdout.length - STATS_BYTES_MAX));
    const statOf = (pattern: RegExp): number => Number(pattern.exec(stats)?.[1]);
    this.#searchedBytes ??= statOf(/^(\d+) bytes searched$/m);
    const hits = statOf(/^(\d+) matches$/m);
    return { hits, outputBytes: runProcess([ripgrep, ...args]).stdout.length };
  }

  async #measureBareNode(): Promise<void> {
    const samplesUs: number[] = [];
    const limits = limitsOf(this.#context, { maxSamples: 20, budgetMs: 1000 });
    await measureInTurn([processContender(BARE_NODE, 0)], [samplesUs], limits, this.#context.signal);
    reportSamples(this.#context, this.#key("start of node", "node -e 0"), samplesUs, {
      expected: "exit code 0",
    });
  }

  #report(): void {
    const ripgrepUs = new Map<TreeQuery, number>();
    const median = (samplesUs: readonly number[]): number =>
      samplesUs.toSorted((a, b) => a - b)[samplesUs.length >> 1] as number;
    for (const { key, query, samplesUs } of this.#rows) {
      if (key.contender.startsWith("rg") && samplesUs.length > 0) ripgrepUs.set(query, median(samplesUs));
    }
    for (const query of this.#queries) {
      for (const { key, samplesUs, failure } of this.#rows.filter((row) => row.query === query)) {
        if (failure !== undefined || samplesUs.length === 0) {
          reportError(this.#context, key, failure);
          continue;
        }
        const peerUs = ripgrepUs.get(query);
        const hits = this.#references.get(query)?.hits;
        reportSamples(this.#context, key, samplesUs, {
          expected: hits === undefined ? "the same count every time" : `${hits} hits, as rg counts`,
          ...this.#bytes(),
          facts: {
            pattern: query.pattern,
            ...(hits === undefined ? {} : { hits }),
            ...(peerUs === undefined || key.contender.startsWith("rg")
              ? {}
              : { "times as fast as rg": (peerUs / median(samplesUs)).toFixed(2) }),
          },
        });
      }
    }
  }

  #bytes(): { bytes: number } | undefined {
    return this.#searchedBytes === undefined ? undefined : { bytes: this.#searchedBytes };
  }

  #row(query: TreeQuery, contender: string): Row {
    let row = this.#rows.find((it) => it.query === query && it.key.contender === contender);
    if (row === undefined)
      this.#rows.push((row = { key: this.#key(query.kind, contender), samplesUs: [], query }));
    return row;
  }

  #key(subject: string, contender: string): RowKey {
    return { case: this.#context.caseName, subject, contender };
  }
}
