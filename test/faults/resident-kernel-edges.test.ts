/** What may fail around a kernel beside its device: memory, launches, a recovery itself. Nobody waits for what will not come, and nothing is left behind. */
import { rmSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, beforeAll, describe, expect, it, vi } from "vitest";
import { injectFaults } from "../../src/base/faults.ts";
import { profileOf } from "../../src/residency/device/profiled-device.ts";
import type { DeviceProfile } from "../../src/residency/profile/device-profile.ts";
import { ResidentKernel } from "../../src/residency/service/resident-kernel.ts";
import { STRATEGY_NAMES } from "../../src/residency/strategies/strategy-name.ts";
import { struct, u32 } from "../../src/schema/index.ts";
import { Dir } from "../support/cli.ts";
import { ledger, ledgerReference } from "../support/ledger.ts";
import { launchSlices } from "../support/slices.ts";
import { stepsKernel, stepsReference } from "../support/steps.ts";
import { skipIfForbidden } from "../support/strategies.ts";
import { watchValidation, withDevice } from "../support/vulkan.ts";
import { patientMs } from "../support/patience.ts";

watchValidation();
afterEach(() => vi.restoreAllMocks());

let profile: DeviceProfile;
beforeAll(async () => {
  profile = await withDevice(profileOf);
});

const code = (expected: string): Error => expect.objectContaining({ code: expected }) as Error;
const entry = { cell: 1, amount: 3 };

describe("a kernel whose source is not what it was", () => {
  it("is launched again from what it was made of", async () => {
    const dir = new Dir("source");
    const comp = (sum: string): string => `#version 460
#include "kernel.glsl"
#include "more.glsl"
void perform(uint slot) {
  if (gl_LocalInvocationIndex == 0u) respond(slot, Response(requestAt(slot).value + ${sum}));
}`;
    dir.file("k.comp", comp("MORE")).file("more.glsl", "#define MORE 10u\n");
    const recipe = {
      source: join(dir.path, "k.comp"),
      request: struct("Request", { value: u32 }),
      response: struct("Response", { sum: u32 }),
    };
    await withDevice(async (device) => {
      await using kernel = await ResidentKernel.open({ device, ...recipe, strategy: "dispatch" });
      const loseDevice = async (): Promise<void> => {
        using _fault = injectFaults("device-lost@submit");
        expect(await kernel.call({ value: 1 })).toEqual({ sum: 11 });
      };
      dir.file("k.comp", comp("MORE + 1u"));
      await loseDevice();
      const file = join(dir.path, "kept");
      await kernel.checkpoint(file);
      dir.file("k.comp", comp("MORE"));
      await (
        await ResidentKernel.restore({ device: kernel.device, ...recipe, file, strategy: "dispatch" })
      ).close();
      rmSync(join(dir.path, "more.glsl"));
      await loseDevice();
      expect(kernel.stats().recoveries).toBe(2);
    });
    dir.remove();
  });
});

describe("a checkpoint for which there is no memory", () => {
  it("is refused, and the kernel goes on as it was", async () => {
    await withDevice(async (device) => {
      await using kernel = await ResidentKernel.open({ device, ...ledger, maxAttempts: 1 });
      const reference = ledgerReference();
      expect(await kernel.call(entry)).toEqual(reference(entry));
      {
        using _fault = injectFaults("out-of-memory@allocate:1+");
        await expect(kernel.checkpoint()).rejects.toThrow(code("EW_OUT_OF_DEVICE_MEMORY"));
      }
      expect(await kernel.call(entry)).toEqual(reference(entry));
      expect(kernel.stats()).toMatchObject({ checkpoints: 0, recoveries: 0 });
      await kernel.checkpoint();
      expect(await kernel.call(entry)).toEqual(reference(entry));
      expect(kernel.stats()).toMatchObject({ checkpoints: 1, recoveries: 0 });
    });
  });

  it("and without which the journal is full, fails those who wait for it, and no others", async () => {
    await withDevice(async (device) => {
      const maxInFlight = 4;
      const checkpoint = { maxJournalBytes: 16 * maxInFlight * 4 * 4 };
      await using kernel = await ResidentKernel.open({ device, ...ledger, maxInFlight, checkpoint });
      const reference = ledgerReference();
      const ask = (): Promise<unknown> => kernel.call(entry);
      {
        using _fault = injectFaults("out-of-memory@allocate:1+");
        const outcomes = await Promise.allSettled(Array.from({ length: 400 }, ask));
        const answered = outcomes.filter(({ status }) => status === "fulfilled");
        expect(answered.length).toBeGreaterThan(0);
        expect(answered.length).toBeLessThan(400);
        for (const outcome of answered) expect(outcome).toMatchObject({ value: reference(entry) });
        for (const outcome of outcomes.slice(answered.length))
          expect(outcome).toMatchObject({ status: "rejected", reason: { code: "EW_OUT_OF_DEVICE_MEMORY" } });
        await expect(kernel.call(entry)).rejects.toThrow(code("EW_OUT_OF_DEVICE_MEMORY"));
      }
      expect(await kernel.call(entry)).toEqual(reference(entry));
    });
  });
});

describe("a recovery that fails with what no driver says", () => {
  it("ends every call with that, instead of never", async () => {
    await withDevice(async (device) => {
      const kernel = await ResidentKernel.open({ device, ...ledger, strategy: "batch" });
      expect(await kernel.call(entry)).toMatchObject({ count: 1 });
      vi.spyOn(device, "replace").mockImplementation(() => {
        throw new TypeError("nobody thought of this");
      });
      using _fault = injectFaults("device-lost@submit");
      const outcome = await kernel.call(entry).catch((error: unknown) => error);
      expect(outcome).toMatchObject({ code: "EW_INTERNAL", cause: expect.any(TypeError) as unknown });
      await expect(kernel.checkpoint()).rejects.toThrow(code("EW_INTERNAL"));
      await kernel.close();
    });
  });
});

describe("stopping a kernel that is being recovered", () => {
  it("does not wait for all that would be performed again", async () => {
    await withDevice(async (device) => {
      const kernel = await ResidentKernel.open({ device, ...stepsKernel, maxInFlight: 4 });
      const reference = stepsReference();
      const job = { slices: 3000, rounds: 20 };
      for (let round = 0; round < 8; round++) expect(await kernel.call(job)).toEqual(reference(job));
      device.abandon();
      // The kernel on the abandoned device goes on: what it is asked has to take longer than the loss takes to be seen.
      const asked = kernel.call({ ...job, slices: 100_000 }).catch((error: unknown) => error);
      while (kernel.stats().recoveries === 0) await new Promise((resolve) => setImmediate(resolve));
      await expect(kernel.close({ timeoutMs: 1 })).rejects.toThrow(code("EW_TIMEOUT"));
      expect(await asked).toMatchObject({ code: "EW_CLOSED" });
      expect(kernel.stats()).toMatchObject({ recoveries: 1, replayed: 0 });
    });
  });
});

describe.each(STRATEGY_NAMES)("a launch that is refused under %s", (strategy) => {
  it("leaves no handle and no memory, and the next one works", async (context) => {
    skipIfForbidden(context, profile, strategy);
    await withDevice(async (device) => {
      const before = { ...device.liveHandles, pipeline: 0 };
      const bytesBefore = device.counters.allocatedBytes;
      {
        using _fault = injectFaults("out-of-memory@submit:3"); // behind those that clear memory
        const kernel = await ResidentKernel.open({ device, ...ledger, strategy }).catch(() => undefined);
        await kernel?.close();
      }
      expect({ ...device.liveHandles, pipeline: 0 }).toEqual(before);
      expect(device.counters.allocatedBytes).toBe(bytesBefore);
      expect(device.isLost).toBe(false);
      await using kernel = await ResidentKernel.open({ device, ...ledger, strategy });
      expect(await kernel.call(entry)).toEqual({ count: 1, sum: 3 });
    });
  });

  it("when it should go on, costs the kernel nothing but a recovery on the same device", async (context) => {
    skipIfForbidden(context, profile, strategy);
    await withDevice(async (device) => {
      await using kernel = await ResidentKernel.open({ device, ...ledger, strategy, maxAttempts: 5 });
      const reference = ledgerReference();
      expect(await kernel.call(entry)).toEqual(reference(entry));
      await kernel.checkpoint();
      using _fault = injectFaults("out-of-memory@submit:2");
      const answers = [kernel.call(entry), kernel.call(entry)];
      await kernel.checkpoint();
      expect(await Promise.all(answers)).toEqual([reference(entry), reference(entry)]);
      for (let round = 0; round < 20 && kernel.stats().recoveries === 0; round++) await kernel.checkpoint();
      expect(await kernel.call(entry)).toEqual(reference(entry));
      expect(kernel.stats().recoveries).toBe(1);
      expect(kernel.device).toBe(device);
    });
  });
});

describe("a loop that does not end in time", () => {
  it("has told everyone who waits, when stop gives up", async (context) => {
    if (profile.loopLimit !== undefined)
      context.skip(`this driver ends loops after ${profile.loopLimit} rounds: nothing takes long`);
    await withDevice(async (device) => {
      await using slices = await launchSlices(device, profile, { strategy: "batch" });
      await slices.loop.wait(slices.add(1), patientMs(60_000)); // the kernel is compiled and runs
      const ticket = slices.add(1, { rounds: 15_000_000 });
      slices.loop.poll();
      await sleep(patientMs(50)); // a launch that has not seen its request yet would just stop
      await expect(slices.loop.stop(5)).rejects.toThrow(code("EW_TIMEOUT"));
      expect([ticket.isDone, ticket.failure]).toEqual([true, code("EW_CLOSED")]);
      await slices.loop.stop(patientMs(60_000));
    });
  });
});
