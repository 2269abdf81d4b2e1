/** Words in shared memory, tested with real threads. */
import { once } from "node:events";
import { Worker } from "node:worker_threads";
import { build } from "esbuild";
import { afterEach, beforeAll, describe, expect, test } from "vitest";
import { Gate } from "./gate.ts";
import { SharedWord } from "./shared-word.ts";
import { SharedFlag, WakeWord } from "./wake-word.ts";

const THREADS = 3;
let library = "";
const workers: Worker[] = [];

beforeAll(async () => {
  const { outputFiles } = await build({
    stdin: {
      contents:
        'export * from "./gate.ts"; export * from "./shared-word.ts"; export * from "./wake-word.ts";',
      resolveDir: import.meta.dirname,
    },
    bundle: true,
    format: "iife",
    globalName: "threads",
    write: false,
    target: "node20",
  });
  library = outputFiles[0]?.text ?? "";
});
afterEach(async () => {
  await Promise.all(workers.splice(0).map((worker) => worker.terminate()));
});

/** Runs a body in a thread. The body can use `threads` (this folder's classes), `words` and `post`. */
function start(words: Int32Array, body: string): Worker {
  const code = `
    const { parentPort, workerData: words } = require("node:worker_threads");
    ${library}
    const { Gate, SharedWord, SharedFlag, WakeWord } = threads;
    const post = (value) => parentPort.postMessage(value);
    ${body}`;
  const worker = new Worker(code, { eval: true, workerData: words });
  workers.push(worker);
  return worker;
}

const answerOf = async (worker: Worker): Promise<unknown> =>
  ((await once(worker, "message")) as unknown[])[0];
const shared = (count: number): Int32Array => new Int32Array(new SharedArrayBuffer(4 * count));

describe("a shared word", () => {
  test("counts, stores, and gives each number to one claimer", () => {
    const words = shared(2);
    const word = new SharedWord(words, 1);
    expect([word.add(5), word.addQuietly(-2), word.value]).toEqual([0, 5, 3]);
    word.set(7);
    expect([word.claimBelow(9), word.claimBelow(9), word.claimBelow(9), word.value]).toEqual([7, 8, -1, 9]);
    expect([word.claimBelow(20, 8), word.claimBelow(20, 8), word.claimBelow(20, 8)]).toEqual([9, 17, -1]);
    word.setQuietly(1);
    expect([...words]).toEqual([0, 1]);
  });

  test("ends a sleep when it changes, at once if it changed before, and else not before the timeout", async () => {
    const words = shared(1);
    const word = new SharedWord(words, 0);
    expect(word.sleepWhile(1, 10_000)).toBe(true);
    expect(word.sleepWhile(0, 1)).toBe(false);
    const sleeper = start(words, "post('up'); post(new SharedWord(words, 0).sleepWhile(0));");
    expect(await answerOf(sleeper)).toBe("up");
    const slept = answerOf(sleeper);
    word.set(1);
    expect(await slept).toBe(true);
  });

  test("claims by several threads skip no number and repeat none", async () => {
    const words = shared(1);
    const body = `
      const taken = [];
      for (let n; (n = new SharedWord(words, 0).claimBelow(20_000)) >= 0; ) taken.push(n);
      post(taken);`;
    const lists = await Promise.all(
      Array.from({ length: THREADS }, () => answerOf(start(words, body)) as Promise<number[]>),
    );
    expect(lists.flat().toSorted((a, b) => a - b)).toEqual(Array.from({ length: 20_000 }, (_, n) => n));
  });
});

test("a wake word loses no ring, and the flag ends all sleepers", async () => {
  const words = shared(4);
  const [wake, stop] = [new WakeWord(words, 0), new SharedFlag(words, 1)];
  const [published, done] = [new SharedWord(words, 2), new SharedWord(words, 3)];
  const body = `
    const [wake, stop] = [new WakeWord(words, 0), new SharedFlag(words, 1)];
    const [left, done] = [new SharedWord(words, 2), new SharedWord(words, 3)];
    post("up");
    for (let count = 0; ; ) {
      const seen = wake.value;
      if (stop.isSet) { post(count); break; }
      const before = left.value;
      if (before > 0 && Atomics.compareExchange(words, 2, before, before - 1) === before) {
        count++;
        done.add(1);
      } else wake.sleep(seen);
    }`;
  const threads = Array.from({ length: THREADS }, () => start(words, body));
  await Promise.all(threads.map(answerOf));
  // One piece of work at a time, so that a lost ring would leave it undone.
  for (let round = 0; round < 500; round++) {
    published.addQuietly(1);
    wake.ring();
    while (done.value <= round) expect(done.sleepWhile(done.value === round ? round : -1, 20_000)).toBe(true);
  }
  const counts = Promise.all(threads.map(answerOf));
  expect(stop.isSet).toBe(false);
  stop.set();
  wake.ring();
  expect((await counts).reduce<number>((sum, count) => sum + (count as number), 0)).toBe(500);
});

test("behind a gate no reader sees half of a change", async () => {
  // 0 and 1: the gate; 2 and 3: what changes; 4: stop; from 5 on: how often each thread has read.
  const words = shared(5 + THREADS);
  const gate = new Gate(words, 0, 1);
  const body = (thread: number): string => `
    const gate = new Gate(words, 0, 1);
    post("up");
    let reads = 0, torn = 0, changes = 0, last = 0;
    while (Atomics.load(words, 4) === 0) {
      gate.enter();
      const first = words[2];
      for (let spin = 0; spin < 50; spin++);
      if (words[3] !== first) torn++;
      gate.leave();
      if (first !== last) changes++;
      last = first;
      reads++;
      Atomics.store(words, ${5 + thread}, reads);
    }
    post({ reads, torn, changes });`;
  const threads = Array.from({ length: THREADS }, (_, thread) => start(words, body(thread)));
  await Promise.all(threads.map(answerOf));
  const answers = Promise.all(threads.map(answerOf));
  const haveAllRead = (): boolean => threads.every((_, thread) => Atomics.load(words, 5 + thread) > 0);
  for (let change = 1; change <= 300 || !haveAllRead(); change++) {
    gate.exclusively(() => {
      words[2] = change;
      for (let spin = 0; spin < 2000; spin++);
      words[3] = change;
    });
    if (change % 10 === 0) await new Promise(setImmediate);
  }
  Atomics.store(words, 4, 1);
  for (const { reads, torn } of (await answers) as { reads: number; torn: number }[]) {
    expect(torn).toBe(0);
    expect(reads).toBeGreaterThan(0);
  }
});

test("opening a gate lets waiting readers in, and an error of the writer opens the gate", async () => {
  const words = shared(2);
  const gate = new Gate(words, 0, 1);
  expect(() =>
    gate.exclusively(() => {
      throw new Error("the writer failed");
    }),
  ).toThrow("the writer failed");
  gate.enter(); // would wait for ever if the gate were shut
  gate.leave();
  Atomics.store(words, 0, 1);
  const reader = start(words, "post('up'); new Gate(words, 0, 1).enter(); post('in');");
  expect(await answerOf(reader)).toBe("up");
  const entered = answerOf(reader);
  gate.open();
  expect(await entered).toBe("in");
});
