import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { nowMs } from "../../base/clock.ts";
import { Deadlines } from "./deadlines.ts";

const entry = (inMs: number): { deadlineAtMs: number; heapIndex: number } => ({
  deadlineAtMs: nowMs() + inMs,
  heapIndex: -1,
});

describe("Deadlines", () => {
  beforeEach(() => vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "performance"] }));
  afterEach(() => vi.useRealTimers());

  it("expires in order, with one timer at a time and none when nothing is left", () => {
    const expired: unknown[] = [];
    const deadlines = new Deadlines<ReturnType<typeof entry>>((one) => expired.push(one));
    const [late, soon, middle] = [entry(300), entry(100), entry(200)];
    for (const one of [late, soon, middle]) deadlines.add(one);
    expect(vi.getTimerCount()).toBe(1);
    vi.advanceTimersByTime(250);
    expect(expired).toEqual([soon, middle]);
    expect(vi.getTimerCount()).toBe(1);
    deadlines.remove(late);
    expect(vi.getTimerCount()).toBe(0);
    vi.advanceTimersByTime(1000);
    expect(expired).toEqual([soon, middle]);
  });

  it("supports deadlines beyond the longest timer", () => {
    const expired: unknown[] = [];
    const deadlines = new Deadlines<ReturnType<typeof entry>>((one) => expired.push(one));
    deadlines.add(entry(2 ** 32));
    vi.advanceTimersByTime(2 ** 31);
    expect(expired).toEqual([]);
    vi.advanceTimersByTime(2 ** 31);
    expect(expired.length).toBe(1);
    expect(vi.getTimerCount()).toBe(0);
  });

  it("agrees with a sorted list under any adding and removing", () => {
    const step = fc.oneof(
      fc.record({ kind: fc.constant("add" as const), inMs: fc.integer({ min: 1, max: 1000 }) }),
      fc.record({ kind: fc.constant("remove" as const), which: fc.nat(20) }),
      fc.record({ kind: fc.constant("wait" as const), forMs: fc.integer({ min: 1, max: 400 }) }),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const expired: number[] = [];
        const deadlines = new Deadlines<ReturnType<typeof entry>>((one) => expired.push(one.deadlineAtMs));
        let model: ReturnType<typeof entry>[] = [];
        const due: number[] = [];
        for (const one of steps) {
          if (one.kind === "add") {
            const added = entry(one.inMs);
            model.push(added);
            deadlines.add(added);
          } else if (one.kind === "remove") {
            const removed = model[one.which % Math.max(1, model.length)];
            if (removed === undefined) continue;
            model = model.filter((kept) => kept !== removed);
            deadlines.remove(removed);
            deadlines.remove(removed); // a second removal does nothing
          } else {
            vi.advanceTimersByTime(one.forMs);
            const now = nowMs();
            due.push(
              ...model
                .map(({ deadlineAtMs }) => deadlineAtMs)
                .filter((at) => at <= now)
                .toSorted((a, b) => a - b),
            );
            model = model.filter(({ deadlineAtMs }) => deadlineAtMs > now);
          }
          expect(deadlines.size).toBe(model.length);
          expect(vi.getTimerCount()).toBe(model.length === 0 ? 0 : 1);
        }
        expect(expired).toEqual(due);
        for (const one of model) deadlines.remove(one);
      }),
    );
  });
});
