import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { AnsweringKernel, inodeOf } from "../../../test/support/answering-kernel.ts";
import { EverwarpError } from "../../base/errors.ts";
import { ERRNO } from "../table/linux.ts";
import { packPaths } from "../lookup/pack.ts";
import { PackedBatch, TextBatch } from "./lookup-batch.ts";
import { patientMs } from "../../../test/support/patience.ts";

const closed = (): EverwarpError => new EverwarpError("EW_CLOSED", "closed by the test", { remedy: "None." });
const names = (count: number): string[] =>
  Array.from({ length: count }, (_, index) => (index % 7 === 3 ? `/päth/no ${index}` : `/path/${index + 1}`));

describe("a single lookup", () => {
  it("is sent inside its request, as string or bytes, and is answered at once", () => {
    const { driver, sizes } = new AnsweringKernel();
    for (const path of ["/a/12", "/ä/13", Buffer.from("/b/14"), "/missing", "", `/${"x".repeat(150)}/15`]) {
      const single = driver.lookupSingle(path, {});
      expect(single?.wait()).toBe(inodeOf(path.toString()));
    }
    expect(sizes).toEqual([1, 1, 1, 1, 1, 1]);
  });

  it("is left to a batch if it is long or something else is in flight", async () => {
    const { driver, sizes } = new AnsweringKernel();
    expect(driver.lookupSingle("x".repeat(200), {})).toBeUndefined();
    expect(driver.lookupSingle("ä".repeat(100), {})).toBeUndefined();
    expect(driver.lookupSingle(Buffer.alloc(200), {})).toBeUndefined();
    const first = driver.lookupSingle("/1", {});
    expect(driver.lookupSingle("/2", {})).toBeUndefined();
    const batch = driver.lookup(new TextBatch(["/3", "/4"], {}));
    expect(sizes).toEqual([1, 2]);
    expect(first?.wait()).toBe(1);
    expect([...(await batch)]).toEqual([3, 4]);
    expect(driver.lookupSingle("/5", {})?.wait()).toBe(5);
  });

  it("that takes long is answered later, by the driver", async () => {
    const kernel = new AnsweringKernel();
    kernel.isQuick = false;
    const single = kernel.driver.lookupSingle("/6", {});
    expect(single?.wait()).toBeUndefined();
    const answer = single?.answer();
    await sleep(5);
    kernel.answer();
    expect(await answer).toBe(6);
  });

  it("fails when the device is lost or closed", async () => {
    for (const code of ["EW_DEVICE_LOST", "EW_CLOSED"]) {
      const kernel = new AnsweringKernel();
      kernel.isQuick = false;
      const single = kernel.driver.lookupSingle("/7", {});
      if (code === "EW_CLOSED") kernel.driver.end(closed());
      else kernel.lose();
      expect(() => single?.wait()).toThrow(expect.objectContaining({ code }));
      await expect(single?.answer()).rejects.toMatchObject({ code });
      expect(kernel.driver.lookupSingle("/8", {})).toBeUndefined();
      await expect(kernel.driver.lookup(new TextBatch(["/8"], {}))).rejects.toMatchObject({ code });
    }
  });

  it("repeated many times lets the event loop run", async () => {
    const { driver } = new AnsweringKernel();
    let isTurned = false;
    setImmediate(() => (isTurned = true));
    // Without a turn of the event loop, this would never end.
    while (!isTurned) {
      const single = driver.lookupSingle("/9", {});
      expect(single?.wait() ?? (await single?.answer())).toBe(9);
    }
  });
});

describe("a batch of strings", () => {
  it("is packed and sent group by group, and answers are taken in between", async () => {
    const kernel = new AnsweringKernel();
    const paths = names(40_000); // several times the size of the rings
    const results = await kernel.driver.lookup(new TextBatch(paths, {}));
    expect([...results]).toEqual(paths.map(inodeOf));
    expect(Math.max(...kernel.sizes)).toBeLessThanOrEqual(2048);
    expect(kernel.sizes.length).toBeGreaterThan(15);
  });

  it("continues in the order of the queue when there is room again, and reuses other batches' memory", async () => {
    const kernel = new AnsweringKernel();
    kernel.isQuick = false;
    const lists = [names(20_000), names(3), ["/1", "/2"], names(5000)];
    const batches = lists.map((paths) => kernel.driver.lookup(new TextBatch(paths, {})));
    const packed = kernel.driver.lookup(new PackedBatch(packPaths(names(3000)), {}));
    expect(kernel.waiting.length).toBeLessThanOrEqual(16); // the rest waits
    while (kernel.waiting.length > 0) {
      kernel.answer(3);
      await new Promise(setImmediate);
      await sleep(1);
    }
    for (const [at, batch] of batches.entries()) expect([...(await batch)]).toEqual(lists[at]!.map(inodeOf));
    expect([...(await packed)]).toEqual(names(3000).map(inodeOf));
  });

  it("fails as a whole when the device is lost between two groups, together with everything behind it", async () => {
    for (const looks of [1, 2, 5]) {
      const kernel = new AnsweringKernel();
      kernel.looksUntilLoss = looks;
      const outcomes = await Promise.allSettled([
        kernel.driver.lookup(new TextBatch(names(10_000), {})),
        kernel.driver.lookup(new TextBatch(names(10), {})),
        kernel.driver.write(Uint32Array.of(0, 16)),
      ]);
      for (const outcome of outcomes)
        expect(outcome).toMatchObject({ status: "rejected", reason: { code: "EW_DEVICE_LOST" } });
      expect(kernel.sizes.length).toBeLessThan(10);
    }
  });

  it("fails as a whole when the device is closed between two groups", async () => {
    const kernel = new AnsweringKernel();
    kernel.isQuick = false;
    const batch = kernel.driver.lookup(new TextBatch(names(30_000), {}));
    kernel.answer(2);
    kernel.driver.end(closed());
    await expect(batch).rejects.toMatchObject({ code: "EW_CLOSED" });
  });

  it("fails alone if it contains a value that is no path", async () => {
    const { driver } = new AnsweringKernel();
    const bad = [...names(3000), undefined as unknown as string];
    const [first, second, third] = await Promise.allSettled([
      driver.lookup(new TextBatch(names(2), {})),
      driver.lookup(new TextBatch(bad, {})),
      driver.lookup(new TextBatch(names(3000), {})),
    ]);
    expect(first).toMatchObject({ status: "fulfilled" });
    expect(second).toMatchObject({ status: "rejected", reason: expect.any(TypeError) });
    expect(third.status === "fulfilled" && [...third.value]).toEqual(names(3000).map(inodeOf));
  });

  it("waits for an earlier change, and a later change waits for the whole batch", async () => {
    const kernel = new AnsweringKernel();
    kernel.isQuick = false;
    const order: string[] = [];
    const before = kernel.driver.write(Uint32Array.of(0, 16)).then(() => order.push("change"));
    const batch = kernel.driver.lookup(new TextBatch(names(4000), {})).then(() => order.push("batch"));
    const behind = kernel.driver.write(Uint32Array.of(16, 32)).then(() => order.push("change behind"));
    expect(kernel.sizes.length).toBe(0);
    while (order.length < 3) {
      const isWriting = kernel.waiting.some(({ isWrite }) => isWrite);
      if (isWriting) expect(kernel.waiting).toHaveLength(1);
      kernel.answer(1);
      await sleep(1);
    }
    await Promise.all([before, batch, behind]);
    expect(order).toEqual(["change", "batch", "change behind"]);
    expect(kernel.sizes.length).toBeGreaterThan(1);
  });

  it("without paths gives an empty result; with an error it fails", async () => {
    const { driver } = new AnsweringKernel();
    expect(await driver.lookup(new TextBatch([], {}))).toEqual(new Int32Array(0));
    expect([...(await driver.lookup(new TextBatch(["/no"], {})))]).toEqual([-ERRNO.ENOENT]);
  });
});

describe("a kernel that answers nothing", () => {
  it("is given up after a while, and all waiting callers get an error", async () => {
    const kernel = new AnsweringKernel(80);
    kernel.isQuick = false;
    const waiting = [
      kernel.driver.lookup(new TextBatch(names(10), {})),
      kernel.driver.lookup(new PackedBatch(packPaths(names(3000)), {})),
      kernel.driver.write(Uint32Array.of(0, 4)),
    ];
    for (const each of await Promise.allSettled(waiting))
      expect(each).toMatchObject({ status: "rejected", reason: { code: "EW_TIMEOUT" } });
  });

  it("is not given up while some answers arrive", async () => {
    const stallMs = patientMs(400);
    const kernel = new AnsweringKernel(stallMs);
    kernel.isQuick = false;
    const waiting = Promise.all(
      [1, 2, 3, 4].map((count) => kernel.driver.lookup(new TextBatch(names(count), {}))),
    );
    for (let turn = 0; turn < 4; turn++) {
      await sleep(0.35 * stallMs);
      kernel.answer(1);
    }
    expect((await waiting).map(({ length }) => length)).toEqual([1, 2, 3, 4]);
  });
});
