import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, describe, expect, it, vi } from "vitest";
import { type CompanyGuest, joinCard } from "./company.ts";
import { Presence } from "./presence.ts";

const keyOf = (name: string): string => `company-${process.pid}-${name}`;

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await sleep(1);
}

/** A kernel that records what it is told, and makes room at once. */
function guest(onChange: () => void, sharesQueue = false): CompanyGuest {
  return { onChange, hasMadeRoom: () => true, sharesQueue };
}

it("lets small kernels of one device stay, and makes large ones give way", () => {
  const key = keyOf("kernels");
  const device = {};
  using small = joinCard(
    key,
    device,
    guest(() => undefined),
  );
  small.opened(1);
  expect(small.hasOthers).toBe(false);
  using large = joinCard(
    key,
    device,
    guest(() => undefined),
  );
  // While a kernel opens, no other one stays.
  expect(small.hasOthers).toBe(true);
  large.opened(400);
  expect([small.hasOthers, large.hasOthers]).toEqual([false, true]);
  using onSameQueue = joinCard(
    key,
    device,
    guest(() => undefined, true),
  );
  onSameQueue.opened(1);
  expect([small.hasOthers, onSameQueue.hasOthers]).toEqual([false, true]);
});

it("makeRoom waits until the others on the device have given way", async () => {
  const key = keyOf("room");
  const device = {};
  let asked = 0;
  using _staying = joinCard(key, device, {
    onChange: () => asked++,
    hasMadeRoom: () => asked >= 3,
    sharesQueue: false,
  });
  using newcomer = joinCard(
    key,
    device,
    guest(() => undefined),
  );
  await newcomer.makeRoom();
  expect(asked).toBe(3);
});

it("treats two devices of one card as company, and tells both when that begins and ends", () => {
  const key = keyOf("devices");
  const changes: string[] = [];
  using first = joinCard(
    key,
    {},
    guest(() => changes.push("first")),
  );
  first.opened(1);
  expect(first.hasOthers).toBe(false);
  changes.length = 0;
  const other = joinCard(
    key,
    {},
    guest(() => changes.push("other")),
  );
  expect([first.hasOthers, other.hasOthers]).toEqual([true, true]);
  expect(changes).toEqual(["first"]);
  other[Symbol.dispose]();
  other[Symbol.dispose]();
  expect(first.hasOthers).toBe(false);
  expect(changes).toEqual(["first", "first"]);
});

it("reports other processes, and can be joined again after everybody left", async () => {
  const key = keyOf("processes");
  let changes = 0;
  joinCard(
    key,
    {},
    guest(() => changes++),
  )[Symbol.dispose]();
  using member = joinCard(
    key,
    {},
    guest(() => changes++),
  );
  const other = new Presence({ deviceKey: key });
  await until(() => member.hasOthers);
  expect(changes).toBe(1);
  other[Symbol.dispose]();
  await until(() => !member.hasOthers);
  expect(changes).toBe(2);
});

it("later members see the remaining ones, whoever left in between", () => {
  const key = keyOf("later");
  using stays = joinCard(
    key,
    {},
    guest(() => undefined),
  );
  stays.opened(1);
  const leaves = joinCard(
    key,
    {},
    guest(() => undefined),
  );
  leaves.opened(1);
  leaves[Symbol.dispose]();
  using comes = joinCard(
    key,
    {},
    guest(() => undefined),
  );
  comes.opened(1);
  expect([stays.hasOthers, comes.hasOthers]).toEqual([true, true]);
});

it("a kernel counts for another device when its neighbour on its own device has left", () => {
  const key = keyOf("neighbour");
  const device = {};
  const join = (of: object) =>
    joinCard(
      key,
      of,
      guest(() => undefined),
    );
  using stays = join(device);
  stays.opened(1);
  join(device)[Symbol.dispose]();
  using elsewhere = join({});
  elsewhere.opened(1);
  expect([stays.hasOthers, elsewhere.hasOthers]).toEqual([true, true]);
});

it("is gone for other processes when everybody left", async () => {
  const key = keyOf("gone");
  using other = new Presence({ deviceKey: key });
  const member = joinCard(
    key,
    {},
    guest(() => undefined),
  );
  await until(() => other.hasOthers);
  member[Symbol.dispose]();
  await until(() => !other.hasOthers);
});

describe("a kernel without requests", () => {
  afterEach(() => vi.useRealTimers());

  /** A large kernel of a device. Records what it is told. */
  function large(key: string, device: object) {
    const kernel = { published: 1, unanswered: 0, told: 0 };
    const member = joinCard(key, device, {
      onChange: () => kernel.told++,
      hasMadeRoom: () => true,
      sharesQueue: false,
      quietSince: () => (kernel.unanswered === 0 ? kernel.published : undefined),
    });
    member.opened(400);
    /** Asks often enough that the company checks for idle kernels. */
    const looksAgain = (): boolean => {
      for (let question = 0; question < 1_000; question++) void member.hasOthers;
      return member.hasOthers;
    };
    return { kernel, member, looksAgain };
  }

  it("stops counting after a while, and counts again from its next request", () => {
    vi.useFakeTimers({ toFake: ["performance"] });
    const device = {};
    const key = keyOf("idle");
    const busy = large(key, device);
    const idle = large(key, device);
    const use = (): void => {
      vi.advanceTimersByTime(100);
      busy.kernel.published++;
    };
    expect(busy.looksAgain()).toBe(true);
    for (let step = 0; step < 4; step++) use();
    expect(busy.looksAgain()).toBe(true);
    for (let step = 0; step < 2; step++) use();
    expect(busy.looksAgain()).toBe(false);
    // It is told at once, and the kernel that was idle makes room for it too.
    const { told } = busy.kernel;
    idle.kernel.published++;
    idle.kernel.unanswered = 1;
    expect(idle.member.hasOthers).toBe(true);
    expect(busy.kernel.told).toBe(told + 1);
    expect(busy.member.hasOthers).toBe(true);
    idle.member[Symbol.dispose]();
    busy.member[Symbol.dispose]();
  });

  it("counts while a request is unanswered, or if it reports nothing", () => {
    vi.useFakeTimers({ toFake: ["performance"] });
    const device = {};
    const key = keyOf("unanswered");
    const busy = large(key, device);
    const waiting = large(key, device);
    waiting.kernel.unanswered = 1;
    busy.looksAgain();
    vi.advanceTimersByTime(60_000);
    expect(busy.looksAgain()).toBe(true);
    waiting.kernel.unanswered = 0;
    busy.looksAgain();
    vi.advanceTimersByTime(60_000);
    expect(busy.looksAgain()).toBe(false);
    const silent = joinCard(
      key,
      device,
      guest(() => undefined),
    );
    silent.opened(1);
    vi.advanceTimersByTime(60_000);
    expect(busy.looksAgain()).toBe(true);
    for (const member of [silent, waiting.member, busy.member]) member[Symbol.dispose]();
  });

  it("does not stop a kernel on another device of the card from staying", () => {
    vi.useFakeTimers({ toFake: ["performance"] });
    const key = keyOf("idle-device");
    const busy = large(key, {});
    const idle = large(key, {});
    expect(busy.looksAgain()).toBe(true);
    vi.advanceTimersByTime(1_000);
    expect(busy.looksAgain()).toBe(false);
    idle.member[Symbol.dispose]();
    busy.member[Symbol.dispose]();
  });
});
