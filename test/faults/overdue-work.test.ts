/**
 * Work that runs out of time while the device is still at it: what it uses may be disposed at once, as `using` does, and stays until the work has
 * ended. In processes of their own: memory that goes under a running kernel ends the process.
 */
import { afterAll, beforeAll, expect, it } from "vitest";
import { bundleScript, type Script } from "../support/script-process.ts";
import { testDeviceInfo } from "../support/vulkan.ts";

let script: Script;
beforeAll(async () => {
  script = await bundleScript(`
    import { runOverdue } from "./test/support/overdue-script.ts";
    await runOverdue(process.argv[2], Number(process.argv[3]));
  `);
});
afterAll(() => script[Symbol.dispose]());

it.each([
  { way: "close", end: 0 },
  { way: "exit", end: 3 },
])("its memory is not freed under it ($way)", async ({ way, end }) => {
  const { output, ...ended } = await script.run([way, String(testDeviceInfo().index)]);
  expect(ended).toEqual({ end });
  // A device that is done within 50 ms is too quick for this test, and has nothing to show.
  expect(["EW_TIMEOUT", "ok"]).toContain(output);
});
