import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { setTimeout as sleep } from "node:timers/promises";
import { entryBytes, entryId } from "../../../test/support/program-entries.ts";
import { SecondLevel, type SecondLevelStore, type StoreCallOptions } from "./second-level.ts";
import { patientMs } from "../../../test/support/patience.ts";

const ID = entryId("scan");
const BYTES = entryBytes("scan");

/** A store whose behaviour the test defines. */
class PlayedStore implements SecondLevelStore {
  readonly name = "played";
  readonly asked: string[] = [];
  readonly held = new Map<string, Uint8Array>();
  onGet: (id: string, signal: AbortSignal) => Promise<Uint8Array | undefined> = (id) =>
    Promise.resolve(this.held.get(id));
  onPut: (signal: AbortSignal) => Promise<void> = () => Promise.resolve();

  get(id: string, { signal }: StoreCallOptions): Promise<Uint8Array | undefined> {
    this.asked.push(id);
    return this.onGet(id, signal);
  }
  async put(id: string, bytes: Uint8Array, { signal }: StoreCallOptions): Promise<void> {
    await this.onPut(signal);
    this.held.set(id, bytes);
  }
}

const never = <T>(): Promise<T> => new Promise<T>(() => undefined);
let store: PlayedStore;
beforeEach(() => {
  store = new PlayedStore();
});

const unhandled: unknown[] = [];
const onUnhandled = (reason: unknown): void => void unhandled.push(reason);
beforeEach(() => void process.on("unhandledRejection", onUnhandled));
afterEach(async () => {
  await sleep(0);
  process.off("unhandledRejection", onUnhandled);
  expect(unhandled.splice(0)).toEqual([]);
});

describe("a store that works", () => {
  test("gives what was put", async () => {
    const level = new SecondLevel(store);
    expect(await level.get(ID)).toBeUndefined();
    level.put(ID, BYTES);
    await level.close();
    const other = new SecondLevel(store);
    const found = await other.get(ID);
    expect(found?.entry.header.name).toBe("scan");
    expect(found?.bytes).toEqual(BYTES);
    expect(other.stats()).toMatchObject({ hits: 1, absent: 0, lastTrouble: undefined });
    expect(level.stats()).toMatchObject({ absent: 1, puts: 1, putsLost: 0 });
  });

  test("is never asked for an invalid id", async () => {
    const level = new SecondLevel(store);
    for (const id of ["", "..", "../../etc/passwd", `${ID}/x`, `${ID}\n`]) {
      expect(await level.get(id)).toBeUndefined();
      level.put(id, BYTES);
    }
    await level.close();
    expect(store.asked).toEqual([]);
    expect(store.held.size).toBe(0);
  });

  test("that is read-only gets no writes", async () => {
    const level = new SecondLevel(store, { isReadOnly: true });
    level.put(ID, BYTES);
    await level.close();
    expect(store.held.size).toBe(0);
  });
});

describe("a store that lies", () => {
  const flipped = BYTES.slice();
  flipped[400] = (flipped[400] ?? 0) ^ 1;
  test.each<[string, Uint8Array, RegExp]>([
    ["nothing", new Uint8Array(), /too few/],
    ["a page", Buffer.from("<html>Please log in".repeat(100)), /does not begin/],
    ["half of the entry", BYTES.slice(0, BYTES.length / 2), /bytes/],
    ["twice the entry", Buffer.concat([BYTES, BYTES]), /bytes/],
    ["one bit changed", flipped, /checksum/],
    ["another entry", entryBytes("lookup"), /it is the entry/],
    ["the same program for another target", entryBytes("scan", { target: "another" }), /it is the entry/],
  ])("with %s is rejected", async (_, answer, reason) => {
    store.onGet = () => Promise.resolve(answer);
    const level = new SecondLevel(store);
    expect(await level.get(ID)).toBeUndefined();
    expect(level.stats()).toMatchObject({ refused: 1, hits: 0 });
    expect(level.stats().lastTrouble).toMatch(reason);
  });

  test("repeatedly is not asked for a while", async () => {
    store.onGet = () => Promise.resolve(new Uint8Array(1000));
    const level = new SecondLevel(store, { maxFailures: 2 });
    for (let i = 0; i < 5; i++) await level.get(ID);
    expect(store.asked.length).toBe(2);
    expect(level.stats()).toMatchObject({ refused: 2, rested: 3 });
  });
});

describe("a store with a secret", () => {
  test("accepts only entries that were signed with the secret", async () => {
    const ours = new SecondLevel(store, { secret: "ours" });
    ours.put(ID, BYTES);
    await ours.close();
    expect((await new SecondLevel(store, { secret: "ours" }).get(ID))?.bytes).toEqual(Buffer.from(BYTES));
    for (const secret of ["theirs", undefined]) {
      const other = new SecondLevel(store, { secret });
      expect(await other.get(ID)).toBeUndefined();
      expect(other.stats().refused).toBe(1);
    }
  });

  test("rejects entries that are unsigned, under another name, or shorter than a signature", async () => {
    const level = new SecondLevel(store, { secret: "ours", maxFailures: 100 });
    const other = entryId("lookup");
    level.put(ID, BYTES);
    await level.close();
    const signed = store.held.get(ID) ?? new Uint8Array();
    const reader = new SecondLevel(store, { secret: "ours", maxFailures: 100 });
    for (const [id, bytes] of [
      [ID, BYTES],
      [other, signed],
      [ID, signed.subarray(0, 20)],
      [ID, new Uint8Array()],
    ] as const) {
      store.held.set(id, bytes);
      expect(await reader.get(id)).toBeUndefined();
    }
    expect(reader.stats().refused).toBe(4);
  });
});

describe("a store that hangs or fails", () => {
  test("costs only its timeout, whether it obeys its signal or not", async () => {
    for (const listens of [true, false]) {
      let aborted = false;
      store.onGet = (_id, signal) =>
        new Promise((_resolve, reject) => {
          signal.addEventListener("abort", () => {
            aborted = true;
            if (listens) reject(signal.reason as Error);
          });
        });
      const level = new SecondLevel(store, { getTimeoutMs: 30 });
      expect(await level.get(ID)).toBeUndefined();
      expect(aborted).toBe(true);
      expect(level.stats()).toMatchObject({ timeouts: 1, failures: 0 });
      expect(level.stats().lastTrouble).toBe("played: no answer within 30 ms");
    }
  });

  test("a late answer is ignored, and a late error is not unhandled", async () => {
    const { promise, resolve } = later<Uint8Array>();
    const { promise: failing, reject } = later<Uint8Array>();
    const level = new SecondLevel(store, { getTimeoutMs: 10, restMs: 0 });
    store.onGet = () => promise;
    expect(await level.get(ID)).toBeUndefined();
    store.onGet = () => failing;
    expect(await level.get(ID)).toBeUndefined();
    resolve(BYTES);
    reject(new Error("late"));
    await sleep(1);
    expect(level.stats()).toMatchObject({ hits: 0, timeouts: 2, failures: 0 });
  });

  test("is not asked for a while after a single timeout", async () => {
    store.onGet = () => never();
    const level = new SecondLevel(store, { getTimeoutMs: 10 });
    for (let i = 0; i < 5; i++) await level.get(ID);
    expect(level.stats()).toMatchObject({ timeouts: 1, rested: 4 });
    level.put(ID, BYTES);
    await level.close();
    expect(level.stats()).toMatchObject({ puts: 0, putsLost: 1 });
  });

  test("is not asked for a while after several failures in a row, and is then asked again", async () => {
    store.onGet = () => Promise.reject(new Error("refused", { cause: new Error("ECONNREFUSED") }));
    const level = new SecondLevel(store, { maxFailures: 3, restMs: 1e6 });
    for (let i = 0; i < 10; i++) expect(await level.get(ID)).toBeUndefined();
    expect(store.asked.length).toBe(3);
    expect(level.stats()).toMatchObject({ failures: 3, rested: 7 });
    expect(level.stats().lastTrouble).toBe("played: refused: ECONNREFUSED");
    const now = performance.now.bind(performance);
    const clock = vi.spyOn(performance, "now").mockImplementation(() => now() + 2e6);
    try {
      store.onGet = () => Promise.resolve(BYTES);
      expect((await level.get(ID))?.bytes).toEqual(BYTES);
    } finally {
      clock.mockRestore();
    }
  });

  test("failures with successes between them do not count as a row", async () => {
    const level = new SecondLevel(store, { maxFailures: 2 });
    for (let i = 0; i < 6; i++) {
      store.onGet = () => (i % 2 === 0 ? Promise.reject(new Error("no")) : Promise.resolve(undefined));
      await level.get(ID);
    }
    expect(level.stats()).toMatchObject({ failures: 3, absent: 3, rested: 0 });
  });

  test("a store that throws synchronously fails like one that rejects", async () => {
    store.onGet = () => {
      throw new TypeError("at once");
    };
    const level = new SecondLevel(store);
    expect(await level.get(ID)).toBeUndefined();
    expect(level.stats().failures).toBe(1);
  });
});

describe("putting", () => {
  test("delays nobody, and a put that times out is lost together with all waiting puts", async () => {
    store.onPut = () => never();
    const level = new SecondLevel(store, { putTimeoutMs: 20 });
    for (let i = 0; i < 50; i++) level.put(ID, BYTES);
    expect(level.stats().puts + level.stats().putsLost).toBe(0);
    await level.close({ timeoutMs: patientMs(5000) });
    expect(level.stats()).toMatchObject({ puts: 0, putsLost: 50, timeouts: 1 });
  });

  test("has a total time limit, however slow the store is", async () => {
    store.onPut = () => sleep(30);
    const level = new SecondLevel(store, { putsTimeoutMs: 100 });
    for (let i = 0; i < 50; i++) level.put(ID, BYTES);
    await level.close({ timeoutMs: patientMs(20_000) });
    const { puts, putsLost } = level.stats();
    expect(puts + putsLost).toBe(50);
    expect(puts).toBeLessThanOrEqual(4);
    // Later puts get the full time again.
    const later = new SecondLevel(store, { putsTimeoutMs: patientMs(1000), restMs: 0 });
    later.put(ID, BYTES);
    await sleep(60);
    later.put(ID, BYTES);
    await later.close({ timeoutMs: patientMs(20_000) });
    expect(later.stats().puts).toBe(2);
  });

  test("ends when the cache is closed", async () => {
    store.onPut = () => never();
    const level = new SecondLevel(store, { putTimeoutMs: 1e6 });
    level.put(ID, BYTES);
    level.put(ID, BYTES);
    await level.close({ timeoutMs: 20 });
    expect(level.stats()).toMatchObject({ puts: 0, putsLost: 2 });
  });

  test("too many waiting puts are lost, instead of filling the memory", async () => {
    const { promise, resolve } = later<undefined>();
    store.onPut = () => promise;
    const level = new SecondLevel(store);
    for (let i = 0; i < 400; i++) level.put(ID, BYTES);
    resolve(undefined);
    await level.close({ timeoutMs: patientMs(5000) });
    const { puts, putsLost } = level.stats();
    expect(puts + putsLost).toBe(400);
    expect(puts).toBeLessThanOrEqual(257);
  });

  test("a failed put does not stop the next one", async () => {
    let calls = 0;
    store.onPut = () => (++calls === 1 ? Promise.reject(new Error("full")) : Promise.resolve());
    const level = new SecondLevel(store);
    level.put(ID, BYTES);
    level.put(ID, BYTES);
    await level.close();
    expect(level.stats()).toMatchObject({ puts: 1, putsLost: 1 });
  });
});

function later<T>(): { promise: Promise<T>; resolve: (value: T) => void; reject: (error: Error) => void } {
  let resolve: (value: T) => void = () => undefined;
  let reject: (error: Error) => void = () => undefined;
  const promise = new Promise<T>((onValue, onError) => {
    resolve = onValue;
    reject = onError;
  });
  return { promise, resolve, reject };
}
