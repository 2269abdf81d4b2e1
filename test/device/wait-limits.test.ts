/** Whoever waits for a limited time is told whether there was an answer. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { profileOf } from "../../src/residency/device/profiled-device.ts";
import type { DeviceProfile } from "../../src/residency/profile/index.ts";
import { EverwarpError } from "../../src/base/index.ts";
import type { Plan } from "../../src/search/contracts.ts";
import { Corpus } from "../../src/search/corpus/index.ts";
import { DeviceBackend } from "../../src/search/gpu/device-backend.ts";
import type { Device } from "../../src/vulkan/index.ts";
import { Dir } from "../support/cli.ts";
import { stepsKernel } from "../support/steps.ts";
import { skipIfForbidden } from "../support/strategies.ts";
import { TypedLoop } from "../support/typed-loop.ts";
import { openTestDevice, testDeviceInfo, watchValidation } from "../support/vulkan.ts";

watchValidation();

let device: Device;
let profile: DeviceProfile;
beforeAll(async () => {
  device = openTestDevice();
  profile = await profileOf(device);
});
afterAll(() => device?.close());

/** Longer than any look at it, and short enough to be awaited. */
const LONG = { slices: 2000, rounds: 100 };

describe.each(["batch", "persistent"] as const)("%s", (strategy) => {
  it("says that the time is over while a request is performed", async (context) => {
    skipIfForbidden(context, profile, strategy);
    await using kernel = await TypedLoop.launch({ device, profile, ...stepsKernel, loop: { strategy } });
    const ticket = kernel.submit(LONG);
    expect(kernel.loop.waitSync(ticket, 0)).toBe(false);
    expect(ticket.isDone).toBe(false);
    await expect(kernel.loop.wait(ticket, 0)).rejects.toMatchObject({ code: "EW_TIMEOUT" });
    // However soon the answer comes, nobody is told of one that is not there.
    while (!kernel.loop.waitSync(ticket, 1)) expect(ticket.isDone).toBe(false);
    expect(ticket.isDone).toBe(true);
    expect((await kernel.answer(ticket)).entries).toBe(LONG.slices);
  });
});

it("says so of a search", async () => {
  await using backend = await openBackend();
  const directory = new Dir("wait-limits").file("text", "a line of text\n".repeat(50));
  try {
    const corpus = await backend.load(Corpus.fromFiles([{ path: directory.path + "/text", explicit: true }]));
    const plan: Plan = {
      kind: "literals",
      literals: [{ bytes: Buffer.from("text"), ignoreAsciiCase: false }],
      foldExceptions: [],
    };
    for (let isLate = false; !isLate;) {
      // More than the queue takes at once, so that the last waits behind others.
      const tickets = Array.from({ length: 300 }, () => backend.submit(plan, { corpus }));
      const ticket = tickets.at(-1)!;
      isLate = !ticket.waitSync(0);
      if (isLate) expect(() => ticket.result()).toThrow(EverwarpError);
      while (!ticket.waitSync(1)) expect(() => ticket.result()).toThrow(EverwarpError);
      expect(ticket.result().count).toBe(50);
    }
  } finally {
    directory.remove();
  }
});

async function openBackend(): Promise<DeviceBackend & AsyncDisposable> {
  const backend = await DeviceBackend.open({ select: testDeviceInfo().index });
  return Object.assign(backend, { [Symbol.asyncDispose]: () => backend.close() });
}
