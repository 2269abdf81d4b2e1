/**
 * One suite for every launch strategy: the same answers, each request exactly once, in any number in flight, stopped at once, nothing left.
 * Strategies that the device's profile forbids are skipped with the profile's reason.
 */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { kernelFile, type ProgramLease, sharedPrograms } from "../../src/programs/index.ts";
import { measureProfile } from "../../src/residency/device/profiled-device.ts";
import { ResidentLoop, WORKGROUP_SIZE_ID } from "../../src/residency/launch/resident-loop.ts";
import { softwareThreadCount } from "../../src/residency/launch/software-threads.ts";
import type { DeviceProfile } from "../../src/residency/profile/device-profile.ts";
import type { Ticket } from "../../src/residency/queue/work-queue.ts";
import { echoReference } from "../../src/residency/reference/echo.ts";
import { STRATEGY_NAMES, type StrategyName } from "../../src/residency/strategies/strategy-name.ts";
import type { Device } from "../../src/vulkan/index.ts";
import { launchSlices, type Slices, slicesReference } from "../support/slices.ts";
import { skipIfForbidden } from "../support/strategies.ts";
import { openTestDevice, watchValidation } from "../support/vulkan.ts";
import { patientMs } from "../support/patience.ts";

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

const ANSWER_MS = patientMs(30_000);
const RESIDENT: readonly StrategyName[] = ["leased", "continuous", "persistent", "adaptive"];

/** Workgroups that are resident together: a software driver gives each a thread of its pool. */
function residentMax(): number {
  return device.info.type === "cpu" ? softwareThreadCount() : 64;
}

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
  const isForbidden = (workgroups = 1): boolean =>
    strategy === "persistent" && (!profile.persistent.allowed || workgroups > residentMax());
  const payloadOf = (...words: number[]): Uint32Array => Uint32Array.from(words);

  it("answers as the reference does", async (context) => {
    skipIfForbidden(context, profile, strategy);
    await using kernel = await launch();
    for (const value of [0, 1, 7, 0x7fff_ffff, 0xffff_ffff]) {
      const ticket = kernel.submit(payloadOf(value));
      expect(kernel.waitSync(ticket, ANSWER_MS)).toBe(true);
      expect(ticket.result).toBe(echoReference([value]));
    }
  });

  it("answers each of many requests exactly once, round and round the queue", async (context) => {
    skipIfForbidden(context, profile, strategy);
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
    skipIfForbidden(context, profile, strategy);
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
    skipIfForbidden(context, profile, strategy);
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
    skipIfForbidden(context, profile, strategy);
    const kernel = await launch({ slotCount: 8 });
    const tickets = [1, 2, 3, 4, 5].map((value) => kernel.submit(payloadOf(value)));
    await kernel[Symbol.asyncDispose]();
    expect(tickets.map(({ result }) => result)).toEqual([2, 3, 4, 5, 6]);
    await kernel[Symbol.asyncDispose]();
    expect(() => kernel.submit(payloadOf(1))).toThrow(expect.objectContaining({ code: "EW_CLOSED" }));
  });

  describe("with state, two priorities and long requests", () => {
    const open = (options: Parameters<typeof launchSlices>[2] = {}): Promise<Slices> =>
      launchSlices(device, profile, { strategy, ...options });
    /** The answers are those of the reference, in the order in which the kernel took the requests; each priority kept its order. */
    const expectSums = (asked: readonly { ticket: Ticket; value: number }[]): void => {
      // The ordinal is workgroup 0's order of taking.
      const taken = asked.toSorted((a, b) => a.ticket.ordinal - b.ticket.ordinal);
      expect(taken.map(({ ticket }) => ticket.failure)).toEqual(taken.map(() => undefined));
      expect(taken.map(({ ticket }) => ticket.ordinal)).toEqual(taken.map((_, index) => index + 1));
      expect(taken.map(({ ticket }) => ticket.result)).toEqual(
        slicesReference(taken.map(({ value }) => value)),
      );
      for (const priority of [0, 1]) {
        const sequences = taken
          .filter(({ ticket }) => ticket.priority === priority)
          .map(({ ticket }) => ticket.sequence);
        expect(sequences).toEqual(sequences.toSorted((a, b) => a - b));
      }
    };
    const settle = async (slices: Slices, tickets: readonly Ticket[]): Promise<void> => {
      for (const ticket of tickets) await slices.loop.wait(ticket, ANSWER_MS);
    };

    it.each([1, 3])("adds as its reference does, in %i workgroups", async (workgroups) => {
      if (isForbidden(workgroups)) return;
      await using slices = await open({
        boundedWorkgroupCount: workgroups,
        residentWorkgroupCount: workgroups,
      });
      const asked: { ticket: Ticket; value: number }[] = [];
      for (let value = 1; value <= (workgroups === 1 ? 200 : 60); value++) {
        const priority = value % 5 === 0 ? 1 : 0;
        while (slices.loop.freeSlots(priority) === 0) {
          slices.loop.poll();
          slices.loop.assertRunning();
          await new Promise(setImmediate);
        }
        asked.push({ ticket: slices.add(value, { priority, slices: value % 7 }), value });
      }
      await settle(
        slices,
        asked.map(({ ticket }) => ticket),
      );
      expectSums(asked);
    });

    it("is parked and started in the middle of requests, again and again, and loses nothing", async () => {
      if (isForbidden()) return;
      await using slices = await open();
      const asked: { ticket: Ticket; value: number }[] = [];
      for (let round = 0; round < 12; round++) {
        for (const value of [round, 100 + round]) {
          const priority = value >= 100 ? 1 : 0;
          asked.push({ ticket: slices.add(value, { priority, slices: 40 }), value });
        }
        await slices.loop.park();
        expect(slices.loop.state).toBe("stopped");
        expect(() => slices.add(1)).toThrow(expect.objectContaining({ code: "EW_CLOSED" }));
        await slices.loop.start();
        if (round % 3 === 2)
          await settle(
            slices,
            asked.map(({ ticket }) => ticket),
          );
      }
      expectSums(asked);
    });

    it.each([
      ["the device's clock", undefined],
      ["polls", false],
    ])("goes on over the borders of many short leases, counted by %s", async (_, hasClock) => {
      if (isForbidden()) return;
      await using slices = await open({ leaseMs: 0.2, ...(hasClock === undefined ? {} : { hasClock }) });
      const asked: { ticket: Ticket; value: number }[] = [];
      const before = slices.loop.counts.launches;
      for (let value = 1; value <= 8; value++) {
        asked.push({ ticket: slices.add(value, { slices: 600, rounds: 20 }), value });
      }
      await settle(
        slices,
        asked.map(({ ticket }) => ticket),
      );
      expectSums(asked);
      // Persistent has no lease; where the driver limits loops, none of the others could do this in one launch.
      if (strategy !== "persistent") expect(slices.loop.counts.launches).toBeGreaterThan(before + 2);
    });

    it("takes urgent requests first, also while a long one is not finished", async () => {
      if (isForbidden()) return;
      await using slices = await open();
      await slices.loop.park();
      await slices.loop.start();
      const long = slices.add(1, { slices: 3000 });
      const normal = [2, 3, 4].map((value) => slices.add(value));
      const urgent = slices.add(10, { priority: 1 });
      await settle(slices, [long, ...normal, urgent]);
      expect(urgent.ordinal).toBeLessThan(normal[0].ordinal);
      // A launch that took the long request before the urgent one was there serves it first only where it sees new requests, or parks.
      if (strategy === "persistent") expect(urgent.ordinal).toBeLessThan(long.ordinal);
    });

    it("stops at once with a long request in hand, and is told of it", async () => {
      if (isForbidden()) return;
      await using slices = await open();
      const ticket = slices.add(1, { slices: 1_000_000_000 });
      await new Promise((resolve) => setTimeout(resolve, 30));
      // The request would take hours, so that the loop parks at all shows it.
      await slices.loop.park(ANSWER_MS);
      expect(ticket.isDone).toBe(false);
      await slices.loop.stop(10);
      expect(ticket.failure).toMatchObject({ code: "EW_CLOSED" });
      // The next start forgets the request, and its progress.
      await slices.loop.start();
      const next = slices.add(5, { slices: 3 });
      await settle(slices, [next]);
      expect(next.result).toBe(5);
    });

    it.each([
      ["the device's clock", undefined],
      ["polls", false],
    ])("parks when idle, by %s, and is woken by the next request", async (_, hasClock) => {
      if (isForbidden()) return;
      await using slices = await open({ parkAfterMs: 5, ...(hasClock === undefined ? {} : { hasClock }) });
      // On a busy machine it takes longer until it parks, and then more than three are needed to see it twice.
      let count = 0;
      const hasParked = (): boolean => !RESIDENT.includes(strategy) || slices.loop.counts.relaunches >= 2;
      for (let value = 1; value <= 3 || !hasParked(); value++) {
        count = value;
        const ticket = slices.add(value);
        await settle(slices, [ticket]);
        expect(ticket.result).toBe((value * (value + 1)) / 2);
        await new Promise((resolve) => setTimeout(resolve, 150));
      }
      if (RESIDENT.includes(strategy)) expect(slices.loop.heartbeat?.requests).toBe(count);
    });

    it("works no more than the duty cycle allows", async () => {
      if (isForbidden()) return;
      const timed = async (dutyCycle: number): Promise<{ ms: number; share: number }> => {
        await using slices = await open({ dutyCycle });
        const begin = performance.now();
        // On a machine that is busy a launch takes long, and the rest behind it ten times as long.
        for (let value = 0; value < 6; value++)
          await slices.loop.wait(slices.add(1, { slices: 5, rounds: 2000 }), 4 * ANSWER_MS);
        const beat = slices.loop.heartbeat;
        return { ms: performance.now() - begin, share: (beat?.busyTicks ?? 0) / (beat?.ticks ?? 1) };
      };
      // Nominally ten times as long. A launch that stays rests itself (nominally a tenth of its time at work, but a rest ends with a lease);
      // launches that end are kept apart by the host. What else the machine does may fall into one of the two times, but not again and again.
      const looks: string[] = [];
      for (let look = 0; look < 5; look++) {
        const eager = await timed(1);
        const throttled = await timed(0.1);
        if (throttled.ms > 2 * eager.ms && (!RESIDENT.includes(strategy) || throttled.share < 0.25)) return;
        looks.push(`${eager.ms} ms, throttled ${throttled.ms} ms at work for ${throttled.share} of them`);
      }
      expect.fail(looks.join("; "));
    });

    it("does not answer what loops that were cut short made", async (context) => {
      const { loopLimit } = profile;
      if (loopLimit === undefined) return context.skip("the driver does not limit loops");
      if (isForbidden()) return;
      await using slices = await open();
      const fine = slices.add(1, { rounds: 100 });
      await settle(slices, [fine]);
      const spoilt = slices.add(2, { rounds: loopLimit + 10 });
      await slices.loop.wait(spoilt, ANSWER_MS);
      expect(spoilt.failure).toMatchObject({ code: "EW_LOOP_LIMIT" });
      expect(slices.loop.state).toBe("lost");
    });
  });

  it("tells a timeout and keeps the request", async (context) => {
    skipIfForbidden(context, profile, strategy);
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
    let ticket: Ticket;
    // Each answer begins the budget anew, and on a busy machine it lasts longer: so the pauses grow.
    for (let pauseMs = 1_500; ; pauseMs *= 2) {
      await new Promise((resolve) => setTimeout(resolve, pauseMs));
      ticket = kernel.submit(Uint32Array.of(1));
      await kernel.wait(ticket, ANSWER_MS);
      if (ticket.failure !== undefined) break;
    }
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
