import { setTimeout as sleep } from "node:timers/promises";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { PathBatcher, type SendSingle } from "./batcher.ts";
import type { PathLike } from "./pack.ts";
import { until } from "../../../test/support/patience.ts";

/** A backend whose batches are answered by the test. A path is its own inode; a negative number is its error. */
class Backend {
  readonly batches: { paths: readonly PathLike[]; answer: () => void; fail: (error: Error) => void }[] = [];

  readonly send = (paths: readonly PathLike[]): Promise<Int32Array> =>
    new Promise((resolve, reject) => {
      this.batches.push({ paths, answer: () => resolve(Int32Array.from(paths, Number)), fail: reject });
    });

  get sizes(): number[] {
    return this.batches.map(({ paths }) => paths.length);
  }
}

/** Sends single paths, which are answered at once. */
class Singles {
  readonly paths: PathLike[] = [];
  isBusy = false;
  failure: Error | undefined;
  /** If true, `answer` answers later. */
  isSlow = false;
  answer: () => void = () => undefined;

  readonly send: SendSingle = (path) => {
    if (this.isBusy) return undefined;
    this.paths.push(path);
    const later = new Promise<number>((resolve) => {
      this.answer = () => resolve(Number(path));
    });
    return {
      wait: () => {
        if (this.failure !== undefined) throw this.failure;
        return this.isSlow ? undefined : Number(path);
      },
      answer: () => later,
    };
  };
}

const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe("PathBatcher", () => {
  it("sends a call on an idle batcher at once and alone, and gathers later calls", async () => {
    const backend = new Backend();
    const batcher = new PathBatcher(backend.send, { lingerMs: 60_000 });
    const first = batcher.lookup("1");
    expect(backend.sizes).toEqual([1]); // during the call itself
    const others = ["2", "3", "4"].map((path) => batcher.lookup(path));
    expect(backend.sizes).toEqual([1]);
    backend.batches[0]!.answer();
    expect(await first).toBe(1);
    await settled();
    expect(backend.sizes).toEqual([1, 3]);
    backend.batches[1]!.answer();
    expect(await Promise.all(others)).toEqual([2, 3, 4]);
    expect([batcher.inFlightCount, batcher.waitingCount]).toEqual([0, 0]);
  });

  it("sends a full batch, and an old one, without waiting for batches in flight", async () => {
    const backend = new Backend();
    const batcher = new PathBatcher(backend.send, { maxBatchSize: 2, lingerMs: 5 });
    const calls = ["1", "2", "3", "4"].map((path) => batcher.lookup(path));
    expect(backend.sizes).toEqual([1, 2]);
    expect(batcher.waitingCount).toBe(1);
    await until(() => backend.sizes.length > 2);
    expect(backend.sizes).toEqual([1, 2, 1]);
    for (const { answer } of backend.batches.toReversed()) answer();
    expect(await Promise.all(calls)).toEqual([1, 2, 3, 4]);
  });

  it("gives each caller its own answer or error; a failed batch fails only its own calls", async () => {
    const backend = new Backend();
    const batcher = new PathBatcher(backend.send, { lingerMs: 60_000 });
    const outcome = (path: PathLike): Promise<unknown> =>
      batcher.lookup(path).catch((error: { code?: string; message: string }) => error.code ?? error.message);
    const calls = [outcome("1"), outcome("-2"), outcome("5")];
    backend.batches[0]!.fail(new Error("lost"));
    await settled();
    backend.batches[1]!.answer();
    expect(await Promise.all(calls)).toEqual(["lost", "ENOENT", 5]);
  });

  it("answers every call exactly once, for any order and sizes of the returning batches", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.oneof(fc.constant("call" as const), fc.nat(20)), { maxLength: 80 }),
        fc.integer({ min: 1, max: 10 }),
        async (steps, maxBatchSize) => {
          const backend = new Backend();
          const batcher = new PathBatcher(backend.send, { maxBatchSize, lingerMs: 60_000 });
          const calls: Promise<number>[] = [];
          const open = (): Backend["batches"] => backend.batches;
          const answered = new Set<object>();
          for (const step of steps) {
            if (step === "call") {
              calls.push(batcher.lookup(String(calls.length + 1)));
              continue;
            }
            const waiting = open().filter((batch) => !answered.has(batch));
            const batch = waiting[step % Math.max(1, waiting.length)];
            if (batch === undefined) continue;
            answered.add(batch);
            batch.answer();
            await settled();
          }
          const end = batcher.close();
          for (let round = 0; round < 200 && answered.size < open().length + 1; round++) {
            for (const batch of open()) {
              answered.add(batch);
              batch.answer();
            }
            await settled();
            if (batcher.waitingCount + batcher.inFlightCount === 0) break;
          }
          await end;
          expect(await Promise.all(calls)).toEqual(calls.map((_, index) => index + 1));
          expect(Math.max(0, ...backend.sizes)).toBeLessThanOrEqual(maxBatchSize);
          expect(backend.sizes.reduce((sum, size) => sum + size, 0)).toBe(calls.length);
          await expect(batcher.lookup("1")).rejects.toMatchObject({ code: "EW_CLOSED" });
        },
      ),
      { numRuns: 100 },
    );
  });

  it("sends the first of several synchronous calls alone, and gathers the others into one batch", async () => {
    const backend = new Backend();
    const singles = new Singles();
    const batcher = new PathBatcher(backend.send, { lingerMs: 60_000 }, singles.send);
    expect(await batcher.lookup("1")).toBe(1);
    expect(await batcher.lookup("2")).toBe(2);
    expect([singles.paths, backend.sizes]).toEqual([["1", "2"], []]);
    const calls = ["3", "-2", "5", "6"].map((path) => batcher.lookup(path).catch((error) => error.code));
    expect([singles.paths, backend.sizes]).toEqual([["1", "2", "3"], []]);
    await settled();
    expect(backend.sizes).toEqual([3]);
    expect([batcher.inFlightCount, batcher.waitingCount]).toEqual([1, 0]);
    backend.batches[0]!.answer();
    expect(await Promise.all(calls)).toEqual([3, "ENOENT", 5, 6]);
    await expect(batcher.lookup("-40")).rejects.toMatchObject({ code: "ELOOP", path: "-40" });
    await batcher.close();
    await expect(batcher.lookup("1")).rejects.toMatchObject({ code: "EW_CLOSED" });
  });

  it("waits for a slow single lookup, and so does `flush`", async () => {
    const backend = new Backend();
    const singles = new Singles();
    singles.isSlow = true;
    const batcher = new PathBatcher(backend.send, { lingerMs: 60_000 }, singles.send);
    const order: string[] = [];
    const call = batcher.lookup("7").then((inode) => order.push(String(inode)));
    const flush = batcher.flush().then(() => order.push("flushed"));
    await settled();
    expect(order).toEqual([]);
    singles.answer();
    await Promise.all([call, flush]);
    expect(order).toEqual(["7", "flushed"]);
    expect(batcher.inFlightCount).toBe(0);
  });

  it("tries again with a batch if a single lookup is impossible or fails", async () => {
    const backend = new Backend();
    const singles = new Singles();
    const batcher = new PathBatcher(backend.send, { lingerMs: 60_000 }, singles.send);
    singles.isBusy = true;
    const busy = batcher.lookup("8");
    expect(backend.sizes).toEqual([1]); // during the call itself
    backend.batches[0]!.answer();
    expect(await busy).toBe(8);
    await settled();
    singles.isBusy = false;
    singles.failure = new Error("lost");
    const failed = batcher.lookup("9");
    await settled();
    expect(backend.sizes).toEqual([1, 1]);
    backend.batches[1]!.answer();
    expect(await failed).toBe(9);
    const twice = batcher.lookup("10");
    await settled();
    backend.batches[2]!.fail(new Error("lost for good"));
    await expect(twice).rejects.toThrow("lost for good");
    expect([batcher.inFlightCount, batcher.waitingCount]).toEqual([0, 0]);
  });

  it("with an unlimited linger time, waits for a full batch or a returning one", async () => {
    for (const lingerMs of [Infinity, 2 ** 40]) {
      const backend = new Backend();
      const batcher = new PathBatcher(backend.send, { lingerMs });
      const calls = ["1", "2"].map((path) => batcher.lookup(path));
      await sleep(20);
      expect(backend.sizes).toEqual([1]);
      backend.batches[0]!.answer();
      await until(() => backend.sizes.length > 1);
      backend.batches[1]!.answer();
      expect(await Promise.all(calls)).toEqual([1, 2]);
    }
  });

  it("refuses what is no path at once, and fails nothing else for it", async () => {
    const backend = new Backend();
    const batcher = new PathBatcher(backend.send, { maxBatchSize: 2, lingerMs: 60_000 });
    const first = batcher.lookup("1");
    const second = batcher.lookup("2");
    await expect(batcher.lookup(3 as unknown as string)).rejects.toMatchObject({ code: "EW_BAD_ARGUMENT" });
    const third = batcher.lookup("4");
    expect(backend.batches.map(({ paths }) => paths)).toEqual([["1"], ["2", "4"]]);
    for (const { answer } of backend.batches) answer();
    expect(await Promise.all([first, second, third])).toEqual([1, 2, 4]);
  });

  it("refuses a lookup after it was closed", async () => {
    const backend = new Backend();
    const batcher = new PathBatcher(backend.send);
    await batcher.close();
    const late = batcher.lookup("1");
    expect(backend.sizes).toEqual([]);
    await expect(late).rejects.toMatchObject({ code: "EW_CLOSED" });
  });

  it("refuses invalid limits", () => {
    const { send } = new Backend();
    for (const options of [{ maxBatchSize: 0 }, { maxBatchSize: 1.5 }, { lingerMs: -1 }, { lingerMs: NaN }])
      expect(() => new PathBatcher(send, options)).toThrow(
        expect.objectContaining({ code: "EW_BAD_ARGUMENT" }),
      );
  });
});
