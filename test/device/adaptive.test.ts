/** The strategy `adaptive`: requests are answered, each once, while others come to the card and go. */
import { setImmediate as turn } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { kernelFile, type ProgramLease, sharedPrograms } from "../../src/programs/index.ts";
import { measureProfile } from "../../src/residency/device/profiled-device.ts";
import { ResidentLoop, WORKGROUP_SIZE_ID } from "../../src/residency/launch/resident-loop.ts";
import type { DeviceProfile } from "../../src/residency/profile/device-profile.ts";
import type { Ticket } from "../../src/residency/queue/work-queue.ts";
import type { CompanyGuest, CompanyMember } from "../../src/residency/sharing/company.ts";
import type { Device } from "../../src/vulkan/index.ts";
import { openTestDevice, watchValidation } from "../support/vulkan.ts";

watchValidation();

const ANSWER_MS = 20_000;

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

/** Others on the card, as a test wants them. */
class Others {
  hasOthers = false;
  leaveCount = 0;
  #tell: () => void = () => undefined;

  readonly join = (_device: unknown, { onChange }: CompanyGuest): CompanyMember => {
    this.#tell = onChange;
    const hasOthers = (): boolean => this.hasOthers;
    return {
      get hasOthers() {
        return hasOthers();
      },
      makeRoom: () => Promise.resolve(),
      opened: () => undefined,
      [Symbol.dispose]: () => void this.leaveCount++,
    };
  };

  set(hasOthers: boolean): void {
    this.hasOthers = hasOthers;
    this.#tell();
  }
}

function launch(others: Others): Promise<ResidentLoop> {
  return ResidentLoop.launch({
    device,
    profile,
    pipeline: lease.pipeline,
    strategy: "adaptive",
    slotCount: 64,
    joinCompany: others.join,
  });
}

function ask(loop: ResidentLoop, value: number): void {
  const ticket = loop.submit(Uint32Array.of(value));
  expect(loop.waitSync(ticket, ANSWER_MS)).toBe(true);
  expect(ticket.failure).toBeUndefined();
  expect(ticket.result).toBe(value + 1);
}

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await turn();
}

describe("adaptive", () => {
  it("stays while it is alone, makes room when others come, and stays again when they have gone", async () => {
    const others = new Others();
    await using loop = await launch(others);
    ask(loop, 1);
    expect(loop.isShared).toBe(false);
    others.set(true);
    ask(loop, 2);
    expect(loop.isShared).toBe(true);
    const { launches } = loop.counts;
    for (let value = 0; value < 10; value++) ask(loop, value);
    // A launch at least for every request that came alone.
    expect(loop.counts.launches - launches).toBeGreaterThanOrEqual(10);
    others.set(false);
    ask(loop, 3);
    expect(loop.isShared).toBe(false);
  });

  it("makes room without being asked for anything", async () => {
    const others = new Others();
    await using loop = await launch(others);
    ask(loop, 1);
    others.set(true);
    await until(() => loop.isShared);
    // Nothing of it runs any more: stopping has nothing to wait for, and what is asked next is answered by a launch that ends.
    ask(loop, 2);
    expect(loop.isShared).toBe(true);
  });

  it("makes room from the beginning where others are there already", async () => {
    const others = new Others();
    others.hasOthers = true;
    await using loop = await launch(others);
    ask(loop, 1);
    expect(loop.isShared).toBe(true);
  });

  it("answers each of many requests once, whenever others come and go", async () => {
    const others = new Others();
    await using loop = await launch(others);
    let inFlight: { ticket: Ticket; value: number }[] = [];
    let answered = 0;
    for (let value = 0; value < 3_000; value++) {
      if (value % 37 === 0) others.set(!others.hasOthers);
      while (loop.isFull) {
        expect(loop.waitSync(inFlight[0].ticket, ANSWER_MS)).toBe(true);
        loop.poll();
        inFlight = inFlight.filter(({ ticket, value: asked }) => {
          if (!ticket.isDone) return true;
          expect([ticket.failure, ticket.result]).toEqual([undefined, asked + 1]);
          answered++;
          return false;
        });
      }
      inFlight.push({ ticket: loop.submit(Uint32Array.of(value)), value });
      if (value % 101 === 0) await turn();
    }
    for (const { ticket, value } of inFlight) {
      await loop.wait(ticket);
      expect([ticket.failure, ticket.result]).toEqual([undefined, value + 1]);
      answered++;
    }
    expect(answered).toBe(3_000);
    expect(loop.inFlightCount).toBe(0);
  });

  it("parks, stops and starts in the middle of a change", async () => {
    const others = new Others();
    await using loop = await launch(others);
    for (let round = 0; round < 12; round++) {
      others.set(round % 2 === 0);
      const ticket = loop.submit(Uint32Array.of(round));
      if (round % 3 === 0) await loop.park();
      else await loop.stop();
      await loop.start();
      expect(loop.waitSync(ticket, ANSWER_MS)).toBe(true);
      expect(ticket.result).toBe(round + 1);
    }
  });

  it("leaves the company once, when it is closed", async () => {
    const others = new Others();
    const loop = await launch(others);
    expect(others.leaveCount).toBe(0);
    await loop[Symbol.asyncDispose]();
    await loop[Symbol.asyncDispose]();
    expect(others.leaveCount).toBe(1);
  });

  it("stays while the other kernel of its device is idle, and makes room from its next request on", async () => {
    const open = (): Promise<ResidentLoop> =>
      ResidentLoop.launch({
        device,
        profile,
        pipeline: lease.pipeline,
        strategy: "adaptive",
        queue: device.queue,
      });
    await using busy = await open();
    await using idle = await open();
    let value = 0;
    ask(idle, value++);
    ask(busy, value++);
    expect([busy.isShared, idle.isShared]).toEqual([true, true]);
    while (busy.isShared) {
      ask(busy, value++);
      await turn();
    }
    for (let again = 0; again < 3; again++) {
      ask(idle, value++);
      ask(busy, value++);
      expect([busy.isShared, idle.isShared]).toEqual([true, true]);
    }
  });
});
