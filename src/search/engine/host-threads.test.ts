/** What becomes of a search on threads when something comes in between. */
import { mkdtempSync, rmSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import type { Worker } from "node:worker_threads";
import { afterAll, afterEach, expect, it, vi } from "vitest";
import { patientMs } from "../../../test/support/patience.ts";
import { answered, begin, digestOf, load, runsOf, writeFiles } from "../../../test/support/verify-ground.ts";
import { EverwarpError } from "../../base/index.ts";
import type { RawHits } from "../backend/index.ts";
import { Corpus } from "../corpus/index.ts";
import { HostBackend } from "../host/index.ts";
import { Verifier } from "../verifier/index.ts";
import { EngineCorpus } from "./engine-corpus.ts";
import { PreparedPlan } from "./prepared-plan.ts";
import { type PreparedQuery, prepareQuery } from "./query.ts";
import { SearchEngine } from "./search-engine.ts";

// What has no automaton is for the host.
vi.mock("../automaton/index.ts", () => ({ compileAutomaton: () => undefined }));

const system = vi.hoisted(() => ({ refuses: false }));
vi.mock("../../threads/index.ts", async (original) => {
  const real = await original<typeof import("../../threads/index.ts")>();
  const assertAllowed = (): void => {
    if (system.refuses) throw new EverwarpError("EW_NO_THREAD", "there are enough threads");
  };
  return {
    ...real,
    startWorkerThread: async (...given: Parameters<typeof real.startWorkerThread>) => {
      assertAllowed();
      return real.startWorkerThread(...given);
    },
    startWorkerThreadNow: (...given: Parameters<typeof real.startWorkerThreadNow>) => {
      assertAllowed();
      return real.startWorkerThreadNow(...given);
    },
  };
});

const folder = mkdtempSync(path.join(os.tmpdir(), "everwarp-host-threads-"));
writeFiles(folder);
const backend = await HostBackend.open({ threads: 2 });
const held = await load(backend, folder);
const query = { pattern: "[0-9]{3,}" };
const expected = digestOf(await begin(held, prepareQuery(query)).wait());
const failing = (code: string): Error => expect.objectContaining({ code }) as Error;
afterEach(() => {
  vi.restoreAllMocks();
  system.refuses = false;
});
afterAll(async () => {
  await backend.close();
  rmSync(folder, { recursive: true });
});

/** Threads, and those that were started. */
function threads(count = 2): {
  verifier: Verifier;
  workers: Worker[];
  [Symbol.asyncDispose](): Promise<void>;
} {
  const workers: Worker[] = [];
  const note = (worker: Worker): void => void workers.push(worker);
  process.on("worker", note);
  const verifier = new Verifier(count);
  return {
    verifier,
    workers,
    [Symbol.asyncDispose]: async () => {
      process.off("worker", note);
      await verifier.close();
    },
  };
}

/** A query that threads cannot make a matcher of. */
function poisoned(): PreparedQuery {
  const prepared = prepareQuery(query);
  expect([prepared.prepared.plan, prepared.planes]).toBeDefined(); // made here, before threads are asked
  Object.defineProperty(prepared, "matcherOptions", { value: { patterns: ["("] } });
  return prepared;
}

it("a thread that dies ends the search, and the next search has new threads", async () => {
  await using at = threads();
  const { verifier } = at;
  await expect(begin(held, poisoned(), { verifier }).wait()).rejects.toThrow(failing("EW_WORKER_DIED"));
  expect(digestOf(await begin(held, prepareQuery(query), { verifier }).wait())).toBe(expected);
  const blocked = begin(held, poisoned(), { verifier });
  expect(() => blocked.waitSync({ timeoutMs: patientMs(60_000) })).toThrow(failing("EW_WORKER_DIED"));
  await expect(runsOf(begin(held, poisoned(), { verifier }))).rejects.toThrow(failing("EW_WORKER_DIED"));
  expect(
    digestOf(begin(held, prepareQuery(query), { verifier }).waitSync({ timeoutMs: patientMs(60_000) })),
  ).toBe(expected);
});

it("a thread that is killed ends the search", async () => {
  await using at = threads(1);
  const { verifier, workers } = at;
  const killed = begin(held, prepareQuery(query), { verifier }).wait();
  const end = expect(killed).rejects.toThrow(failing("EW_WORKER_DIED"));
  while (workers.length === 0) await new Promise(setImmediate);
  await workers[0]?.terminate();
  await end;
  expect(digestOf(await begin(held, prepareQuery(query), { verifier }).wait())).toBe(expected);
});

it("threads stay, and those of a verifier that is closed are gone", async () => {
  const at = threads(1);
  const { verifier, workers } = at;
  for (let search = 0; search < 3; search++)
    expect(digestOf(await begin(held, prepareQuery(query), { verifier }).wait())).toBe(expected);
  expect(workers).toHaveLength(1);
  const ended = new Promise((resolve) => workers[0]?.once("exit", resolve));
  const inFlight = begin(held, prepareQuery(query), { verifier });
  const end = expect(inFlight.wait()).rejects.toThrow(failing("EW_CLOSED"));
  await at[Symbol.asyncDispose]();
  await end;
  await ended;
  await expect(begin(held, prepareQuery(query), { verifier }).wait()).rejects.toThrow(failing("EW_CLOSED"));
});

it("little work starts no thread, unless it takes long", async () => {
  await using at = threads();
  const small = path.join(folder, "small");
  writeFiles(small, 20, 100);
  const corpus = await load(backend, small);
  rmSync(small, { recursive: true });
  let timeMs = performance.now();
  let stepMs = 0;
  vi.spyOn(performance, "now").mockImplementation(() => (timeMs += stepMs));
  const short = await begin(corpus, prepareQuery(query), { verifier: at.verifier }).wait();
  expect(at.workers).toHaveLength(0);
  stepMs = 5;
  const long = await begin(corpus, prepareQuery(query), { verifier: at.verifier }).wait();
  expect(at.workers.length).toBeGreaterThan(0);
  expect(digestOf(long)).toBe(digestOf(short));
});

it("the main thread does the work where no thread can start", async () => {
  await using at = threads();
  const { verifier, workers } = at;
  system.refuses = true;
  expect(digestOf(await begin(held, prepareQuery(query), { verifier }).wait())).toBe(expected);
  expect(
    digestOf(begin(held, prepareQuery(query), { verifier }).waitSync({ timeoutMs: patientMs(60_000) })),
  ).toBe(expected);
  expect(digestOf(...(await runsOf(begin(held, prepareQuery(query), { verifier }))))).toBe(expected);
  expect(workers).toHaveLength(0);
  system.refuses = false;
  expect(digestOf(await begin(held, prepareQuery(query), { verifier }).wait())).toBe(expected);
  expect(workers.length).toBeGreaterThan(0);
});

it("a stream that is left, and a search that is aborted, leave the threads to others", async () => {
  await using engine = await SearchEngine.open({
    device: "cpu",
    threads: 2,
    corpus: await Corpus.list([folder], { sort: "path" }),
  });
  for await (const run of engine.submit(query).stream()) {
    expect(run.count).toBeGreaterThan(0);
    break;
  }
  const controller = new AbortController();
  const search = engine.submit(query, { signal: controller.signal });
  const end = expect(search.wait()).rejects.toThrow(failing("EW_ABORTED"));
  setImmediate(() => controller.abort());
  await end;
  await expect(engine.search(query, { timeoutMs: 0 })).rejects.toThrow(failing("EW_TIMEOUT"));
  const results = await Promise.all([engine.search(query), engine.search(query), engine.count(query)]);
  expect(digestOf(results[0])).toBe(expected);
  expect(digestOf(results[1])).toBe(expected);
  expect(results[2]).toBe(results[0].count);
  expect(engine.countSync(query, { timeoutMs: patientMs(60_000) })).toBe(results[2]);
  expect(engine.stats()).toMatchObject({ answered: 4, cancelled: 3, failed: 0, inFlight: 0 });
});

it("an engine that is closed ends its searches, and a corpus that is removed those in it", async () => {
  const corpus = await Corpus.list([folder], { sort: "path" });
  const engine = await SearchEngine.open({ device: "cpu", threads: 2, corpus });
  const removed = engine.submit(query);
  const end = expect(removed.wait()).rejects.toThrow(failing("EW_CORPUS_UNKNOWN"));
  await new Promise(setImmediate);
  await engine.removeCorpus(corpus);
  await end;
  await engine.addCorpus(corpus);
  const closed = expect(engine.submit(query).wait()).rejects.toThrow(failing("EW_CLOSED"));
  await new Promise(setImmediate);
  await engine.close();
  await closed;
});

/** What an automaton might have found: the matches of most lines, and the others undecided. */
function halfDecided(all: RawHits, isUndecided: (file: number, line: number) => boolean): RawHits {
  const { line, column } = all.locate();
  const indexes = Array.from({ length: all.count }, (_, index) => index);
  const kept = indexes.filter((at) => !isUndecided(all.file[at] as number, line[at] as number));
  const open = indexes.filter(
    (at) =>
      isUndecided(all.file[at] as number, line[at] as number) &&
      (at === 0 || line[at - 1] !== line[at] || all.file[at - 1] !== all.file[at]),
  );
  const of = (values: Uint32Array, at: readonly number[]): Uint32Array =>
    Uint32Array.from(at, (index) => values[index] as number);
  return {
    ...all,
    count: kept.length,
    file: of(all.file, kept),
    offset: of(all.offset, kept),
    length: of(all.length, kept),
    literal: new Uint32Array(kept.length),
    locate: () => ({ line: of(line, kept), column: of(column, kept) }),
    undecided: {
      count: open.length,
      file: of(all.file, open),
      line: of(line, open),
      offset: Uint32Array.from(open, (at) => (all.offset[at] as number) - (column[at] as number) + 1),
    },
  };
}

it("lines that an automaton left undecided come between its matches", async () => {
  await using at = threads();
  const literal = await begin(held, prepareQuery({ pattern: "12345" })).wait();
  const found: RawHits = {
    count: literal.count,
    truncated: false,
    file: literal.file,
    offset: Uint32Array.from(literal.offset),
    length: literal.length,
    literal: new Uint32Array(literal.count),
    undecided: { count: 0, file: new Uint32Array(0), line: new Uint32Array(0), offset: new Uint32Array(0) },
    locate: () => ({ line: literal.line, column: literal.column }),
  };
  // The matches of the automaton are of another pattern than the lines that are searched.
  const plan = { kind: "automaton", required: [] } as unknown as PreparedPlan["plan"];
  const ways = [
    () => false,
    () => true,
    (_: number, line: number) => line % 3 === 0,
    (file: number) => file % 50 === 7,
  ];
  for (const isUndecided of ways) {
    const raw = halfDecided(found, isUndecided);
    const corpus = new EngineCorpus(
      held.corpus,
      { info: backend.info, submit: () => answered(raw) } as unknown as EngineCorpus["backend"],
      held.loaded,
    );
    const asked = prepareQuery({ pattern: "12345" });
    Object.defineProperty(asked, "prepared", { value: new PreparedPlan(plan) });
    for (const verifier of [at.verifier, undefined]) {
      expect(digestOf(await begin(corpus, asked, { verifier }).wait())).toBe(digestOf(literal));
      expect((await begin(corpus, asked, { verifier, isCountOnly: true }).wait()).count).toBe(literal.count);
      const few = await begin(corpus, asked, { verifier, maxHits: 100 }).wait();
      expect([few.count, few.truncated]).toEqual([100, true]);
    }
  }
});
