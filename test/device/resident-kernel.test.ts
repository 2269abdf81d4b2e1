/** The kernel that users hold: typed calls, order, lines, deadlines, signals, checkpoints, on whatever device there is. */
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { profileOf } from "../../src/residency/device/profiled-device.ts";
import type { DeviceProfile } from "../../src/residency/profile/device-profile.ts";
import { ResidentKernel } from "../../src/residency/service/resident-kernel.ts";
import { STRATEGY_NAMES } from "../../src/residency/strategies/strategy-name.ts";
import { struct, u32 } from "../../src/schema/index.ts";
import type { Device } from "../../src/vulkan/index.ts";
import { type Entry, ledger, ledgerReference, LEDGER_CELLS, REFUSED_AMOUNT } from "../support/ledger.ts";
import { bundleScript } from "../support/script-process.ts";
import { skipIfForbidden } from "../support/strategies.ts";
import { openTestDevice, testDeviceInfo, watchValidation } from "../support/vulkan.ts";

watchValidation();

let device: Device;
let profile: DeviceProfile;
let folder: string;

beforeAll(async () => {
  device = openTestDevice();
  profile = await profileOf(device);
  folder = await mkdtemp(path.join(os.tmpdir(), "everwarp-kernel-"));
});
afterAll(async () => {
  await rm(folder, { recursive: true });
  device?.close();
});

const code = (expected: string): unknown => expect.objectContaining({ code: expected });

describe.each(STRATEGY_NAMES)("strategy %s", (strategy) => {
  it("answers as the reference does, whatever is asked, and leaves no handle", async (context) => {
    skipIfForbidden(context, profile, strategy);
    const before = device.liveHandles;
    {
      await using kernel = await ResidentKernel.open({ device, ...ledger, strategy, maxInFlight: 8 });
      expect(kernel.info.strategy).toBe(strategy);
      const reference = ledgerReference();
      const cells = fc.sample(fc.record({ cell: fc.nat(LEDGER_CELLS - 1), amount: fc.nat(1000) }), 100);
      const answers = await Promise.all(cells.map((one) => kernel.call(one)));
      expect(answers).toEqual(cells.map((one) => reference(one)));
      const stats = kernel.stats();
      expect([stats.requests, stats.answered, stats.roundTrip.count]).toEqual([100, 100, 100]);
      expect(kernel.callSync({ cell: 3, amount: 4 }, { timeoutMs: 30_000 })).toEqual(
        reference({ cell: 3, amount: 4 }),
      );
    }
    expect({ ...device.liveHandles, pipeline: 0 }).toEqual({ ...before, pipeline: 0 });
  });

  it("goes on from a checkpoint in another kernel: state, order and what was in flight", async (context) => {
    skipIfForbidden(context, profile, strategy);
    const file = path.join(folder, `${strategy}.ckpt`);
    const reference = ledgerReference();
    const entries = Array.from({ length: 40 }, (_, index) => ({ cell: index % 5, amount: index }));
    let inFlightThen: number;
    {
      await using kernel = await ResidentKernel.open({ device, ...ledger, strategy, maxInFlight: 8 });
      for (const entry of entries.slice(0, 20)) expect(await kernel.call(entry)).toEqual(reference(entry));
      const late = entries.slice(20, 26).map((entry) => kernel.call(entry));
      const info = await kernel.checkpoint(file);
      inFlightThen = info.requestsInFlight;
      expect(info).toMatchObject({ file, stateBytes: 256 });
      // What is asked after the checkpoint is not in it.
      expect(await Promise.all(late)).toEqual(entries.slice(20, 26).map((entry) => reference(entry)));
      expect(kernel.stats().checkpoints).toBe(1);
    }
    await using restored = await ResidentKernel.restore({
      file,
      device,
      ...ledger,
      strategy: "auto",
      maxInFlight: 16,
    });
    expect(restored.restored.length).toBe(inFlightThen);
    const again = ledgerReference();
    const all = entries.slice(0, 26).map((entry) => again(entry));
    // All six were published before the checkpoint; some of them were answered by then.
    expect(await Promise.all(restored.restored)).toEqual(all.slice(26 - inFlightThen));
    for (const entry of entries.slice(26)) expect(await restored.call(entry)).toEqual(again(entry));
  });

  it("takes checkpoints under load by itself, and nothing is lost or late in order", async (context) => {
    skipIfForbidden(context, profile, strategy);
    const maxInFlight = 4;
    await using kernel = await ResidentKernel.open({
      device,
      ...ledger,
      strategy,
      maxInFlight,
      checkpoint: { maxJournalBytes: 16 * maxInFlight * 4 * 4 },
    });
    const reference = ledgerReference();
    const entries = Array.from({ length: 400 }, (_, index) => ({
      cell: index % LEDGER_CELLS,
      amount: index,
    }));
    const answers = await Promise.all(entries.map((entry) => kernel.call(entry)));
    expect(answers).toEqual(entries.map((entry) => reference(entry)));
    expect(kernel.stats().checkpoints).toBeGreaterThan(3);
    expect(kernel.stats().journalBytes).toBeLessThanOrEqual(16 * maxInFlight * 4 * 4);
  });
});

describe("calls", () => {
  it("that the kernel fails reject with its code, and the others go on", async () => {
    await using kernel = await ResidentKernel.open({ device, ...ledger });
    const answers = await Promise.allSettled([
      kernel.call({ cell: 1, amount: 5 }),
      kernel.call({ cell: 1, amount: REFUSED_AMOUNT }),
      kernel.call({ cell: 1, amount: 6 }),
    ]);
    expect(answers).toEqual([
      { status: "fulfilled", value: { count: 1, sum: 5 } },
      { status: "rejected", reason: code("EW_KERNEL_FAULT") },
      { status: "fulfilled", value: { count: 2, sum: 11 } },
    ]);
    expect(kernel.stats().failed).toBe(1);
  });

  it("with values that do not fit are refused, and cost nothing", async () => {
    await using kernel = await ResidentKernel.open({ device, ...ledger });
    await expect(kernel.call({ cell: -1, amount: 0 })).rejects.toThrow(code("EW_BAD_ARGUMENT") as Error);
    await expect(kernel.call({ cell: 1 } as never)).rejects.toThrow(code("EW_BAD_ARGUMENT") as Error);
    expect(() => kernel.callSync({ cell: 1.5, amount: 0 })).toThrow(code("EW_BAD_ARGUMENT") as Error);
    expect(kernel.stats().requests).toBe(0);
    expect(await kernel.call({ cell: 0, amount: 1 })).toEqual({ count: 1, sum: 1 });
  });

  it("wait in a queue of a given length, or are refused there", async () => {
    await using kernel = await ResidentKernel.open({ device, ...ledger, maxInFlight: 2, maxPending: 3 });
    const reference = ledgerReference();
    const entry = { cell: 0, amount: 1 };
    // Two in slots, three pending: whatever else is tried at once is refused.
    const tried = Array.from({ length: 8 }, () => kernel.tryCall(entry));
    const results = await Promise.allSettled(tried);
    expect(results.map(({ status }) => status)).toEqual([
      ...Array.from({ length: 5 }, () => "fulfilled"),
      ...Array.from({ length: 3 }, () => "rejected"),
    ]);
    expect(results[7]).toMatchObject({ reason: { code: "EW_QUEUE_FULL" } });
    for (let index = 0; index < 5; index++) expect(results[index]).toMatchObject({ value: reference(entry) });
    await kernel.ready();
    // call() is never refused.
    const all = await Promise.all(Array.from({ length: 100 }, () => kernel.call(entry)));
    expect(all).toEqual(Array.from({ length: 100 }, () => reference(entry)));
    expect(kernel.stats()).toMatchObject({ refused: 3, inFlight: 0, pending: 0 });
  });

  it("that are urgent overtake those that are pending", async () => {
    await using kernel = await ResidentKernel.open({ device, ...ledger, maxInFlight: 1 });
    const order: string[] = [];
    const normal = Array.from({ length: 20 }, () =>
      kernel.call({ cell: 0, amount: 1 }).then(() => order.push("normal")),
    );
    const urgent = kernel
      .call({ cell: 1, amount: 1 }, { priority: "urgent" })
      .then(() => order.push("urgent"));
    await Promise.all([...normal, urgent]);
    expect(order.indexOf("urgent")).toBeLessThan(5);
  });

  it("called off or past their deadline while pending are never performed", async () => {
    await using kernel = await ResidentKernel.open({ device, ...ledger, maxInFlight: 1 });
    const controller = new AbortController();
    const first = Array.from({ length: 50 }, () => kernel.call({ cell: 0, amount: 1 }));
    const calledOff = kernel.call({ cell: 1, amount: 1 }, { signal: controller.signal });
    const late = kernel.call({ cell: 2, amount: 1 }, { timeoutMs: 0.001 });
    controller.abort("enough");
    // The event loop stands still until the deadline has passed, so nothing can be published before.
    for (const end = performance.now() + 5; performance.now() < end;);
    await expect(calledOff).rejects.toMatchObject({ code: "EW_ABORTED", cause: "enough" });
    const outcome = await Promise.allSettled([late]);
    await Promise.all(first);
    const isLate = outcome[0].status === "rejected";
    expect(await kernel.call({ cell: 1, amount: 0 })).toMatchObject({ sum: 0 });
    // Either it was in time, or its deadline came first: then the message says whether it was performed.
    const { sum } = await kernel.call({ cell: 2, amount: 0 });
    if (isLate) expect(outcome[0]).toMatchObject({ reason: { code: "EW_TIMEOUT" } });
    const said = isLate ? String((outcome[0] as PromiseRejectedResult).reason) : "still performs";
    expect(sum).toBe(said.includes("still performs") ? 1 : 0);
  });

  it("after stop are refused; stop answers what was asked before it", async () => {
    const kernel = await ResidentKernel.open({ device, ...ledger, maxInFlight: 2 });
    const asked = Array.from({ length: 20 }, () => kernel.call({ cell: 0, amount: 1 }));
    const stopped = kernel.close();
    await expect(kernel.call({ cell: 0, amount: 1 })).rejects.toThrow(code("EW_CLOSED") as Error);
    expect(() => kernel.callSync({ cell: 0, amount: 1 })).toThrow(code("EW_CLOSED") as Error);
    await stopped;
    expect((await Promise.all(asked)).map(({ count }) => count)).toEqual(asked.map((_, index) => index + 1));
    await kernel.close();
    await expect(kernel.checkpoint()).rejects.toThrow(code("EW_CLOSED") as Error);
  });

  it("are in the trace and in the statistics", async () => {
    const file = path.join(folder, "trace.json");
    await using kernel = await ResidentKernel.open({ device, ...ledger, maxTraceEntries: 8 });
    for (let amount = 0; amount < 20; amount++)
      await kernel.call({ cell: 0, amount }, { priority: amount % 2 === 0 ? "urgent" : "normal" });
    await kernel.checkpoint();
    await kernel.writeTrace(file);
    const { traceEvents } = JSON.parse(await readFile(file, "utf8")) as {
      traceEvents: { ph: string; name: string; args?: { ordinal?: number }; dur?: number }[];
    };
    const begun = traceEvents.filter(({ ph, name }) => ph === "b" && name === "request");
    expect(begun.map(({ args }) => args?.ordinal)).toEqual([13, 14, 15, 16, 17, 18, 19, 20]);
    expect(traceEvents.filter(({ name }) => name === "checkpoint").length).toBe(1);
    const stats = kernel.stats();
    expect(stats).toMatchObject({ requests: 20, answered: 20, inFlight: 0, checkpoints: 1, recoveries: 0 });
    expect(stats.roundTrip.p50Us).toBeLessThanOrEqual(stats.roundTrip.maxUs);
    expect(stats.launches).toBeGreaterThan(1);
  });
});

describe("an idle kernel", () => {
  it("has no timer and no immediate, and lets its process end", async () => {
    using script = await bundleScript(`
      import { ResidentKernel } from "./src/residency/service/resident-kernel.ts";
      import { Device } from "./src/vulkan/index.ts";
      import { ledger } from "./test/support/ledger.ts";
      const device = Device.open({ select: Number(process.argv[2]) });
      const kernel = await ResidentKernel.open({ device,  ...ledger, strategy: "batch", checkpoint: { everyMs: 1 } });
      const running = () => process.getActiveResourcesInfo().filter((kind) => kind === "Timeout" || kind === "Immediate");
      const call = kernel.call({ cell: 0, amount: 1 }, { timeoutMs: 60000, signal: new AbortController().signal });
      console.log(running().length > 0);
      await call;
      // Behind whatever the completion poller still has to do. The sleep of this loop itself is over when it looks.
      do await new Promise((resolve) => setTimeout(resolve, 20)); while (running().length > 0);
      console.log(JSON.stringify(running()));
      const { checkpoints } = kernel.stats();
      await new Promise((resolve) => setTimeout(resolve, 50));
      console.log(kernel.stats().checkpoints === checkpoints);
    `);
    expect(await script.run([String(testDeviceInfo().index)])).toEqual({
      end: 0,
      output: "true\n[]\ntrue\n",
    });
  });
});

const half = {
  source: {
    text: `#version 460
#include "kernel.glsl"
void perform(uint slot) {
  uint rounds = requestAt(slot).rounds;
  bool isActive = gl_SubgroupInvocationID < gl_SubgroupSize / 2u;
  countActive(isActive);
  uint step = uint(progress());
  if (step + 1u < rounds) suspend(uint64_t(step + 1u));
  else if (gl_LocalInvocationIndex == 0u) respond(slot, Took(rounds));
}
`,
  },
  label: "half",
  request: struct("Take", { rounds: u32 }),
  response: struct("Took", { rounds: u32 }),
} as const;

describe("statistics", () => {
  it.for(["batch", "leased", "continuous"] as const)(
    "tell of leases, of the gaps between them, and of threads that had nothing to do (%s)",
    async (strategy) => {
      await using kernel = await ResidentKernel.open({ device, ...half, strategy, leaseMs: 2 });
      expect(kernel.stats()).toMatchObject({ requests: 0, activeLaneShare: undefined });
      const rounds = 30_000;
      expect(await kernel.call({ rounds })).toEqual({ rounds });
      await kernel.checkpoint(); // then the kernel has told of all that it did
      const stats = kernel.stats();
      expect(stats.activeLaneShare).toBe(0.5);
      expect(stats).toMatchObject({ requests: 1, answered: 1, waits: 0, roundTrip: { count: 1 } });
      expect(stats.polls).toBeGreaterThanOrEqual(rounds); // a slice is handed out by a poll
      expect(stats.ticks).toBeGreaterThan(0);
      expect(stats.busyShare).toBeGreaterThan(0);
      expect(stats.busyShare).toBeLessThanOrEqual(1);
      expect(stats.relaunches).toBeGreaterThan(0);
      expect(stats.leases > 0).toBe(strategy !== "batch");
      const hasClock = device.info.features.includes("shaderDeviceClock");
      const { leaseGap } = stats;
      // One a lease at most, and none where nothing tells the time. What a lease before it took is no gap.
      expect(leaseGap.count).toBeLessThanOrEqual(stats.launches);
      expect(leaseGap.count > 0).toBe(hasClock);
      if (hasClock) expect(leaseGap.p50Us).toBeGreaterThan(0);
      expect(leaseGap.p99Us).toBeGreaterThanOrEqual(leaseGap.p50Us);
      expect(leaseGap.maxUs / 1000).toBeLessThan(stats.roundTrip.maxUs);
    },
  );
});

describe("checkpoints by the clock", () => {
  it("are taken while something is done, and not again for the same", async () => {
    await using kernel = await ResidentKernel.open({ device, ...half, checkpoint: { everyMs: 5 } });
    let rounds = 1000;
    while (kernel.stats().checkpoints < 3) await kernel.call({ rounds: (rounds += 1000) });
  });

  it("must lie some time apart", async () => {
    await expect(ResidentKernel.open({ device, ...half, checkpoint: { everyMs: 0 } })).rejects.toThrow(
      code("EW_BAD_ARGUMENT") as Error,
    );
  });
});

describe("launches", () => {
  it("200 of them leave no handle and no memory", async () => {
    const before = device.liveHandles;
    const bytesBefore = device.counters.allocatedBytes;
    let heapAfterTen = 0;
    const heapBytes = (): number => {
      globalThis.gc?.();
      return process.memoryUsage().heapUsed;
    };
    for (let round = 0; round < 200; round++) {
      const kernel = await ResidentKernel.open({ device, ...ledger, strategy: "batch", maxInFlight: 4 });
      expect(await kernel.call({ cell: 0, amount: round })).toEqual({ count: 1, sum: round });
      await kernel.close();
      if (round === 10) heapAfterTen = heapBytes();
    }
    expect({ ...device.liveHandles, pipeline: 0 }).toEqual({ ...before, pipeline: 0 });
    expect(device.counters.allocatedBytes).toBe(bytesBefore);
    // Without a way to collect garbage the heap says little: then only a leak of all that a launch takes would show.
    expect(heapBytes() - heapAfterTen).toBeLessThan(globalThis.gc === undefined ? 64 << 20 : 4 << 20);
  });

  it("refuse what cannot be", async () => {
    for (const wrong of [
      { maxInFlight: 3 },
      { maxInFlight: 0 },
      { maxPending: 0 },
      { dutyCycle: 0 },
      { dutyCycle: 2 },
      { hangTimeoutMs: 0 },
    ])
      await expect(ResidentKernel.open({ device, ...ledger, ...wrong })).rejects.toThrow(
        code("EW_BAD_ARGUMENT") as Error,
      );
    await expect(
      ResidentKernel.open({
        device,
        ...ledger,
        source: { text: "#version 460\nvoid perform(uint slot) { nonsense }" },
      }),
    ).rejects.toThrow(code("EW_COMPILE") as Error);
    await expect(
      ResidentKernel.restore({ file: path.join(folder, "none.ckpt"), device, ...ledger }),
    ).rejects.toThrow(code("EW_PATH_NOT_FOUND") as Error);
    for (const workgroupSize of [1, 16, 33, 1025])
      await expect(ResidentKernel.open({ device, ...ledger, workgroupSize })).rejects.toThrow(
        code("EW_BAD_ARGUMENT") as Error,
      );
  });
});

describe("a checkpoint", () => {
  it("is refused by another kernel, another layout, and when it is damaged; its own kernel goes on", async () => {
    const file = path.join(folder, "refused.ckpt");
    await using kernel = await ResidentKernel.open({ device, ...ledger });
    await kernel.call({ cell: 0, amount: 5 });
    await kernel.checkpoint(file);
    const restore = (options: object, from = file): Promise<unknown> =>
      ResidentKernel.restore({ file: from, device, ...ledger, ...options });
    const text = `${ledger.source.text}\n// another one`;
    await expect(restore({ source: { text } })).rejects.toThrow(code("EW_CHECKPOINT_OTHER_KERNEL") as Error);
    await expect(restore({ state: { ledger: 4096 } })).rejects.toThrow(
      code("EW_CHECKPOINT_OUTDATED") as Error,
    );
    const bytes = await readFile(file);
    const damaged = path.join(folder, "damaged.ckpt");
    await writeFile(damaged, bytes.subarray(0, -7));
    await expect(restore({}, damaged)).rejects.toThrow(code("EW_CHECKPOINT_TRUNCATED") as Error);
    bytes[bytes.length - 40] ^= 1;
    await writeFile(damaged, bytes);
    await expect(restore({}, damaged)).rejects.toThrow(code("EW_CHECKPOINT_CORRUPTED") as Error);
    await expect(kernel.checkpoint(path.join(folder, "nowhere", "x"))).rejects.toThrow(
      code("EW_PATH_NOT_FOUND") as Error,
    );
    expect(await kernel.call({ cell: 0, amount: 1 })).toEqual({ count: 2, sum: 6 });
  });

  it("under load holds exactly what was taken before it, and what is asked meanwhile waits", async () => {
    await using kernel = await ResidentKernel.open({ device, ...ledger, maxInFlight: 16 });
    const reference = ledgerReference();
    const entries = Array.from({ length: 2000 }, (_, index) => ({
      cell: index % LEDGER_CELLS,
      amount: index,
    }));
    const answers = Promise.all(
      entries.map((entry, index) =>
        kernel.call(
          entry,
          index % 7 === 0 ? { timeoutMs: 60_000, signal: new AbortController().signal } : {},
        ),
      ),
    );
    for (let round = 0; round < 5; round++) {
      const { requestsInFlight } = await kernel.checkpoint(path.join(folder, `load-${round}.ckpt`));
      expect(requestsInFlight).toBeLessThanOrEqual(16);
    }
    expect(await answers).toEqual(entries.map((entry) => reference(entry)));
    await kernel.close(); // a device with one queue has no room for two that stay
    for (let round = 0; round < 5; round++)
      await restoredIsAPrefix(path.join(folder, `load-${round}.ckpt`), entries);
  });
});

/** A kernel restored from a file has performed the first so many entries, those that were in flight included, and nothing else. */
async function restoredIsAPrefix(file: string, entries: readonly Entry[]): Promise<void> {
  await using restored = await ResidentKernel.restore({ file, device, ...ledger });
  await Promise.all(restored.restored);
  const { count } = await restored.call({ cell: 0, amount: 0 });
  const expected = ledgerReference();
  for (const entry of entries.slice(0, count - 1)) expected(entry);
  expected({ cell: 0, amount: 0 });
  for (let cell = 0; cell < LEDGER_CELLS; cell++)
    expect(await restored.call({ cell, amount: 0 })).toEqual(expected({ cell, amount: 0 }));
}
