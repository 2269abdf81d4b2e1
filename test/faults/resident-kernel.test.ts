/**
 * Kernels that are lost: the device goes in mid-request, the kernel hangs, the process is killed. Every caller gets one answer, and state is
 * what the reference says, or the error says which request could not be done.
 */
import { mkdtemp, rm } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import type { EverwarpError } from "../../src/base/errors.ts";
import { injectFaults } from "../../src/base/faults.ts";
import { profileOf } from "../../src/residency/device/profiled-device.ts";
import { KernelInstance } from "../../src/residency/kernel/kernel-instance.ts";
import type { DeviceProfile } from "../../src/residency/profile/device-profile.ts";
import { ResidentKernel } from "../../src/residency/service/resident-kernel.ts";
import { STRATEGY_NAMES, type StrategyName } from "../../src/residency/strategies/strategy-name.ts";
import { struct, u32 } from "../../src/schema/index.ts";
import { ledger, LEDGER_CELLS, ledgerReference } from "../support/ledger.ts";
import { bundleScript } from "../support/script-process.ts";
import { stepsKernel, stepsReference } from "../support/steps.ts";
import { skipIfForbidden } from "../support/strategies.ts";
import { patientMs } from "../support/patience.ts";
import { testDeviceInfo, watchValidation, withDevice } from "../support/vulkan.ts";

watchValidation();

let profile: DeviceProfile;
let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), "everwarp-lost-"));
  profile = await withDevice(profileOf);
});
afterAll(() => rm(folder, { recursive: true }));

/** Losses that show wherever the driver is asked: on a submission, or on a look at a fence. */
const LOSSES = ["device-lost@submit", "device-lost@fence-status"] as const;

describe.each(STRATEGY_NAMES)("a device lost under %s", (strategy) => {
  it.for(LOSSES)("by %s loses no request and repeats none", async (loss, context) => {
    skipIfForbidden(context, profile, strategy);
    await withDevice(async (device) => {
      await using kernel = await ResidentKernel.open({
        device,
        ...ledger,
        strategy,
        maxInFlight: 8,
        maxAttempts: 5,
      });
      const reference = ledgerReference();
      const entries = Array.from({ length: 60 }, (_, index) => ({
        cell: index % LEDGER_CELLS,
        amount: index,
      }));
      for (const entry of entries.slice(0, 10)) expect(await kernel.call(entry)).toEqual(reference(entry));
      const lost = kernel.device;
      using _fault = injectFaults(`${loss}:3`);
      // A kernel that stays submits nothing, and nobody asks for its fence while answers come: a park does both.
      const answers = entries.slice(10, 40).map((entry) => kernel.call(entry));
      await kernel.checkpoint();
      expect(await Promise.all(answers)).toEqual(entries.slice(10, 40).map((entry) => reference(entry)));
      for (let round = 0; round < 20 && kernel.stats().recoveries === 0; round++) await kernel.checkpoint();
      for (const entry of entries.slice(40)) expect(await kernel.call(entry)).toEqual(reference(entry));
      expect(kernel.stats().recoveries).toBeGreaterThan(0);
      expect(kernel.device).not.toBe(lost);
      expect(kernel.device.isLost).toBe(false);
    });
  });

  it("in the middle of a long job goes on from the last checkpoint", async (context) => {
    skipIfForbidden(context, profile, strategy);
    await withDevice(async (device) => {
      await using kernel = await ResidentKernel.open({
        device,
        ...stepsKernel,
        strategy,
        maxInFlight: 4,
        maxAttempts: 5,
      });
      const reference = stepsReference();
      expect(await kernel.call({ slices: 10, rounds: 0 })).toEqual(reference({ slices: 10 }));
      const job = { slices: 30_000, rounds: 20 };
      const answer = kernel.call(job);
      await kernel.checkpoint(path.join(folder, `${strategy}.ckpt`));
      device.abandon(); // what a hung kernel beside it on the device would lead to
      expect(await answer).toEqual(reference(job));
      expect(kernel.stats()).toMatchObject({ recoveries: 1, poisoned: 0 });
      expect(await kernel.call({ slices: 5, rounds: 0 })).toEqual(reference({ slices: 5 }));
    });
    // The same job from the file, on another device of another process, as it were.
    await withDevice(async (device) => {
      await using kernel = await ResidentKernel.restore({
        file: path.join(folder, `${strategy}.ckpt`),
        device,
        ...stepsKernel,
      });
      const reference = stepsReference();
      reference({ slices: 10 });
      expect(kernel.restored.length).toBe(1);
      expect(await kernel.restored[0]).toEqual(reference({ slices: 30_000 }));
      expect(await kernel.call({ slices: 7, rounds: 0 })).toEqual(reference({ slices: 7 }));
    });
  });
});

describe("a long job with checkpoints by the clock", () => {
  it.for(STRATEGY_NAMES)(
    "that is lost goes on from the last one, not from its beginning (%s)",
    async (strategy, context) => {
      skipIfForbidden(context, profile, strategy);
      await withDevice(async (device) => {
        await using kernel = await ResidentKernel.open({
          device,
          ...stepsKernel,
          strategy,
          maxInFlight: 4,
          checkpoint: { everyMs: 5 },
        });
        const open = vi.spyOn(KernelInstance, "open");
        const reference = stepsReference();
        const job = { slices: 30_000, rounds: 20 };
        const answer = kernel.call(job);
        while (kernel.stats().checkpoints < 3) await new Promise((resolve) => setImmediate(resolve));
        const before = kernel.stats();
        kernel.device.abandon();
        while (kernel.stats().recoveries === 0) await new Promise((resolve) => setImmediate(resolve));
        const during = kernel.stats();
        expect(await answer).toEqual(reference(job));
        const [, , memory] = open.mock.calls[0];
        open.mockRestore();
        expect(memory?.position.priorities[0].progress[0]).toBeGreaterThan(0n);
        expect(await kernel.call({ slices: 5, rounds: 0 })).toEqual(reference({ slices: 5 }));
        // What the kernel has done only grows, also while it is being recovered, and from where it went on.
        const after = kernel.stats();
        for (const name of ["polls", "ticks", "launches", "relaunches", "answered"] as const) {
          expect([name, during[name] >= before[name]]).toEqual([name, true]);
          expect([name, after[name] >= during[name]]).toEqual([name, true]);
        }
        expect(during.launches).toBeLessThan(before.launches * 2 + 1);
        expect(after).toMatchObject({ recoveries: 1, poisoned: 0 });
      });
    },
  );
});

describe("a deadline that passes during a recovery", () => {
  it("is told to the caller; the job goes on where it was, and not the next one in its place", async () => {
    await withDevice(async (device) => {
      await using kernel = await ResidentKernel.open({
        device,
        ...stepsKernel,
        maxInFlight: 4,
        maxAttempts: 5,
      });
      const reference = stepsReference();
      const job = { slices: 30_000, rounds: 20 };
      const timeoutMs = patientMs(2_000);
      const begin = performance.now();
      const late = kernel.call(job, { timeoutMs });
      const outcome = late.then(
        () => "answered",
        (error: EverwarpError) => error.message,
      );
      await kernel.checkpoint();
      device.abandon();
      while (kernel.stats().recoveries === 0) await new Promise((resolve) => setImmediate(resolve));
      // What was in flight is pending again; its deadline comes before it can be published.
      while (performance.now() - begin < timeoutMs + 5);
      const next = kernel.call({ slices: 5, rounds: 0 });
      expect(await outcome).toContain("still performs the request");
      reference(job);
      expect(await next).toEqual(reference({ slices: 5 }));
    });
  });
});

describe("any requests with losses at any time", () => {
  const scenario = fc.record({
    strategy: fc.constantFrom(...STRATEGY_NAMES),
    bursts: fc.array(
      fc.record({
        entries: fc.array(fc.record({ cell: fc.nat(LEDGER_CELLS - 1), amount: fc.nat(1_000_000) }), {
          minLength: 1,
          maxLength: 12,
        }),
        fault: fc.option(
          fc.record({ kind: fc.constantFrom(...LOSSES), at: fc.integer({ min: 1, max: 6 }) }),
          { nil: undefined },
        ),
        checkpoint: fc.boolean(),
      }),
      { minLength: 1, maxLength: 6 },
    ),
  });

  it("equal the reference, answer for answer", async () => {
    await fc.assert(
      fc.asyncProperty(scenario, async ({ strategy, bursts }) => {
        const chosen = strategy === "persistent" && !profile.persistent.allowed ? "batch" : strategy;
        await withDevice(async (device) => {
          await using kernel = await ResidentKernel.open({
            device,
            ...ledger,
            strategy: chosen,
            maxInFlight: 4,
            maxAttempts: 50,
          });
          const reference = ledgerReference();
          for (const { entries, fault, checkpoint } of bursts) {
            using _fault = injectFaults(fault === undefined ? "" : `${fault.kind}:${fault.at}`);
            const answers = entries.map((entry) => kernel.call(entry));
            if (checkpoint) await kernel.checkpoint();
            expect(await Promise.all(answers)).toEqual(entries.map((entry) => reference(entry)));
          }
          const { requests, answered, poisoned } = kernel.stats();
          expect([requests, poisoned]).toEqual([answered, 0]);
        });
      }),
      { numRuns: 25 },
    );
  });
});

/** Each workgroup adds to a cell of its own, and the one that is asked for answers with its sum: shows what any of them has missed or done twice. */
const pair = {
  source: {
    text: `#version 460
#include "kernel.glsl"
layout(buffer_reference, scalar, buffer_reference_align = 16) buffer Cells { uint sums[]; };
void perform(uint slot) {
  Add add = requestAt(slot);
  Cells cells = Cells(cellsState());
  uint step = uint(progress());
  if (gl_LocalInvocationIndex == 0u) cells.sums[gl_WorkGroupID.x * 16u] += add.amount;
  if (step + 1u < add.times) {
    suspend(uint64_t(step + 1u));
    return;
  }
  if (gl_LocalInvocationIndex == 0u && gl_WorkGroupID.x == add.who) respond(slot, Sum(cells.sums[gl_WorkGroupID.x * 16u]));
}
`,
  },
  label: "pair",
  request: struct("Add", { who: u32, amount: u32, times: u32 }),
  response: struct("Sum", { sum: u32 }),
  state: { cells: 1024 },
  workgroupSize: 32,
} as const;
const WORKGROUPS = 3;

describe("several workgroups with losses at any time", () => {
  const burst = fc.record({
    adds: fc.array(
      fc.record({
        who: fc.nat(WORKGROUPS - 1),
        amount: fc.nat(1000),
        times: fc.integer({ min: 1, max: 40 }),
      }),
      { minLength: 1, maxLength: 10 },
    ),
    fault: fc.option(fc.record({ kind: fc.constantFrom(...LOSSES), at: fc.integer({ min: 1, max: 6 }) }), {
      nil: undefined,
    }),
    checkpoint: fc.boolean(),
  });
  const scenario = fc.record({
    strategy: fc.constantFrom<StrategyName>("dispatch", "redispatch", "batch"),
    bursts: fc.array(burst, { minLength: 1, maxLength: 5 }),
  });

  it("equal the reference, workgroup for workgroup, from memory and from the file", async () => {
    const file = path.join(folder, "pair.ckpt");
    const open = { ...pair, workgroups: WORKGROUPS, maxInFlight: 4, maxAttempts: 50 };
    await fc.assert(
      fc.asyncProperty(scenario, async ({ strategy, bursts }) => {
        let sum = 0;
        const reference = (add: { amount: number; times: number }): { sum: number } => ({
          sum: (sum += add.amount * add.times),
        });
        await withDevice(async (device) => {
          await using kernel = await ResidentKernel.open({ device, ...open, strategy });
          for (const { adds, fault, checkpoint } of bursts) {
            using _fault = injectFaults(fault === undefined ? "" : `${fault.kind}:${fault.at}`);
            const answers = adds.map((add) => kernel.call(add));
            if (checkpoint) await kernel.checkpoint(file);
            expect(await Promise.all(answers)).toEqual(adds.map(reference));
          }
          // One more, that is under way when it is saved.
          const last = { who: 1, amount: 7, times: 500 };
          const answer = kernel.call(last);
          await kernel.checkpoint(file);
          expect(await answer).toEqual(reference(last));
        });
        await withDevice(async (device) => {
          await using kernel = await ResidentKernel.restore({
            file,
            device,
            ...open,
            strategy,
            maxInFlight: 8,
          });
          await Promise.all(kernel.restored);
          for (let who = 0; who < WORKGROUPS; who++)
            expect(await kernel.call({ who, amount: 0, times: 1 })).toEqual({ sum });
        });
      }),
      { numRuns: 8 },
    );
  });
});

describe("several kernels on a lost device", () => {
  it("recover onto the same new one", async () => {
    await withDevice(async (device) => {
      await using first = await ResidentKernel.open({ device, ...ledger, strategy: "batch", maxAttempts: 5 });
      await using second = await ResidentKernel.open({
        device,
        ...ledger,
        strategy: "batch",
        maxAttempts: 5,
      });
      const references = [ledgerReference(), ledgerReference()];
      const entry = { cell: 1, amount: 3 };
      for (const [index, kernel] of [first, second].entries())
        expect(await kernel.call(entry)).toEqual(references[index](entry));
      device.abandon();
      const asked = [first.call(entry), second.call(entry)];
      await new Promise((resolve) => setImmediate(resolve));
      first.setDutyCycle(0.5); // whatever it is doing at this moment
      expect(() => first.setDutyCycle(0)).toThrow(expect.objectContaining({ code: "EW_BAD_ARGUMENT" }));
      const answers = await Promise.all(asked);
      expect(answers).toEqual(references.map((reference) => reference(entry)));
      expect(first.device).not.toBe(device);
      expect(second.device).toBe(first.device);
    });
  });
});

describe("a kernel that cannot be recovered", () => {
  it("tells all callers the first cause, and the next ones too", async () => {
    await withDevice(async (device) => {
      const kernel = await ResidentKernel.open({ device, ...ledger, strategy: "batch", maxInFlight: 2 });
      expect(await kernel.call({ cell: 0, amount: 1 })).toEqual({ count: 1, sum: 1 });
      {
        using _fault = injectFaults("device-lost@submit,out-of-memory@create-device:1+");
        const outcomes = await Promise.allSettled(
          Array.from({ length: 6 }, () => kernel.call({ cell: 0, amount: 1 })),
        );
        const reasons = outcomes.map((outcome) => (outcome as PromiseRejectedResult).reason as EverwarpError);
        expect(reasons.map(({ code }) => code)).toEqual(reasons.map(() => "EW_DEVICE_LOST"));
        expect(new Set(reasons).size).toBe(1);
      }
      await expect(kernel.call({ cell: 0, amount: 1 })).rejects.toMatchObject({ code: "EW_DEVICE_LOST" });
      await expect(kernel.checkpoint()).rejects.toMatchObject({ code: "EW_DEVICE_LOST" });
      await kernel.close();
    });
  });
});

const spinner = {
  source: {
    text: `#version 460
#include "kernel.glsl"
layout(buffer_reference, scalar, buffer_reference_align = 16) volatile buffer Count { uint sum; uint word; };
void perform(uint slot) {
  Spin spin = requestAt(slot);
  Count count = Count(countState());
  // Never more than this, so that the thread of a software driver comes back.
  for (uint round = 0u; round < spin.rounds && count.word != 1u; round++) count.word = 2u;
  if (gl_LocalInvocationIndex != 0u) return;
  count.sum += spin.amount;
  respond(slot, Sum(count.sum));
}
`,
  },
  label: "spinner",
  request: struct("Spin", { amount: u32, rounds: u32 }),
  response: struct("Sum", { sum: u32 }),
  state: { count: 8 },
  workgroupSize: 32,
} as const;

const CALIBRATION_ROUNDS = 1_000_000;
const HANG_MS = patientMs(2_500);
const HANG_TIMEOUT_MS = patientMs(400);

describe("a kernel that hangs", () => {
  it.for(["batch", "leased", "continuous", "persistent"] as const)(
    "on one request fails that one as poisoned, and the others go on (%s)",
    async (strategy, context) => {
      skipIfForbidden(context, profile, strategy);
      if (profile.loopLimit !== undefined)
        context.skip(`this driver ends loops after ${profile.loopLimit} rounds: nothing can hang`);
      await withDevice(async (device) => {
        await using kernel = await ResidentKernel.open({
          device,
          ...spinner,
          strategy,
          hangTimeoutMs: HANG_TIMEOUT_MS,
          maxAttempts: 2,
        });
        // So many rounds as take some seconds: far longer than hangTimeoutMs, and then the driver has its thread back.
        // Software drivers compile at the first dispatch: that is not to be measured.
        expect(await kernel.call({ amount: 0, rounds: 1 })).toEqual({ sum: 0 });
        const begin = performance.now();
        expect(await kernel.call({ amount: 1, rounds: CALIBRATION_ROUNDS })).toEqual({ sum: 1 });
        const roundsPerMs = CALIBRATION_ROUNDS / (performance.now() - begin);
        const rounds = Math.min(0xffff_ffff, Math.ceil(roundsPerMs * HANG_MS));
        const outcomes = await Promise.allSettled([
          kernel.call({ amount: 2, rounds: 1 }),
          kernel.call({ amount: 100, rounds }),
          kernel.call({ amount: 4, rounds: 1 }),
          kernel.call({ amount: 8, rounds: 1 }, { priority: "urgent" }),
        ]);
        expect(outcomes.map(({ status }) => status)).toEqual([
          "fulfilled",
          "rejected",
          "fulfilled",
          "fulfilled",
        ]);
        expect(outcomes[1]).toMatchObject({
          reason: { code: "EW_REQUEST_POISONED", cause: { code: "EW_DEVICE_LOST" } },
        });
        // The poisoned one left nothing behind; the others were performed once.
        expect(await kernel.call({ amount: 0, rounds: 1 })).toEqual({ sum: 15 });
        expect(kernel.stats()).toMatchObject({ poisoned: 1 });
      });
    },
  );
});

describe("a process killed while it saves", () => {
  /** Adds 1 to a cell so often, saves; adds more, saves to the same file: there it may be killed. */
  const script = `
import { ResidentKernel } from "./src/residency/service/resident-kernel.ts";
import { Device } from "./src/vulkan/index.ts";
import { ledger } from "./test/support/ledger.ts";
const [, , file, index] = process.argv;
const device = Device.open({ select: Number(index) });
const kernel = await ResidentKernel.open({ device, ...ledger, maxInFlight: 8 });
for (let round = 0; round < 2; round++) {
  await Promise.all(Array.from({ length: 10 }, () => kernel.call({ cell: 2, amount: 1 })));
  await kernel.checkpoint(file);
}
await kernel.close();
device.close();
`;
  it("leaves a checkpoint from which another goes on", async () => {
    using saver = await bundleScript(script);
    // Three sections a checkpoint: the fourth pass is in the second one.
    for (const [point, count] of [
      ["checkpoint.open:2", 10],
      ["checkpoint.written:4", 10],
      ["checkpoint.synced:2", 10],
      ["checkpoint.renamed:2", 10],
      ["checkpoint.folder-synced:2", 20],
    ] as const) {
      const file = path.join(folder, `killed-${point}.ckpt`);
      const { end } = await saver.run([file, String(testDeviceInfo().index)], {
        EVERWARP_ALLOW_FAULTS: "1",
        EVERWARP_FAULT: `kill@${point}`,
      });
      expect([point, end]).toEqual([point, "SIGKILL"]);
      await withDevice(async (device) => {
        await using kernel = await ResidentKernel.restore({ file, device, ...ledger, maxInFlight: 8 });
        expect(await kernel.call({ cell: 2, amount: 0 })).toEqual({ count: count + 1, sum: count });
      });
    }
  });
});
