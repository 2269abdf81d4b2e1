/** The kernel that users hold: typed calls, order, lines, deadlines, signals, checkpoints, on whatever device there is. */
import { mkdtemp, readFile, rm } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ResidentKernel } from "../../src/residency/resident-kernel.ts";
import { profileOf } from "../../src/residency/profile.ts";
import { STRATEGY_NAMES, type StrategyName } from "../../src/residency/strategies/index.ts";
import type { Device } from "../../src/vulkan/index.ts";
import { ledger, ledgerTwin, LEDGER_CELLS } from "../support/ledger.ts";
import { openTestDevice, watchValidation } from "../support/vulkan.ts";

watchValidation();

let device: Device;
let folder: string;
const forbidden = new Map<StrategyName, string>();

beforeAll(async () => {
  device = openTestDevice();
  const profile = await profileOf(device);
  if (!profile.persistent.allowed) forbidden.set("persistent", profile.persistent.reason);
  folder = await mkdtemp(path.join(os.tmpdir(), "everwarp-kernel-"));
});
afterAll(async () => {
  await rm(folder, { recursive: true });
  device?.close();
});

const code = (expected: string): unknown => expect.objectContaining({ code: expected });

describe.each(STRATEGY_NAMES)("strategy %s", (strategy) => {
  const skipIfForbidden = (context: { skip: (reason: string) => never }): void => {
    const reason = forbidden.get(strategy);
    if (reason !== undefined) context.skip(reason);
  };

  it("answers as the twin does, whatever is asked, and leaves no handle", async (context) => {
    skipIfForbidden(context as never);
    const before = device.liveHandles;
    {
      await using kernel = await ResidentKernel.launch(device, { ...ledger, strategy, slots: 8 });
      expect(kernel.strategyName).toBe(strategy);
      const twin = ledgerTwin();
      const cells = fc.sample(fc.record({ cell: fc.nat(LEDGER_CELLS - 1), amount: fc.nat(1000) }), 100);
      const answers = await Promise.all(cells.map((one) => kernel.call(one)));
      expect(answers).toEqual(cells.map((one) => twin(one)));
      const stats = kernel.stats();
      expect([stats.requests, stats.answered, stats.roundTrip.count]).toEqual([100, 100, 100]);
      expect(kernel.callSync({ cell: 3, amount: 4 }, 30_000)).toEqual(twin({ cell: 3, amount: 4 }));
    }
    expect({ ...device.liveHandles, pipeline: 0 }).toEqual({ ...before, pipeline: 0 });
  });
});
