/**
 * `programs`: what the program cache costs and saves. Separate processes compile, so that nothing is warm
 * that should be cold. The driver's own cache is switched off in all of them.
 */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { type ErrorCode, EverwarpError } from "../../base/index.ts";
import { DiskStore, targetOf, ProgramCache, type ProgramLease } from "../../programs/index.ts";
import { Device } from "../../vulkan/index.ts";
import { runChild } from "../../threads/index.ts";
import {
  assertTimeLeft,
  type BenchCase,
  type BenchContext,
  limitsOf,
  reportError,
  reportSamples,
  deviceSelection,
} from "../context/index.ts";
import { skip, expectResult, type Limits, measure } from "../measure/index.ts";
import type { MeasuredRow, RowKey } from "../report/index.ts";
import type { ChildJob, FirstSearchAnswer, ProgramsAnswer } from "./child.ts";
import { checkNumbered, numberedProgram } from "./kernel.ts";

const PROGRAM_COUNT = 100;
/** Switches in one sample. One alone takes hardly more than reading the clock. */
const SWITCHES_PER_SAMPLE = 100;
const PROCESS_COUNT = 16;
/** Number of programs that each process needs. */
const PROGRAMS_AT_ONCE = 8;
/** Samples of whole processes. They take long, and only their sum matters. */
const CHILD_ROUNDS = 5;
const CHILD_TIMEOUT_MS = 120_000;
const MEBIBYTE = 1 << 20;

/** Switches the drivers' own caches off: NVIDIA's and Mesa's. */
const DRIVER_CACHES_OFF = {
  __GL_SHADER_DISK_CACHE: "0",
  MESA_SHADER_CACHE_DISABLE: "true",
};

const NEEDLE = "a needle in hay";
const NEEDLE_COUNT = 7;

/** The case `programs`. */
export const programs: BenchCase = {
  name: "programs",
  summary: "the program cache: opening, switching, loading, memory, cold against warm, 16 processes at once",
  limitMs: 240_000,
  async run(context) {
    if (context.options.device === "cpu") {
      return reportError(context, keyOf(context, "all", "device"), skip("the host engine has no programs"));
    }
    const folder = mkdtempSync(path.join(os.tmpdir(), "everwarp-bench-"));
    try {
      const bench = new ProgramsBench(context, folder);
      await bench.attempt(`${PROGRAM_COUNT} programs`, () => bench.secondRun());
      await bench.attempt("open", () => bench.open());
      await bench.attempt("switch", () => bench.switching());
      await bench.attempt("a search's pipelines", () => bench.searchPipelines());
      await bench.attempt("first search of a process", () => bench.firstSearch());
      await bench.attempt(`${PROCESS_COUNT} processes at once`, () => bench.processesAtOnce());
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  },
};

type Facts = MeasuredRow["facts"];

class ProgramsBench {
  readonly #context: BenchContext;
  readonly #folder: string;
  readonly #select: string | number;
  #cacheCount = 0;

  constructor(context: BenchContext, folder: string) {
    this.#context = context;
    this.#folder = folder;
    this.#select = deviceSelection(context.options.device);
  }

  /** Runs one part. If it fails, it reports a row that says so. */
  async attempt(subject: string, body: () => Promise<void>): Promise<void> {
    try {
      assertTimeLeft(this.#context);
      await body();
    } catch (error) {
      reportError(this.#context, keyOf(this.#context, subject, "all"), error);
    }
  }

  /** Acquires a set of programs in a process that finds none of them, and in one that finds all. */
  async secondRun(): Promise<void> {
    const subject = `${PROGRAM_COUNT} programs, whole set`;
    const job: ChildJob = { kind: "numbered", device: this.#select, count: PROGRAM_COUNT };
    const rounds = this.#childRounds;
    const cold: ProgramsAnswer[] = [];
    const warm: ProgramsAnswer[] = [];
    for (let round = 0; round < rounds; round++) {
      const directory = this.#newDirectory("set");
      cold.push(await this.#child<ProgramsAnswer>(job, directory));
      warm.push(await this.#child<ProgramsAnswer>(job, directory));
    }
    for (const answer of cold) {
      expectResult("sources compiled by the first run", answer.stats.compilations, PROGRAM_COUNT);
      expectResult("pipelines compiled by the first run", answer.pipelinesFromSpirv, PROGRAM_COUNT);
    }
    for (const { stats, driverKeeps, pipelinesFromData, pipelinesFromSpirv } of warm) {
      expectResult("sources compiled by the second run", stats.compilations, 0);
      expectResult("hits of the second run", stats.hits.disk, PROGRAM_COUNT);
      expectResult("misses of the second run", stats.missCount, 0);
      expectResult("pipelines of the second run", pipelinesFromData + pipelinesFromSpirv, PROGRAM_COUNT);
      // If the driver gives nothing to keep, it must do its part again.
      if (driverKeeps !== "none")
        expectResult("pipelines that the driver compiled in the second run", pipelinesFromSpirv, 0);
    }
    const facts = (answers: readonly ProgramsAnswer[]): Facts => {
      const { stats, pipelinesFromData, pipelinesFromSpirv, heapBytes } = answers.at(-1) as ProgramsAnswer;
      return {
        compilations: stats.compilations,
        "disk hits": stats.hits.disk,
        "pipelines by driver": pipelinesFromSpirv,
        "from its data": pipelinesFromData,
        "driver ms": milliseconds(stats.driverMs),
        "MiB held": (stats.memory.bytes / MEBIBYTE).toFixed(2),
        ...(heapBytes === undefined ? {} : { "MiB of heap": (heapBytes / MEBIBYTE).toFixed(2) }),
        "MiB on disk": (stats.disk.bytes / MEBIBYTE).toFixed(2),
      };
    };
    const expected = "each program's own answer";
    const timesUs = (answers: readonly ProgramsAnswer[]): number[] =>
      answers.map(({ acquireMs }) => acquireMs * 1000);
    this.#report(subject, "first run", timesUs(cold), expected, facts(cold));
    this.#report(subject, "second run", timesUs(warm), expected, facts(warm));
    const each = warm.flatMap((answer) => answer.programs);
    const ours = each.map(({ ms, driverMs }) => (ms - driverMs) * 1000);
    this.#report("load one entry", "ours", ours, expected, { "of processes": rounds });
    const theirs = each.map(({ driverMs }) => driverMs * 1000);
    this.#report("load one entry", "the driver's part", theirs, expected, {});
    const compiled = cold.flatMap((answer) => answer.programs).map(({ driverMs }) => driverMs * 1000);
    this.#report("make one pipeline", "the driver, from SPIR-V", compiled, expected, {});
  }

  async open(): Promise<void> {
    const directory = this.#newDirectory("open");
    await this.#child({ kind: "numbered", device: this.#select, count: PROGRAM_COUNT }, directory);
    using device = this.#device();
    const caches: ProgramCache[] = [];
    await this.#sample("open", `${PROGRAM_COUNT} on disk`, `${PROGRAM_COUNT} entries`, 500, {
      run: async () => {
        caches.push(await ProgramCache.open({ device, directory }));
      },
      check() {
        expectResult("entries", caches.at(-1)?.stats().disk.entries, PROGRAM_COUNT);
      },
    });
    for (const cache of caches) await cache.close();
    const store = await DiskStore.open(path.join(directory, targetOf(device).folder));
    let good = 0;
    await this.#sample("read and check all", `${PROGRAM_COUNT} on disk`, `${PROGRAM_COUNT} entries`, 50, {
      run: async () => {
        good = (await store.verify()).good.length;
      },
      check: () => expectResult("good entries", good, PROGRAM_COUNT),
    });
  }

  /** Switches between two programs that are in use. */
  async switching(): Promise<void> {
    using device = this.#device();
    await using cache = await ProgramCache.open({ device, directory: false });
    const held: ProgramLease[] = [];
    for (const index of [0, 1]) {
      const lease = await cache.acquire(numberedProgram(index));
      checkNumbered(device, lease, index);
      held.push(lease);
    }
    const hits = (): number => cache.stats().hits.memory;
    const perSwitch = (samplesUs: readonly number[]): Facts => ({
      "µs per switch": (median(samplesUs) / SWITCHES_PER_SAMPLE).toFixed(2),
    });
    let before = 0;
    const subject = `switch, ${SWITCHES_PER_SAMPLE} times`;
    const acquire = {
      run: async () => {
        before = hits();
        for (let i = 0; i < SWITCHES_PER_SAMPLE; i++) (await cache.acquire(numberedProgram(i & 1))).release();
      },
      check: () => expectResult("hits in memory", hits() - before, SWITCHES_PER_SAMPLE),
    };
    await this.#sample(subject, "acquire and release", "all from memory", 500, acquire, perSwitch);
    const ids = held.map(({ id }) => id);
    const acquireHeld = {
      run: () => {
        before = hits();
        for (let i = 0; i < SWITCHES_PER_SAMPLE; i++) cache.acquireHeld(ids[i & 1] ?? "")?.release();
      },
      check: () => expectResult("hits in memory", hits() - before, SWITCHES_PER_SAMPLE),
    };
    await this.#sample(subject, "by id", "all from memory", 500, acquireHeld, perSwitch);
    using commands = device.createCommandBuffer();
    const bind = {
      run: () =>
        void commands.record((recorder) => {
          for (let i = 0; i < SWITCHES_PER_SAMPLE; i++) {
            const lease = held[i & 1];
            if (lease !== undefined) recorder.bind(lease.pipeline);
          }
        }),
      check: () => undefined,
    };
    await this.#sample(subject, "bind, as recorded", "recorded", 500, bind, perSwitch);
    for (const lease of held) lease.release();
  }

  /** What the driver does for a search's programs: everything, or only take its own data back. */
  async searchPipelines(): Promise<void> {
    const job: ChildJob = { kind: "search-programs", device: this.#select };
    const directory = this.#newDirectory("search");
    await this.#child(job, directory);
    const cold: ProgramsAnswer[] = [];
    const warm: ProgramsAnswer[] = [];
    for (let round = 0; round < this.#childRounds; round++) {
      cold.push(await this.#child<ProgramsAnswer>(job, this.#newDirectory("search")));
      warm.push(await this.#child<ProgramsAnswer>(job, directory));
    }
    for (const { stats } of cold) expectResult("disk hits, cold", stats.hits.disk, 0);
    for (const { stats, programs: all } of warm) expectResult("disk hits, warm", stats.hits.disk, all.length);
    const driverUs = (answers: readonly ProgramsAnswer[]): number[] =>
      answers.map(({ stats }) => stats.driverMs * 1000);
    const ratio = median(driverUs(cold)) / median(driverUs(warm));
    const { driverKeeps } = warm.at(-1) as ProgramsAnswer;
    const subject = "a search's pipelines";
    this.#report(subject, "driver, cold", driverUs(cold), "no hits", {});
    this.#report(subject, "driver, warm", driverUs(warm), "only hits", {
      "times as fast": ratio.toFixed(1),
      "driver keeps": driverKeeps,
    });
    const allUs = (answers: readonly ProgramsAnswer[]): number[] =>
      answers.map(({ acquireMs }) => acquireMs * 1000);
    this.#report(subject, "all of it, cold", allUs(cold), "no hits", {});
    this.#report(subject, "all of it, warm", allUs(warm), "only hits", {});
  }

  async firstSearch(): Promise<void> {
    const folder = path.join(this.#folder, "tree");
    const job: ChildJob = { kind: "first-search", device: this.#select, folder, pattern: NEEDLE };
    writeTree(folder);
    const warmDirectory = this.#newDirectory("first");
    await this.#child(job, warmDirectory);
    const times: Record<"cold" | "warm" | "off", number[]> = { cold: [], warm: [], off: [] };
    for (let round = 0; round < this.#childRounds; round++) {
      const ask = async (directory: string, env: Record<string, string> = {}): Promise<number> => {
        const { count, ms } = await this.#child<FirstSearchAnswer>(job, directory, env);
        expectResult("hits", count, NEEDLE_COUNT);
        return ms * 1000;
      };
      times.cold.push(await ask(this.#newDirectory("first")));
      times.warm.push(await ask(warmDirectory));
      times.off.push(await ask(warmDirectory, { EVERWARP_PROGRAM_CACHE: "off" }));
    }
    const subject = "first search of a process";
    const expected = `${NEEDLE_COUNT} hits`;
    this.#report(subject, "cold", times.cold, expected, {});
    this.#report(subject, "warm", times.warm, expected, {
      "ms less than cold": milliseconds((median(times.cold) - median(times.warm)) / 1000),
    });
    this.#report(subject, "without a cache on disk", times.off, expected, {});
  }

  /**
   * No program is made more than twice, whichever process comes first. Afterwards, the entries on disk are
   * whole.
   */
  async processesAtOnce(): Promise<void> {
    const job: ChildJob = { kind: "numbered", device: this.#select, count: PROGRAMS_AT_ONCE };
    const samplesUs: number[] = [];
    let facts: Facts = {};
    for (let round = 0; round < Math.min(this.#childRounds, 2); round++) {
      const directory = this.#newDirectory("crowd");
      const begin = performance.now();
      const answers = await Promise.all(
        Array.from({ length: PROCESS_COUNT }, () => this.#child<ProgramsAnswer>(job, directory)),
      );
      samplesUs.push((performance.now() - begin) * 1000);
      const compiled = new Map<string, number>();
      for (const { name, isCompiled } of answers.flatMap((answer) => answer.programs))
        compiled.set(name, (compiled.get(name) ?? 0) + Number(isCompiled));
      const most = Math.max(...compiled.values());
      const { good, bad } = await this.#verify(directory);
      expectResult("programs compiled more than twice", most > 2, false);
      expectResult("entries", good, PROGRAMS_AT_ONCE);
      expectResult("bad entries", bad, 0);
      facts = {
        compilations: [...compiled.values()].reduce((sum, count) => sum + count, 0),
        "at most, of one program": most,
        "disk hits": answers.reduce((sum, { stats }) => sum + stats.hits.disk, 0),
      };
    }
    const subject = `${PROCESS_COUNT} processes at once`;
    this.#report(subject, `${PROGRAMS_AT_ONCE} programs each`, samplesUs, "each program's own answer", facts);
  }

  async #verify(directory: string): Promise<{ good: number; bad: number }> {
    using device = this.#device();
    const store = await DiskStore.open(path.join(directory, targetOf(device).folder));
    const { good, bad } = await store.verify();
    return { good: good.length, bad: bad.length };
  }

  get #childRounds(): number {
    return this.#context.options.rounds ?? CHILD_ROUNDS;
  }

  #device(): Device {
    return Device.open({
      select: this.#select,
      allowSoftware: typeof this.#select === "number",
      queuesToLease: 0,
    });
  }

  /** A path for a cache. The folder does not exist yet. */
  #newDirectory(name: string): string {
    return path.join(this.#folder, `${name}-${this.#cacheCount++}`);
  }

  async #child<T = unknown>(
    job: ChildJob,
    directory: string,
    env: Readonly<Record<string, string>> = {},
  ): Promise<T> {
    this.#context.signal.throwIfAborted();
    assertTimeLeft(this.#context);
    const bundle = fileURLToPath(import.meta.url);
    if (!bundle.endsWith(".cjs")) throw skip("only the built command line can start itself: npm run build");
    const text = await runChild(
      process.execPath,
      ["--expose-gc", bundle, "bench", "--child", JSON.stringify(job)],
      CHILD_TIMEOUT_MS,
      { ...DRIVER_CACHES_OFF, EVERWARP_CACHE_DIR: directory, ...env },
    );
    const answer = JSON.parse(text) as { found: T } | { failure: { code: ErrorCode; message: string } };
    if ("found" in answer) return answer.found;
    throw new EverwarpError(answer.failure.code, answer.failure.message);
  }

  async #sample(
    subject: string,
    contender: string,
    expected: string,
    maxSamples: number,
    what: { run: () => void | Promise<void>; check: () => void },
    factsOf: (samplesUs: readonly number[]) => Facts = () => ({}),
  ): Promise<void> {
    const samplesUs: number[] = [];
    const limits: Limits = limitsOf(this.#context, { maxSamples, budgetMs: 1000 });
    await measure(what, samplesUs, limits, this.#context.signal);
    this.#report(subject, contender, samplesUs, expected, factsOf(samplesUs));
  }

  #report(
    subject: string,
    contender: string,
    samplesUs: readonly number[],
    expected: string,
    facts: Facts,
  ): void {
    reportSamples(this.#context, keyOf(this.#context, subject, contender), samplesUs, { expected, facts });
  }
}

function keyOf({ caseName }: BenchContext, subject: string, contender: string): RowKey {
  return { case: caseName, subject, contender };
}

/** Few files, so that the beginning of a search is measured. */
function writeTree(folder: string): void {
  const line = "nothing but hay in this line, and in the next one\n";
  const lines = Array.from({ length: 400 }, (_, index) =>
    index % 50 === 0 && index > 0 ? `${NEEDLE} ${index}\n` : line,
  );
  mkdirSync(folder, { recursive: true });
  writeFileSync(path.join(folder, "hay.txt"), lines.join(""));
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1] ?? 0;
}

function milliseconds(ms: number): string {
  return ms.toFixed(1);
}
