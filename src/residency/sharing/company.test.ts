import { setTimeout as sleep } from "node:timers/promises";
import { expect, it } from "vitest";
import { type CompanyGuest, joinCard } from "./company.ts";
import { Presence } from "./presence.ts";

const keyOf = (name: string): string => `company-${process.pid}-${name}`;

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await sleep(1);
}

/** A kernel that says what it is asked, and makes room at once. */
function guest(onChange: () => void, sharesQueue = false): CompanyGuest {
  return { onChange, hasMadeRoom: () => true, sharesQueue };
}

it("lets small kernels of one device stay, and has large ones make room", () => {
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
  // While somebody opens, nobody stays.
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

it("waits until the others on the device have made room", async () => {
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

it("takes two devices of one card for company, and tells both when it comes and goes", () => {
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

it("tells of other processes, and is joined anew after everybody left", async () => {
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

it("those who come later meet those who stay, whoever left in between", () => {
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
