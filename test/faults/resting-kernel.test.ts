/** A kernel that rests for long is not taken for one that hangs. */
import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { profileOf } from "../../src/residency/device/profiled-device.ts";
import { ResidentKernel } from "../../src/residency/service/resident-kernel.ts";
import { struct, u32 } from "../../src/schema/index.ts";
import { patientMs } from "../support/patience.ts";
import { watchValidation, withDevice } from "../support/vulkan.ts";

watchValidation();

const HANG_TIMEOUT_MS = patientMs(200);
/**
 * So much work in one piece that little beside it counts: the kernel rests for a multiple of it. The work is not chosen
 * by its time, which a busy machine makes longer. Drivers that limit the rounds of loops allow 65,535.
 */
const JOB = { rounds: 50_000 };
/** At a whole share a resident kernel ends its rest at once. */
const RAISED = 0.9;
/** After which a hang would be seen at that share. */
const LIMIT_MS = (1.1 * HANG_TIMEOUT_MS) / RAISED;

const workKernel = {
  source: {
    text: `#version 460
#include "kernel.glsl"
#define MIX value ^= value << 13; value ^= value >> 17; value ^= value << 5;
#define MIX_4 MIX MIX MIX MIX
#define MIX_16 MIX_4 MIX_4 MIX_4 MIX_4
#define MIX_64 MIX_16 MIX_16 MIX_16 MIX_16
void perform(uint slot) {
  Work work = requestAt(slot);
  uint value = gl_LocalInvocationIndex + 1u;
  for (uint round = 0u; round < work.rounds; round++) { MIX_64 MIX_64 }
  spend(work.rounds);
  if (gl_LocalInvocationIndex == 0u) respond(slot, Done(value));
}
`,
  },
  label: "work",
  request: struct("Work", { rounds: u32 }),
  response: struct("Done", { value: u32 }),
  workgroupSize: 32,
} as const;

function valueAfter({ rounds }: { rounds: number }): { value: number } {
  let value = 1;
  for (let step = 0; step < rounds * 128; step++) {
    value ^= value << 13;
    value ^= value >>> 17;
    value ^= value << 5;
  }
  return { value: value >>> 0 };
}

describe("a kernel that rests for longer than a hang may last is not taken for one that hangs", () => {
  // After a launch of `batch` the host waits; a kernel with a lease waits itself.
  const strategies = ["batch", "leased"] as const;
  it.for(strategies.flatMap((strategy) => [false, true].map((isRaised) => ({ strategy, isRaised }))))(
    "$strategy, its duty cycle raised in the middle of the rest: $isRaised",
    async ({ strategy, isRaised }, { skip }) => {
      await withDevice(async (device) => {
        const { loopLimit } = await profileOf(device);
        skip(
          strategy === "leased" && loopLimit !== undefined,
          "where a driver limits loops, launches end before the kernel has rested for long",
        );
        await using kernel = await ResidentKernel.open({
          device,
          ...workKernel,
          strategy,
          leaseMs: HANG_TIMEOUT_MS * 50,
          hangTimeoutMs: HANG_TIMEOUT_MS,
        });
        const value = valueAfter(JOB);
        const callMs = async (): Promise<number> => {
          const begin = performance.now();
          const answer = await kernel.call(JOB);
          const endMs = performance.now();
          expect(answer).toEqual(value);
          return endMs - begin;
        };
        const workedMs = Math.min(await callMs(), await callMs(), await callMs());

        for (
          let share = workedMs / (workedMs + 1.5 * LIMIT_MS), restedMs = 0;
          restedMs < LIMIT_MS;
          share /= 2
        ) {
          kernel.setDutyCycle(share);
          await callMs();
          const answered = callMs(); // after a rest
          if (isRaised) {
            await sleep(HANG_TIMEOUT_MS / 10);
            kernel.setDutyCycle(RAISED);
          }
          restedMs = (await answered) - workedMs;
        }
        expect(kernel.stats()).toMatchObject({ recoveries: 0, poisoned: 0 });
      });
    },
  );
});
