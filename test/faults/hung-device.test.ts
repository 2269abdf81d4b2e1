/**
 * A kernel that never returns, on a driver that lets it: what else was asked of the device is answered or refused within a bound, and the process
 * can end. In processes of their own, for the thread that the kernel runs on never comes back.
 */
import { afterAll, beforeAll, expect, it } from "vitest";
import { profileOf } from "../../src/residency/device/profiled-device.ts";
import { bundleScript, type Script } from "../support/script-process.ts";
import { testDeviceInfo, withDevice } from "../support/vulkan.ts";

let script: Script;
beforeAll(async () => {
  script = await bundleScript(`
    import { runHung } from "./test/support/hung-script.ts";
    await runHung(process.argv[2], Number(process.argv[3]));
  `);
});
afterAll(() => script[Symbol.dispose]());

const hasLoopLimit = (await withDevice(profileOf)).loopLimit !== undefined;
const select = String(testDeviceInfo().index);

it.skipIf(hasLoopLimit)(
  "what is asked beside a kernel that never returns is answered or refused (skipped: this driver ends every loop)",
  async () => {
    const { end, output } = await script.run(["calls", select]);
    expect(end).toBe(0);
    const found = JSON.parse(output) as Record<string, unknown>;
    expect(found).toMatchObject({
      first: "2",
      endless: "EW_REQUEST_POISONED",
      beside: "3",
      secondKernel: "4",
      elsewhere: "5",
      checkpoint: "ok",
      opened: "6",
      later: "7",
      secondKernelLater: "8",
      closed: { device: "ok", elsewhere: "ok" },
    });
    for (const name of ["third", "acquired"])
      expect(["ok", "EW_TIMEOUT", "EW_DEVICE_LOST"]).toContain(found[name]);
  },
);

it.skipIf(hasLoopLimit)(
  "a process with a kernel that never returns ends when it is told to (skipped: this driver ends every loop)",
  async () => {
    expect(await script.run(["exit", select])).toEqual({ end: 3, output: "" });
  },
);
