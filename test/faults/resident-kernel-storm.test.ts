/**
 * Losses and hangs together, at any moment, under load, with several workgroups: every caller gets one answer, and it is the reference's. Seeded: a failure
 * names the path by which it comes again.
 */
import fc from "fast-check";
import { beforeAll, describe, expect, it, vi } from "vitest";
import { injectFaults } from "../../src/base/faults.ts";
import { profileOf } from "../../src/residency/device/profiled-device.ts";
import { KernelInstance } from "../../src/residency/kernel/kernel-instance.ts";
import { type DeviceProfile, residentWorkgroups } from "../../src/residency/profile/device-profile.ts";
import { ResidentKernel } from "../../src/residency/service/resident-kernel.ts";
import { STRATEGY_NAMES } from "../../src/residency/strategies/strategy-name.ts";
import { struct, u32 } from "../../src/schema/index.ts";
import { propertyRuns } from "../support/property-runs.ts";
import { stepsKernel, stepsReference } from "../support/steps.ts";
import { skipIfForbidden } from "../support/strategies.ts";
import { watchValidation, withDevice } from "../support/vulkan.ts";
import { patientMs } from "../support/patience.ts";

watchValidation();

let profile: DeviceProfile;
/** Rounds of the kernel's loop in a millisecond, about; 0 where a driver ends loops. */
let roundsPerMs = 0;
beforeAll(async () => {
  await withDevice(async (device) => {
    profile = await profileOf(device);
    if (profile.loopLimit !== undefined) return;
    await using kernel = await ResidentKernel.open({ device, ...crowd, strategy: "batch" });
    await kernel.call({ who: 0, amount: 0, times: 1, rounds: 1 });
    const begin = performance.now();
    await kernel.call({ who: 0, amount: 0, times: 1, rounds: 1_000_000 });
    roundsPerMs = 1_000_000 / (performance.now() - begin);
  });
});

/** Each workgroup adds to a cell of its own, in so many slices; the one that is asked answers with its sum, after as many rounds as it is told. */
const crowd = {
  source: {
    text: `#version 460
#include "kernel.glsl"
layout(buffer_reference, scalar, buffer_reference_align = 16) volatile buffer Cells { uint words[]; };
void perform(uint slot) {
  Add add = requestAt(slot);
  Cells cells = Cells(cellsState());
  uint own = gl_WorkGroupID.x * 16u;
  uint step = uint(progress());
  // Bounded, so that the thread of a software driver comes back.
  if (gl_WorkGroupID.x == add.who) {
    for (uint round = 0u; round < add.rounds && cells.words[own + 1u] != 1u; round++) cells.words[own + 1u] = 2u;
  }
  if (gl_LocalInvocationIndex == 0u) cells.words[own] += add.amount;
  if (step + 1u < add.times) {
    suspend(uint64_t(step + 1u));
    return;
  }
  if (gl_LocalInvocationIndex == 0u && gl_WorkGroupID.x == add.who) respond(slot, Sum(cells.words[own]));
}
`,
  },
  label: "crowd",
  request: struct("Add", { who: u32, amount: u32, times: u32, rounds: u32 }),
  response: struct("Sum", { sum: u32 }),
  state: { cells: 1024 },
  workgroupSize: 32,
} as const;

const HANG_TIMEOUT_MS = patientMs(250);
/** Longer than a hang may last, short enough for the kernel to be parked then. */
const HANG_MS = patientMs(600);
const RUNS = propertyRuns(3);

describe.each(["batch", "leased", "continuous", "persistent"] as const)("a storm under %s", (strategy) => {
  it.for([1, 2])(
    "of losses and hangs leaves every answer right, with %i workgroups",
    async (workgroups, context) => {
      skipIfForbidden(context, profile, strategy);
      const most =
        strategy === "batch" ? workgroups : (residentWorkgroups(profile, crowd.workgroupSize) ?? 1);
      if (most < workgroups) context.skip(`the device keeps ${most} workgroups together`);
      const burst = fc.record({
        adds: fc.array(
          fc.record({
            who: fc.nat(workgroups - 1),
            amount: fc.nat(1000),
            times: fc.integer({ min: 1, max: 30 }),
          }),
          { minLength: 1, maxLength: 12 },
        ),
        hang: fc.option(fc.nat(11), { nil: undefined, freq: 2 }),
        // One a burst: with the hangs no request meets as many losses as would give it up.
        loss: fc.option(
          fc.record({
            point: fc.constantFrom("submit", "fence-status"),
            at: fc.integer({ min: 1, max: 8 }),
          }),
          { nil: undefined },
        ),
        checkpoint: fc.boolean(),
      });
      await fc.assert(
        fc.asyncProperty(fc.array(burst, { minLength: 1, maxLength: 4 }), (bursts) =>
          withDevice(async (device) => {
            await using kernel = await ResidentKernel.open({
              device,
              ...crowd,
              strategy,
              workgroups,
              maxInFlight: 4,
              leaseMs: 50,
              maxAttempts: 3,
              hangTimeoutMs: HANG_TIMEOUT_MS,
              checkpoint: { everyMs: 20 },
            });
            let sum = 0;
            for (const { adds, hang, loss, checkpoint } of bursts) {
              using _fault = injectFaults(loss === undefined ? "" : `device-lost@${loss.point}:${loss.at}`);
              const rounds = Math.ceil(roundsPerMs * HANG_MS);
              const asked = adds.map((add, index) =>
                kernel.call({
                  ...add,
                  rounds: index === hang ? rounds : 0,
                  times: index === hang ? 1 : add.times,
                }),
              );
              const checkpointed = checkpoint ? kernel.checkpoint() : undefined;
              const outcomes = await Promise.allSettled(asked);
              await checkpointed;
              for (const [index, outcome] of outcomes.entries()) {
                const { amount, times } = adds[index];
                if (index === hang && outcome.status === "rejected") {
                  expect(outcome.reason).toMatchObject({ code: "EW_REQUEST_POISONED" });
                  continue;
                }
                sum += amount * (index === hang ? 1 : times);
                expect([index, outcome]).toEqual([index, { status: "fulfilled", value: { sum } }]);
              }
            }
            // Each workgroup has seen the same.
            for (let who = 0; who < workgroups; who++)
              expect(await kernel.call({ who, amount: 0, times: 1, rounds: 0 })).toEqual({ sum });
          }),
        ),
        RUNS,
      );
    },
  );
});

describe("a loss while requests are performed again after a loss", () => {
  it.for(STRATEGY_NAMES)(
    "is recovered from, and they are performed once in all (%s)",
    async (strategy, context) => {
      skipIfForbidden(context, profile, strategy);
      await withDevice(async (device) => {
        await using kernel = await ResidentKernel.open({
          device,
          ...stepsKernel,
          strategy,
          maxInFlight: 4,
          maxAttempts: 3,
        });
        const reference = stepsReference();
        const job = { slices: 12_000, rounds: 20 }; // all of them together take longer than a loss goes unnoticed
        for (let round = 0; round < 10; round++) expect(await kernel.call(job)).toEqual(reference(job));
        const open = vi.spyOn(KernelInstance, "open");
        kernel.device.abandon();
        const answers = [kernel.call(job), kernel.call(job)];
        while (open.mock.settledResults[0]?.type !== "fulfilled")
          await new Promise((resolve) => setImmediate(resolve));
        open.mock.settledResults[0].value.device.abandon();
        expect(await Promise.all(answers)).toEqual([reference(job), reference(job)]);
        const opened = open.mock.calls.length;
        open.mockRestore();
        expect(opened).toBe(2);
        expect(kernel.stats()).toMatchObject({ recoveries: 1, poisoned: 0, answered: 12 });
        expect(kernel.stats().replayed).toBeGreaterThanOrEqual(10);
      });
    },
  );
});
