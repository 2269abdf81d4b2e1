/** Which kernels may share a device, with one queue and with several. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Queue, QueueLease } from "../../vulkan/index.ts";
import { kindOf } from "../launch/choose-strategy.ts";
import { STRATEGY_NAMES } from "../strategies/strategy-name.ts";
import { Admission, type Place, type AdmissionDevice, admissionOf } from "./admission.ts";

/** A device with a main queue and `leasable` queues to lease. */
function deviceOf(leasable: number): AdmissionDevice & { leased(): number } {
  const free = Array.from({ length: leasable }, (_, index) => ({ familyIndex: index + 1 }) as Queue);
  return {
    info: { name: "a device" },
    queue: { familyIndex: 0 } as Queue,
    leased: () => leasable - free.length,
    leaseComputeQueue(): QueueLease | undefined {
      const queue = free.pop();
      if (queue === undefined) return undefined;
      const release = (): void => void free.push(queue);
      return { queue, release, [Symbol.dispose]: release };
    },
  };
}

const noRoom = (text: string): unknown =>
  expect.objectContaining({ code: "EW_NO_ROOM", message: expect.stringContaining(text) as string });

describe("a device with one queue", () => {
  test("holds one resident kernel and nothing beside it", () => {
    const admission = new Admission(deviceOf(0));
    const mean = admission.enter({ kind: "resident", label: "mean" });
    expect(() => admission.enter({ kind: "resident", label: "sum" })).toThrow(noRoom('"mean" (resident)'));
    expect(() => admission.enter({ kind: "bounded", label: "sum" })).toThrow(
      noRoom('the resident kernel "mean" holds the only queue'),
    );
    mean.leave();
    expect(admission.enter({ kind: "bounded", label: "sum" }).label).toBe("sum");
  });
  test("holds any number of bounded kernels, and then no resident one", () => {
    const device = deviceOf(0);
    const admission = new Admission(device);
    const places = Array.from({ length: 5 }, (_, index) =>
      admission.enter({ kind: "bounded", label: `k${index}` }),
    );
    for (const { queue } of places) expect(queue).toBe(device.queue);
    expect(() => admission.enter({ kind: "resident", label: "mean" })).toThrow(noRoom('"k0" (bounded)'));
    for (const place of places) place.leave();
    expect(admission.enter({ kind: "resident", label: "mean" }).queue).toBe(device.queue);
  });
});

test("with leasable queues, resident and bounded kernels run side by side", () => {
  const device = deviceOf(2);
  const admission = new Admission(device);
  const first = admission.enter({ kind: "resident", label: "first" });
  const second = admission.enter({ kind: "resident", label: "second" });
  const bounded = admission.enter({ kind: "bounded", label: "bounded" });
  expect(new Set([first.queue, second.queue, bounded.queue]).size).toBe(3);
  expect(bounded.queue).toBe(device.queue);
  expect(() => admission.enter({ kind: "resident", label: "third" })).toThrow(noRoom("third"));
  first.leave();
  first.leave();
  expect(device.leased()).toBe(1);
  expect(admission.enter({ kind: "resident", label: "third" }).queue).toBe(first.queue);
});

test("the measured number of workgroups is not exceeded, and a refusal takes no queue", () => {
  const device = deviceOf(3);
  const admission = new Admission(device);
  admission.enter({ kind: "resident", label: "large", workgroupCount: 100, maxWorkgroups: 132 });
  expect(() =>
    admission.enter({ kind: "resident", label: "more", workgroupCount: 33, maxWorkgroups: 132 }),
  ).toThrow(
    noRoom(`it needs 33 workgroups. The device runs 132 at a time, and "large" (resident) already holds 100`),
  );
  expect(device.leased()).toBe(1);
  expect(
    admission.enter({ kind: "resident", label: "more", workgroupCount: 32, maxWorkgroups: 132 })
      .workgroupCount,
  ).toBe(32);
});

test("in any sequence, a resident kernel is alone on its queue, and all queues are given back", () => {
  const step = fc.oneof(
    fc.record({
      do: fc.constant("enter" as const),
      kind: fc.constantFrom("resident" as const, "bounded" as const),
    }),
    fc.record({ do: fc.constant("leave" as const), which: fc.nat(20) }),
  );
  fc.assert(
    fc.property(fc.nat(4), fc.array(step, { maxLength: 40 }), (leasable, steps) => {
      const device = deviceOf(leasable);
      const admission = new Admission(device);
      const held: Place[] = [];
      for (const each of steps) {
        if (each.do === "leave") {
          held.splice(each.which % Math.max(1, held.length), 1)[0]?.leave();
          continue;
        }
        try {
          held.push(admission.enter({ kind: each.kind, label: "kernel" }));
        } catch (error) {
          expect(error).toMatchObject({ code: "EW_NO_ROOM" });
          expect(held.length).toBeGreaterThan(0); // an empty device has room
        }
        for (const { kind, queue } of admission.places) {
          if (kind === "resident")
            expect(admission.places.filter((other) => other.queue === queue)).toHaveLength(1);
          else expect(queue).toBe(device.queue);
        }
      }
      expect(new Set(admission.places)).toEqual(new Set(held));
      for (const place of held) place.leave();
      expect(device.leased()).toBe(0);
      expect(admission.places).toEqual([]);
    }),
  );
});

test("a device has one admission", () => {
  const device = deviceOf(0);
  expect(admissionOf(device)).toBe(admissionOf(device));
  expect(admissionOf(deviceOf(0))).not.toBe(admissionOf(device));
});

test("strategies whose launches stay are resident, all others bounded", () => {
  const resident = new Set<string>(["persistent", "leased", "continuous"]);
  for (const name of STRATEGY_NAMES.filter((name) => name !== "adaptive"))
    expect(kindOf(name)).toBe(resident.has(name) ? "resident" : "bounded");
  expect(kindOf("adaptive")).toBe("adaptive");
});
