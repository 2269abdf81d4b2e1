/**
 * `daemon/load`: 50 clients ask a daemon a thousand times a second while the tree changes. Each answer must be what
 * ripgrep prints in a state that the tree had while the query was under way; the first such state is the one that was
 * complete when the query was sent.
 *
 * Clients are connections of this process, which speak the protocol as the Node client does. The daemon is a process.
 */
import { spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { EverwarpError, packageVersion } from "../../base/index.ts";
import {
  askDaemon,
  askForReport,
  askToStop,
  NO_STREAMS,
  runtimeFolder,
  type RuntimeFolder,
} from "../../daemon/index.ts";
import { type BenchCase, type BenchContext, reportError, reportSamples } from "../context/index.ts";
import { everwarpCommand, findRipgrep } from "../processes/index.ts";
import { Random } from "../soak/index.ts";
import { CHANGING, ChangingFolder, NEEDLE } from "./changing-folder.ts";
import { type Answered, askAll } from "./clients.ts";
import { KnownAnswers } from "./known-answers.ts";
import { makeTree } from "./load-tree.ts";

const CLIENTS = 50;
const PER_SECOND = 1000;
const MINUTES = 1;
const CHANGES_PER_SECOND = 20;
/** Before anything is measured, so that the daemon's code is compiled and what it needs is in memory. */
const WARM_UP_MS = 2_000;
const START_TIMEOUT_MS = 60_000;

/** What people ask for while they work: words that a few lines have. */
const QUERIES: readonly (readonly string[])[] = [
  [NEEDLE],
  ["-l", NEEDLE],
  ["-c", NEEDLE],
  ["-n", `${NEEDLE}_1`],
  ["-i", "ZZQQXXYY"],
  [`zz\\w+yy_\\d+ = 2`],
  ["-l", "virtio_blk"],
  ["-w", "virtio_blk"],
  ["-n", "deadlock", "-g", "*.h"],
  ["-l", "deadlock", "-tc"],
  ["-F", `${NEEDLE}_9 = 1`],
  ["-e", NEEDLE, "-e", "virtio_blk_no_such"],
  [NEEDLE, CHANGING],
  ["-c", "static", CHANGING],
  ["no_such_word_at_all"],
];

/** The case `daemon/load`. */
export const daemonLoad: BenchCase = {
  name: "daemon/load",
  summary:
    "50 clients of a daemon, 1,000 queries a second, files change meanwhile (PATH, --minutes M, --seed N)",
  limitMs: Infinity,
  async run(context) {
    const folder = mkdtempSync(path.join(os.tmpdir(), "everwarp-load-"));
    const key = {
      case: context.caseName,
      subject: `${CLIENTS} clients, ${PER_SECOND}/s`,
      contender: "daemon",
    };
    try {
      const load = new Load(context, folder);
      const samplesUs = await load.run();
      reportSamples(context, key, samplesUs, {
        expected: "ripgrep's answers on the same state",
        facts: load.facts,
      });
    } catch (error) {
      context.signal.throwIfAborted();
      reportError(context, key, error);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  },
};

class Load {
  readonly facts: Record<string, string | number> = {};
  readonly #context: BenchContext;
  readonly #folder: string;
  readonly #tree: string;
  readonly #random: Random;
  readonly #verdicts = { "one state": 0, "several states": 0, wrong: 0 };
  #lost = 0;
  #left = 0;
  #firstFault = "";
  /** Changes that have begun, and that are complete; both are the same except within one. */
  #changes = 0;

  constructor(context: BenchContext, folder: string) {
    this.#context = context;
    this.#folder = folder;
    this.#tree = path.join(folder, "tree");
    this.#random = new Random(context.options.seed ?? 1);
  }

  /** @returns the times of all answers, microseconds */
  async run(): Promise<number[]> {
    const { signal, options, reporter } = this.#context;
    const rg = findRipgrep();
    const { known, changing } = this.#prepare(rg);
    const runtime = path.join(this.#folder, "run");
    mkdirSync(runtime, { mode: 0o700 });
    const at = runtimeFolder({ XDG_RUNTIME_DIR: runtime });
    const daemon = await startDaemon(this.#tree, runtime);
    try {
      await this.#ask(at, WARM_UP_MS, known, undefined);
      this.#expectNoFault();
      this.#verdicts["one state"] = 0;
      const forMs = (options.minutes ?? MINUTES) * 60_000;
      reporter.progress(`${this.#context.caseName}: ${Math.round(forMs / 1000)} seconds`);
      const before = { daemonMs: cpuMsOf(daemon.pid), ownMs: cpuMsOf(process.pid) };
      const samplesUs = await this.#ask(at, forMs, known, changing);
      signal.throwIfAborted();
      const count = samplesUs.length;
      Object.assign(this.facts, {
        answers: count,
        changes: this.#changes,
        "in one state": this.#verdicts["one state"],
        "in several": this.#verdicts["several states"],
        wrong: this.#verdicts.wrong,
        lost: this.#lost,
        "left to their clients": this.#left,
        "daemon, CPU µs a query": Math.round((1000 * (cpuMsOf(daemon.pid) - before.daemonMs)) / count),
        "clients, CPU µs a query": Math.round((1000 * (cpuMsOf(process.pid) - before.ownMs)) / count),
      });
      this.#expectNoFault();
      known.verify(this.#changes % changing.stateCount);
      const { service } = await askForReport(at);
      this.facts["files"] = Number((service as { files?: number }).files);
      return samplesUs;
    } finally {
      await askToStop(at).catch(() => daemon.kill("SIGKILL"));
    }
  }

  /** Makes the tree, and asks ripgrep about each of its states. */
  #prepare(rg: string): { known: KnownAnswers; changing: ChangingFolder } {
    const aside = path.join(this.#folder, "aside");
    mkdirSync(aside);
    makeTree(this.#tree, this.#context.options.tree);
    const changing = new ChangingFolder(this.#tree, aside);
    const known = new KnownAnswers(rg, this.#tree, QUERIES);
    known.learn(0);
    for (let state = 1; state <= changing.stateCount; state++) {
      changing.step(state);
      known.learn(state % changing.stateCount);
    }
    known.verify(0);
    return { known, changing };
  }

  async #ask(
    at: RuntimeFolder,
    forMs: number,
    known: KnownAnswers,
    changing: ChangingFolder | undefined,
  ): Promise<number[]> {
    const samplesUs: number[] = [];
    const clientVersion = packageVersion();
    const timer = setInterval(() => changing?.step(++this.#changes), 1000 / CHANGES_PER_SECOND);
    try {
      await askAll({
        at,
        clients: CLIENTS,
        perSecond: PER_SECOND,
        forMs,
        signal: this.#context.signal,
        next: () => this.#random.below(QUERIES.length),
        mark: () => this.#changes,
        requestOf: (query) => ({
          clientVersion,
          cwd: this.#tree,
          argv: QUERIES[query] as readonly string[],
          env: {},
          facts: NO_STREAMS,
        }),
        onAnswer: (answered) => {
          samplesUs.push(answered.tookMs * 1000);
          this.#judge(answered, known, changing?.stateCount ?? 1);
        },
      });
    } finally {
      clearInterval(timer);
    }
    return samplesUs;
  }

  #judge(
    { query, output, code, tookMs, sentAt, endedAt }: Answered,
    known: KnownAnswers,
    stateCount: number,
  ): void {
    const args = (QUERIES[query] as readonly string[]).join(" ");
    if (code === "absent" || code === "declined") {
      this.#left++; // the client would search by itself now
      return;
    }
    if (typeof code === "string") {
      this.#lost++;
      this.#firstFault ||= `${args}: ${code} after ${tookMs.toFixed(0)} ms`;
      return;
    }
    const states = Array.from({ length: endedAt - sentAt + 1 }, (_, index) => (sentAt + index) % stateCount);
    // ripgrep, too, reports a file that is gone before it is read.
    const hasMissed = code === 2 && states.length > 1 && output.includes(MISSED);
    const isCodeRight = hasMissed || code === (output === "" ? 1 : 0);
    const verdict = isCodeRight ? known.verdict(query, output, states) : "wrong";
    this.#verdicts[verdict]++;
    if (verdict === "wrong")
      this.#firstFault ||= `${args} in the states ${states.join(", ")}: exit code ${code} and ${output.slice(0, 2000)}`;
  }

  #expectNoFault(): void {
    if (this.#firstFault === "") return;
    throw new EverwarpError(
      "EW_BENCH_WRONG_RESULT",
      `${this.#verdicts.wrong} answers were wrong, and ${this.#lost} were none: ${this.#firstFault}`,
    );
  }
}

/** What a client was told on its standard error. */
const MISSED = "No such file or directory";

async function startDaemon(tree: string, runtime: string): Promise<ReturnType<typeof spawn>> {
  const [program, ...words] = everwarpCommand();
  // With this process's own flags, such as --cpu-prof.
  const daemon = spawn(program, [...process.execArgv, ...words, "serve", tree], {
    env: { ...process.env, XDG_RUNTIME_DIR: runtime },
    stdio: ["ignore", "ignore", "pipe"],
  });
  let said = "";
  daemon.stderr.on("data", (text: Buffer) => (said += text.toString()));
  for (let waitedMs = 0; !said.includes("serving"); waitedMs += 20) {
    if (daemon.exitCode !== null || waitedMs > START_TIMEOUT_MS)
      throw new EverwarpError("EW_BENCH_WRONG_RESULT", `the daemon did not start: ${said}`);
    await sleep(20);
  }
  await loadTree(runtimeFolder({ XDG_RUNTIME_DIR: runtime }), tree);
  return daemon;
}

/** Lets the daemon load the tree: it answers from memory then. */
async function loadTree(at: RuntimeFolder, tree: string): Promise<void> {
  const begunMs = performance.now();
  const { service } = await askForReport(at);
  let report = service as { fromMemory?: number };
  while ((report.fromMemory ?? 0) === 0) {
    if (performance.now() - begunMs > START_TIMEOUT_MS)
      throw new EverwarpError("EW_BENCH_WRONG_RESULT", `the daemon did not load ${tree}`);
    const request = {
      clientVersion: packageVersion(),
      cwd: tree,
      argv: [NEEDLE],
      env: {},
      facts: NO_STREAMS,
    };
    await askDaemon(at, request, { writeOut: () => undefined, writeError: () => undefined });
    await sleep(100);
    report = (await askForReport(at)).service as { fromMemory?: number };
  }
}

/** The processor time of a process so far, in milliseconds. The system counts in hundredths of a second. */
function cpuMsOf(pid: number | undefined): number {
  const fields = readFileSync(`/proc/${pid}/stat`, "latin1")
    .replace(/^.*\) /s, "")
    .split(" ");
  return 10 * (Number(fields[11]) + Number(fields[12]));
}
