/** Which queues are used on the queue families of real drivers. */

import { expect, test } from "vitest";
import type { DeviceInfo, QueueFamilyInfo } from "./device-info.ts";
import { chooseQueues } from "./logical-device.ts";

/** "GCT×16": graphics, compute, transfer, and how many queues. */
function choose(...families: string[]): Record<string, [family: number, index: number] | undefined> {
  const queueFamilies = families.map((text, index): QueueFamilyInfo => {
    const [kinds = "", count = "1"] = text.split("×");
    return {
      index,
      queueCount: Number(count),
      graphics: kinds.includes("G"),
      compute: kinds.includes("C"),
      transfer: kinds.includes("T"),
      timestampBits: 64,
    };
  });
  const choice = chooseQueues({ name: "a device", queueFamilies } as unknown as DeviceInfo);
  const pair = (queue: typeof choice.side): [number, number] | undefined =>
    queue && [queue.family.index, queue.index];
  return { compute: pair(choice.compute), transfer: pair(choice.transfer), side: pair(choice.side) };
}

test("NVIDIA: families for transfers and for compute alone", () => {
  expect(choose("GCT×16", "T×2", "CT×8", "T×7", "T×1")).toEqual({
    compute: [0, 0],
    transfer: [1, 0],
    side: [2, 0],
  });
});
test("AMD: compute alone, transfers where they have a family", () => {
  expect(choose("GCT×1", "CT×4")).toEqual({ compute: [0, 0], transfer: undefined, side: [1, 0] });
  expect(choose("GCT×1", "CT×4", "T×2")).toEqual({ compute: [0, 0], transfer: [2, 0], side: [1, 0] });
});
test("one family with several queues: each gets its own, as far as they go", () => {
  expect(choose("GCT×3")).toEqual({ compute: [0, 0], transfer: [0, 1], side: [0, 2] });
  expect(choose("GCT×2")).toEqual({ compute: [0, 0], transfer: [0, 1], side: undefined });
});
test("software: one queue for all", () => {
  expect(choose("GCT×1")).toEqual({ compute: [0, 0], transfer: undefined, side: undefined });
});
test("a device without graphics", () => {
  expect(choose("T×1", "CT×2")).toEqual({ compute: [1, 0], transfer: [0, 0], side: [1, 1] });
});
test("a device without compute is of no use", () => {
  expect(() => choose("T×1")).toThrow(expect.objectContaining({ code: "EW_NO_DEVICE" }));
});
