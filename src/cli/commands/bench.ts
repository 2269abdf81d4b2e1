/**
 * `everwarp bench`: measures this machine, and checks every answer. bench/METHODOLOGY.md says what is
 * measured and how.
 */
import type { ParseArgsConfig } from "node:util";
import { EverwarpError } from "../../base/index.ts";
import { STRATEGY_NAMES, type StrategyName } from "../../residency/index.ts";
import {
  CASES,
  type BenchCase,
  type BenchOptions,
  type UnmeasuredRow,
  type GeneratedCorpora,
  generatedCorpora,
  describeMachine,
  answerChild,
  Reporter,
  QUERY_KINDS,
} from "../../bench/index.ts";
import { failureText, type CommandContext } from "../terminal/index.ts";
import { badArgument, readOptions } from "./options.ts";

const USAGE = `everwarp bench [NAME…] [OPTIONS]

Measures cases. Every answer is checked, and a wrong one is an error in the place of a
number. Without a name: all cases but search/tree, search/queries, paths, paths-shapes,
daemon/load, wasm/coremark and soak. A name like residency is all cases that begin with it.
search/tree, search/queries, paths and daemon/load take a tree: everwarp bench search/tree
PATH. wasm/coremark takes a module.

  --list             the cases
  --device D         auto, cpu, gpu, a part of a device's name, or its index (everwarp
                     doctor)
  --strategy S       only this launch strategy:
                     ${STRATEGY_NAMES.join(", ")}
  --rounds N         so many samples of every row, instead of what its time allows
  --requests N       so many requests in residency/dispatches, instead of a million
  --entries N        entries of the generated tree of paths; a million if not given
  --instances N      instances of WebAssembly in wasm/programs and wasm/coremark
  --minutes M        how long soak and daemon/load go on; 1 if not given
  --seed N           the choices of soak and daemon/load, to make the same again
  --query KIND=TEXT  another pattern for search/tree; kinds:
                     ${QUERY_KINDS.join(", ")}
  --only TEXT        of search/queries only those whose kind or name has this text; may be
                     given several times
  --json             one JSON document at the end, instead of a table
  --record DIR       also keep the document in DIR/raw.json, after every row

Exit codes: 0 measured, 1 a result was wrong or a case failed, 2 the command was not
understood.
`;

const OPTIONS = {
  allowPositionals: true,
  options: {
    list: { type: "boolean" },
    help: { type: "boolean", short: "h" },
    device: { type: "string" },
    strategy: { type: "string" },
    rounds: { type: "string" },
    requests: { type: "string" },
    entries: { type: "string" },
    instances: { type: "string" },
    minutes: { type: "string" },
    seed: { type: "string" },
    query: { type: "string", multiple: true },
    only: { type: "string", multiple: true },
    json: { type: "boolean" },
    record: { type: "string" },
    // Internal use: a part of `programs` in a process of its own.
    child: { type: "string" },
  },
} as const satisfies ParseArgsConfig;

/** Names that mean all cases that begin with them. */
const GROUPS: ReadonlySet<string> = new Set(["residency", "wasm"]);

/** Cases that run only if they are named. */
const ON_REQUEST: ReadonlySet<string> = new Set([
  "search/tree",
  "search/queries",
  "paths",
  "paths-shapes",
  "daemon/load",
  "wasm/coremark",
  "soak",
]);

/** Cases that take a tree as an argument. */
const TAKES_TREE: ReadonlySet<string> = new Set([
  "search/tree",
  "search/queries",
  "paths",
  "daemon/load",
  "wasm/coremark",
]);

/** For tests. */
export interface BenchOverrides {
  corpora?: () => GeneratedCorpora;
}

interface Request {
  readonly cases: readonly BenchCase[];
  readonly options: BenchOptions;
  readonly isJson: boolean;
  readonly recordFolder: string | undefined;
}

/** @returns the exit code */
export async function run(
  argv: readonly string[],
  context: CommandContext,
  overrides: BenchOverrides = {},
): Promise<number> {
  const request = parse(argv);
  if (typeof request === "string") {
    context.writeOut(Buffer.from(request));
    return 0;
  }
  if ("child" in request) {
    context.writeOut(Buffer.from(await answerChild(request.child)));
    return 0;
  }
  const { isJson, recordFolder } = request;
  const reporter = new Reporter({ argv, isJson, recordFolder, machine: describeMachine() }, context);
  const stop = new AbortController();
  const onSignal = (signal: NodeJS.Signals): void =>
    stop.abort(new EverwarpError("EW_CLOSED", `stopped by ${signal}`));
  process.once("SIGINT", onSignal).once("SIGTERM", onSignal);
  try {
    await using corpora = (overrides.corpora ?? generatedCorpora)();
    for (const benchCase of request.cases)
      await runCase(benchCase, request.options, reporter, corpora, stop.signal);
  } finally {
    process.off("SIGINT", onSignal).off("SIGTERM", onSignal);
    reporter.finish(!stop.signal.aborted);
  }
  return reporter.hasFailures || stop.signal.aborted ? 1 : 0;
}

async function runCase(
  benchCase: BenchCase,
  options: BenchOptions,
  reporter: Reporter,
  corpora: GeneratedCorpora,
  signal: AbortSignal,
): Promise<void> {
  if (signal.aborted) return;
  const { name, limitMs } = benchCase;
  const deadlineMs = performance.now() + limitMs;
  try {
    await benchCase.run({ caseName: name, options, reporter, corpora, signal, deadlineMs });
  } catch (error) {
    reporter.add({ case: name, subject: "all", contender: "all", ...whatEnded(error, signal) });
    // A fault of everwarp itself ends one case, not the run, and it is reported.
    if (!(error instanceof EverwarpError)) reporter.progress(failureText(error));
  }
}

function whatEnded(error: unknown, signal: AbortSignal): Pick<UnmeasuredRow, "state" | "reason"> {
  if (!(error instanceof EverwarpError)) return { state: "failed", reason: String(error) };
  const isNothingWrong = signal.aborted || error.code === "EW_BENCH_SKIPPED";
  return { state: isNothingWrong ? "skipped" : "failed", reason: `${error.message} [${error.code}]` };
}

/** Parses the arguments. @returns what to do, or a text to print. @throws EW_BAD_ARGUMENT */
function parse(argv: readonly string[]): Request | { child: string } | string {
  const { values, positionals } = readOptions("bench", argv, OPTIONS);
  if (values.help === true) return USAGE;
  if (values.child !== undefined) return { child: values.child };
  if (values.list === true) {
    const width = Math.max(...CASES.map(({ name }) => name.length)) + 2;
    return CASES.map(({ name, summary }) => `${name.padEnd(width)}${summary}\n`).join("");
  }
  const cases: BenchCase[] = [];
  let tree: string | undefined;
  for (const word of positionals) {
    const found = GROUPS.has(word)
      ? CASES.filter(({ name }) => name.startsWith(`${word}/`) && !ON_REQUEST.has(name))
      : CASES.filter(({ name }) => name === word);
    if (found.length > 0) cases.push(...found);
    else if (TAKES_TREE.has(cases.at(-1)?.name ?? "") && tree === undefined) tree = word;
    else throw badArgument(`there is no case "${word}"`, "everwarp bench --list shows them.");
  }
  const { device = "auto", strategy, record, json } = values;
  if (strategy !== undefined && !STRATEGY_NAMES.includes(strategy as StrategyName)) {
    throw badArgument(
      `there is no launch strategy "${strategy}"`,
      `Choose among ${STRATEGY_NAMES.join(", ")}.`,
    );
  }
  return {
    cases: cases.length > 0 ? cases : CASES.filter(({ name }) => !ON_REQUEST.has(name)),
    options: {
      device,
      strategy: strategy as StrategyName | undefined,
      rounds: countOf("rounds", values.rounds),
      requests: countOf("requests", values.requests),
      entries: countOf("entries", values.entries),
      instances: countOf("instances", values.instances),
      minutes: minutesOf(values.minutes),
      seed: countOf("seed", values.seed),
      tree,
      patterns: parsePatterns(values.query ?? []),
      only: values.only ?? [],
    },
    isJson: json === true,
    recordFolder: record,
  };
}

/** @throws EW_BAD_ARGUMENT */
function countOf(option: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  if (!/^[1-9]\d{0,8}$/.test(text)) throw badArgument(`--${option} is "${text}"`, "Give 1 or more.");
  return Number(text);
}

/** @throws EW_BAD_ARGUMENT */
function minutesOf(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const minutes = Number(text);
  if (!(minutes > 0 && minutes < 1e6)) throw badArgument(`--minutes is "${text}"`, "Give a number above 0.");
  return minutes;
}

function parsePatterns(texts: readonly string[]): Map<string, string> {
  return new Map(
    texts.map((text) => {
      const [, kind, pattern] = /^([a-z-]+)=(.+)$/s.exec(text) ?? [];
      if (kind === undefined || pattern === undefined || !QUERY_KINDS.includes(kind)) {
        throw badArgument(`--query is "${text}"`, `Write KIND=PATTERN; kinds are ${QUERY_KINDS.join(", ")}.`);
      }
      return [kind, pattern];
    }),
  );
}
