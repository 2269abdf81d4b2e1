/**
 * One suite for every launch strategy: the same answers, each request exactly once, in any number in flight, stopped at once, nothing left.
 * Strategies that the device's profile forbids are skipped with the profile's reason.
 */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { kernelFile, type ProgramLease, sharedPrograms } from "../../src/programs/index.ts";
import { type DeviceProfile, measureProfile } from "../../src/residency/profile.ts";
import { echoReference } from "../../src/residency/reference/echo.ts";
import { ResidentLoop, WORKGROUP_SIZE_ID } from "../../src/residency/resident-loop.ts";
import { chooseStrategy, STRATEGY_NAMES } from "../../src/residency/strategies/index.ts";
import type { Ticket } from "../../src/residency/work-queue.ts";
import type { Device } from "../../src/vulkan/index.ts";
import { openTestDevice, watchValidation } from "../support/vulkan.ts";

watchValidation();

let device: Device;
let profile: DeviceProfile;
let lease: ProgramLease;

beforeAll(async () => {
  device = openTestDevice();
  profile = await measureProfile(device);
  lease = await sharedPrograms().acquire(device, {
    file: kernelFile("residency/kernels/echo"),
    specialization: { [WORKGROUP_SIZE_ID]: 32 },
  });
});

afterAll(() => {
  lease?.release();
  device?.close();
});

const ANSWER_MS = 10_000;

describe.each(STRATEGY_NAMES)("strategy %s", (strategy) => {
  const launch = (options: { slotCount?: number; workgroups?: number } = {}): Promise<ResidentLoop> =>
    ResidentLoop.launch({
      device,
      profile,
      pipeline: lease.pipeline,
      strategy,
      slotCount: options.slotCount ?? 16,
      boundedWorkgroupCount: options.workgroups ?? 3,
      residentWorkgroupCount: 1,
    });
  const skipIfForbidden = (context: { skip: (reason: string) => never }): void => {
    if (strategy === "persistent" && !profile.persistent.allowed) context.skip(profile.persistent.reason);
  };
  const payloadOf = (...words: number[]): Uint32Array => Uint32Array.from(words);

  it("answers as the twin does", async (context) => {
    skipIfForbidden(context as never);
    await using kernel = await launch();
    for (const value of [0, 1, 7, 0x7fff_ffff, 0xffff_ffff]) {
      const ticket = kernel.submit(payloadOf(value));
      expect(kernel.waitSync(ticket, ANSWER_MS)).toBe(true);
      expect(ticket.result).toBe(echoReference([value]));
    }
  });

  it("answers each of many requests exactly once, round and round the queue", async (context) => {
    skipIfForbidden(context as never);
    await using kernel = await launch({ slotCount: 8 });
    const answered = new Map<number, number>();
    let inFlight: { ticket: Ticket; value: number }[] = [];
    for (let value = 0; value < 300; value++) {
      while (kernel.isFull) {
        await kernel.wait(inFlight[0].ticket);
        kernel.poll();
        inFlight = inFlight.filter(({ ticket, value: asked }) => {
          if (!ticket.isDone) return true;
          expect(ticket.failure).toBeUndefined();
          expect(ticket.result).toBe(asked + 1);
          answered.set(asked, (answered.get(asked) ?? 0) + 1);
          return false;
        });
      }
      inFlight.push({ ticket: kernel.submit(payloadOf(value)), value });
    }
    for (const { ticket, value } of inFlight) {
      await kernel.wait(ticket);
      expect(ticket.result).toBe(value + 1);
      answered.set(value, (answered.get(value) ?? 0) + 1);
    }
    expect(answered.size).toBe(300);
    expect([...answered.values()].every((times) => times === 1)).toBe(true);
    expect(kernel.inFlightCount).toBe(0);
  });

  it("refuses more requests than slots, and goes on", async (context) => {
    skipIfForbidden(context as never);
    await using kernel = await launch({ slotCount: 4 });
    await kernel.stop();
    // Stopped: nothing is answered meanwhile, so the queue would fill; submitting is refused as closed.
    expect(() => kernel.submit(payloadOf(1))).toThrow(expect.objectContaining({ code: "EW_CLOSED" }));
    await kernel.start();
    const ticket = kernel.submit(payloadOf(41));
    expect(kernel.waitSync(ticket, ANSWER_MS)).toBe(true);
    expect(ticket.result).toBe(42);
    expect(() => kernel.submit(new Uint32Array(61))).toThrow(
      expect.objectContaining({ code: "EW_REQUEST_TOO_LARGE" }),
    );
  });

  it("stops and starts again, 20 times, and leaves no handle", async (context) => {
    skipIfForbidden(context as never);
    const before = device.liveHandles;
    for (let round = 0; round < 20; round++) {
      await using kernel = await launch({ slotCount: 4 });
      const first = kernel.submit(payloadOf(round));
      expect(kernel.waitSync(first, ANSWER_MS)).toBe(true);
      await kernel.stop();
      await kernel.start();
      const second = kernel.submit(payloadOf(round + 1));
      expect(kernel.waitSync(second, ANSWER_MS)).toBe(true);
      expect(second.result).toBe(round + 2);
    }
    expect(device.liveHandles).toEqual(before);
  });

  it("answers what is in flight before it stops", async (context) => {
    skipIfForbidden(context as never);
    const kernel = await launch({ slotCount: 8 });
    const tickets = [1, 2, 3, 4, 5].map((value) => kernel.submit(payloadOf(value)));
    await kernel[Symbol.asyncDispose]();
    expect(tickets.map(({ result }) => result)).toEqual([2, 3, 4, 5, 6]);
    await kernel[Symbol.asyncDispose]();
    expect(() => kernel.submit(payloadOf(1))).toThrow(expect.objectContaining({ code: "EW_CLOSED" }));
  });

  it("tells a timeout and keeps the request", async (context) => {
    skipIfForbidden(context as never);
    await using kernel = await launch();
    const ticket = kernel.submit(payloadOf(9));
    // Whether it is answered within 0 ms is the device's affair; what is promised is an answer in the end.
    kernel.waitSync(ticket, 0);
    await kernel.wait(ticket, ANSWER_MS);
    expect(ticket.result).toBe(10);
  });
});

describe("persistent", () => {
  it("is launched once, over many requests, without a fence and without a call", async (context) => {
    if (!profile.persistent.allowed) context.skip(profile.persistent.reason);
    await using kernel = await ResidentLoop.launch({
      device,
      profile,
      pipeline: lease.pipeline,
      strategy: "persistent",
    });
    const before = { ...device.counters };
    const payload = new Uint32Array(1);
    for (let value = 0; value < 20_000; value++) {
      payload[0] = value;
      const ticket = kernel.submit(payload);
      if (!kernel.waitSync(ticket, ANSWER_MS) || ticket.result !== value + 1)
        throw new Error(`request ${value}`);
    }
    const { dispatchesSubmitted, submits, blockingWaits } = device.counters;
    expect({ dispatchesSubmitted, submits, blockingWaits }).toEqual({
      dispatchesSubmitted: before.dispatchesSubmitted,
      submits: before.submits,
      blockingWaits: before.blockingWaits,
    });
  });

  it("ends by itself after its idle budget, and the host is told", async (context) => {
    if (!profile.persistent.allowed) context.skip(profile.persistent.reason);
    await using kernel = await ResidentLoop.launch({
      device,
      profile,
      pipeline: lease.pipeline,
      strategy: "persistent",
      pollLimit: 100_000,
    });
    await new Promise((resolve) => setTimeout(resolve, 1_500));
    const ticket = kernel.submit(Uint32Array.of(1));
    await kernel.wait(ticket, ANSWER_MS);
    expect(ticket.failure).toMatchObject({ code: "EW_DEVICE_LOST" });
    expect(() => kernel.submit(Uint32Array.of(1))).toThrow(
      expect.objectContaining({ code: "EW_DEVICE_LOST" }),
    );
    await kernel.start();
    const again = kernel.submit(Uint32Array.of(5));
    expect(kernel.waitSync(again, ANSWER_MS)).toBe(true);
    expect(again.result).toBe(6);
  });
});

describe("the choice of a strategy", () => {
  const forbidding = {
    ...({} as DeviceProfile),
    deviceName: "X",
    doorbell: [],
    persistent: { allowed: false, reason: "it is Tuesday" },
  };
  const allowing = { ...forbidding, persistent: { allowed: true, reason: "seen" } };

  it("takes persistent where the profile allows it, else batch, and says why", () => {
    expect(chooseStrategy(allowing, "auto")).toEqual({ name: "persistent", reason: "seen" });
    expect(chooseStrategy(forbidding, "auto")).toMatchObject({
      name: "batch",
      reason: expect.stringContaining("Tuesday"),
    });
    expect(chooseStrategy(forbidding, "dispatch").name).toBe("dispatch");
  });

  it("refuses to pretend", () => {
    expect(() => chooseStrategy(forbidding, "persistent")).toThrow(
      expect.objectContaining({
        code: "EW_STRATEGY_UNSUPPORTED",
        message: expect.stringContaining("Tuesday"),
      }),
    );
    expect(() => chooseStrategy(allowing, "warp" as never)).toThrow(
      expect.objectContaining({ code: "EW_BAD_ARGUMENT" }),
    );
  });
});
