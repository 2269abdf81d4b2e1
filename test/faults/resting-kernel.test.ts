/** A kernel that rests for long is not taken for one that hangs. */
import { describe, expect, it } from "vitest";
import { ResidentKernel } from "../../src/residency/service/resident-kernel.ts";
import { patientMs } from "../support/patience.ts";
import { stepsKernel, stepsReference } from "../support/steps.ts";
import { watchValidation, withDevice } from "../support/vulkan.ts";

watchValidation();

const HANG_TIMEOUT_MS = patientMs(400);

describe("a kernel that rests", () => {
  it.for(["batch", "leased"] as const)(
    "for longer than a hang may last, as its duty cycle says, is not taken for one that hangs (%s)",
    async (strategy) => {
      await withDevice(async (device) => {
        await using kernel = await ResidentKernel.open({
          device,
          ...stepsKernel,
          strategy,
          leaseMs: HANG_TIMEOUT_MS / 20,
          hangTimeoutMs: HANG_TIMEOUT_MS,
        });
        const reference = stepsReference();
        const trial = { slices: 100, rounds: 2000 };
        const begin = performance.now();
        expect(await kernel.call(trial)).toEqual(reference(trial));
        const slicesPerMs = trial.slices / (performance.now() - begin);
        kernel.setDutyCycle(0.04); // after a twentieth of that time at work, 1.2 of it at rest
        const job = { slices: Math.ceil((slicesPerMs * HANG_TIMEOUT_MS * 3) / 40), rounds: 2000 };
        expect(await kernel.call(job)).toEqual(reference(job));
        expect(kernel.stats()).toMatchObject({ recoveries: 0, poisoned: 0 });
      });
    },
  );
});
