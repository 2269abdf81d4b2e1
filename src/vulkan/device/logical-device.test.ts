/** Which queues are chosen on the queue families of real drivers. */

import fc from "fast-check";
import { expect, test } from "vitest";
import type { DeviceInfo, QueueFamilyInfo } from "../instance/device-info.ts";
import { chooseQueues, queuesOf } from "./logical-device.ts";

/** A device with these queue families. "GCT×16" is graphics, compute, transfer, and 16 queues. */
function infoOf(...families: string[]): DeviceInfo {
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
  return { name: "a device", queueFamilies } as unknown as DeviceInfo;
}

function choose(...families: string[]): Record<string, [family: number, index: number] | undefined> {
  const choice = chooseQueues(infoOf(...families));
  const pair = (queue: typeof choice.transfer): [number, number] | undefined =>
    queue && [queue.family.index, queue.index];
  return { compute: pair(choice.compute), transfer: pair(choice.transfer) };
}

test("NVIDIA: separate families for transfers and for compute", () => {
  expect(choose("GCT×16", "T×2", "CT×8", "T×7", "T×1")).toEqual({
    compute: [2, 0],
    transfer: [1, 0],
  });
});
test("AMD: a separate compute family, and a transfer family if there is one", () => {
  expect(choose("GCT×1", "CT×4")).toEqual({ compute: [1, 0], transfer: [1, 1] });
  expect(choose("GCT×1", "CT×4", "T×2")).toEqual({ compute: [1, 0], transfer: [2, 0] });
  expect(choose("GCT×1", "CT×1")).toEqual({ compute: [0, 0], transfer: undefined });
});
test("one family with several queues: each role gets its own queue while there are enough", () => {
  expect(choose("GCT×3")).toEqual({ compute: [0, 0], transfer: [0, 1] });
  expect(choose("GCT×2")).toEqual({ compute: [0, 0], transfer: [0, 1] });
});
test("software: one queue for all", () => {
  expect(choose("GCT×1")).toEqual({ compute: [0, 0], transfer: undefined });
});
test("a device without graphics", () => {
  expect(choose("T×1", "CT×2")).toEqual({ compute: [1, 0], transfer: [0, 0] });
});
const leasable = (leasableMax: number | undefined, ...families: string[]): string[] =>
  chooseQueues(infoOf(...families), leasableMax).leasable.map(
    ({ family, index }) => `${family.index}:${index}`,
  );

test("the remaining queues of the family can be leased, up to the given number", () => {
  expect(leasable(undefined, "GCT×16", "T×2", "CT×8")).toEqual([
    "2:1",
    "2:2",
    "2:3",
    "2:4",
    "2:5",
    "2:6",
    "2:7",
  ]);
  expect(leasable(undefined, "GCT×12")).toEqual(["0:2", "0:3", "0:4", "0:5", "0:6", "0:7", "0:8", "0:9"]);
  expect(leasable(undefined, "GCT×1", "CT×4")).toEqual(["1:2", "1:3"]);
  expect(leasable(undefined, "GCT×3")).toEqual(["0:2"]);
  expect(leasable(undefined, "GCT×2")).toEqual([]);
  expect(leasable(undefined, "GCT×1")).toEqual([]);
  expect(leasable(2, "GCT×16", "T×2", "CT×8")).toEqual(["2:1", "2:2"]);
  expect(leasable(0, "GCT×16", "T×2", "CT×8")).toEqual([]);
});
test("no queue is used twice", () => {
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.constantFrom("GCT", "CT", "T", "C", "GC"), fc.integer({ min: 1, max: 20 })), {
        minLength: 1,
        maxLength: 6,
      }),
      (families) => {
        fc.pre(families.some(([kinds]) => kinds.includes("C")));
        const chosen = queuesOf(
          chooseQueues(infoOf(...families.map(([kinds, count]) => `${kinds}×${count}`))),
        );
        const names = chosen.map(({ family, index }) => `${family.index}:${index}`);
        expect(new Set(names).size).toBe(names.length);
        for (const { family, index } of chosen) expect(index).toBeLessThan(family.queueCount);
      },
    ),
  );
});
test("a device without a compute queue is refused", () => {
  expect(() => choose("T×1")).toThrow(expect.objectContaining({ code: "EW_NO_DEVICE" }));
});
