/** Moments in which a resident kernel was once seen to crash, to hang or to be lost, found by `everwarp bench residency` and `soak`. */
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { injectFaults } from "../../src/base/faults.ts";
import { profileOf } from "../../src/residency/device/profiled-device.ts";
import { ResidentKernel } from "../../src/residency/service/resident-kernel.ts";
import { STRATEGY_NAMES, type StrategyName } from "../../src/residency/strategies/strategy-name.ts";
import type { Device } from "../../src/vulkan/index.ts";
import { ledger, LEDGER_CELLS, ledgerReference } from "../support/ledger.ts";
import { openTestDevice, watchValidation } from "../support/vulkan.ts";
import { patientMs } from "../support/patience.ts";

watchValidation();

let device: Device;
let allowed: readonly StrategyName[];
beforeAll(async () => {
  device = openTestDevice();
  const { persistent } = await profileOf(device);
  allowed = STRATEGY_NAMES.filter((name) => name !== "persistent" || persistent.allowed);
});
afterAll(() => device?.close());

const entry = (index: number) => ({ cell: index % LEDGER_CELLS, amount: index });

async function withKernel(
  options: Partial<Parameters<typeof ResidentKernel.open>[0]>,
  body: (kernel: ResidentKernel<typeof ledger.request, typeof ledger.response>) => Promise<void>,
): Promise<void> {
  await using kernel = await ResidentKernel.open({
    device,
    ...ledger,
    maxInFlight: 4,
    ...(options as object),
  });
  await body(kernel);
}

describe("stats()", () => {
  it("may be asked for during a recovery and after the end", async () => {
    const own = openTestDevice();
    const kernel = await ResidentKernel.open({ device: own, ...ledger });
    const reference = ledgerReference();
    expect(await kernel.call(entry(1))).toEqual(reference(entry(1)));
    {
      using _fault = injectFaults("device-lost@fence-status");
      const checkpoint = kernel.checkpoint();
      const answer = kernel.call(entry(2));
      let isOver = false;
      void checkpoint.finally(() => (isOver = true));
      for (; !isOver; await new Promise(setImmediate)) expect(kernel.stats().requests).toBe(2);
      expect(await answer).toEqual(reference(entry(2)));
    }
    await kernel.close();
    own.close();
    expect(kernel.stats()).toMatchObject({ answered: 2, recoveries: 1 });
    expect(kernel.stats().polls).toBeGreaterThan(0);
  });
});

describe("a duty cycle that is set while a launch runs", () => {
  it("does not make the kernel rest for longer than the launch took times what it asks for", async () => {
    for (const strategy of allowed) {
      await withKernel({ strategy, hangTimeoutMs: patientMs(3_000) }, async (kernel) => {
        const reference = ledgerReference();
        for (let round = 0; round < 5; round++) {
          const entries = Array.from({ length: 12 }, (_, index) => entry(index));
          const answers = entries.map((one) => kernel.call(one));
          kernel.setDutyCycle(0.1);
          expect(await Promise.all(answers)).toEqual(entries.map((one) => reference(one)));
          kernel.setDutyCycle(1);
        }
        // It rested for less than the time after which a kernel counts as hung.
        expect([strategy, kernel.stats().recoveries]).toEqual([strategy, 0]);
      });
    }
  });
});

describe("callSync", () => {
  it("tells at once when a checkpoint must be taken first, and goes on after it", async () => {
    await withKernel({ checkpoint: { maxJournalBytes: 4096 } }, async (kernel) => {
      const reference = ledgerReference();
      let answered = 0;
      const ask = (): void => {
        for (let count = 0; count < 1000; count++, answered++)
          expect(kernel.callSync(entry(answered), { timeoutMs: patientMs(30_000) })).toEqual(
            reference(entry(answered)),
          );
      };
      expect(ask).toThrow(expect.objectContaining({ code: "EW_TIMEOUT" }));
      expect(answered).toBeGreaterThan(100);
      expect(kernel.stats().checkpoints).toBe(0);
      expect(await kernel.call(entry(answered))).toEqual(reference(entry(answered)));
      expect(kernel.stats().checkpoints).toBeGreaterThan(0);
      expect(kernel.callSync(entry(3), { timeoutMs: patientMs(30_000) })).toEqual(reference(entry(3)));
    });
  });
});

describe("pending requests", () => {
  it("are answered also where a spinning call has filled the journal with them", async () => {
    await withKernel({ checkpoint: { maxJournalBytes: 1024 } }, async (kernel) => {
      const reference = ledgerReference();
      const entries = Array.from({ length: 300 }, (_, index) => entry(index));
      const answers = entries.map((one) => kernel.call(one));
      // It stands behind all of them, and spins until there is no more room for any.
      expect(() => kernel.callSync(entry(1), { timeoutMs: patientMs(30_000) })).toThrow(
        expect.objectContaining({ code: "EW_TIMEOUT" }),
      );
      expect(await Promise.all(answers)).toEqual(entries.map((one) => reference(one)));
    });
  });
});

describe("a kernel that dozes", () => {
  it("is there when the next request comes, also where a driver limits loops", async () => {
    for (const strategy of allowed) {
      await withKernel({ strategy, idle: { dozeAfterMs: 0.5 } }, async (kernel) => {
        const reference = ledgerReference();
        for (let index = 0; index < 4; index++) {
          expect(await kernel.call(entry(index))).toEqual(reference(entry(index)));
          await sleep(30);
        }
        expect([strategy, kernel.stats().recoveries]).toEqual([strategy, 0]);
      });
    }
  });
});
