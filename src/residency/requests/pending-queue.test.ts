import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { nowMs } from "../../base/clock.ts";
import type { EverwarpError } from "../../base/errors.ts";
import { PendingQueue } from "./pending-queue.ts";
import { PendingRequest } from "./pending-request.ts";
import { priorityOf, type CallOptions } from "./request-options.ts";

interface Caller {
  request: PendingRequest<string>;
  answers: string[];
  errors: EverwarpError[];
}

const ask = (priorities: PendingQueue<string>, options: CallOptions = {}): Caller => {
  const request = new PendingRequest<string>(priorityOf(options), nowMs());
  const caller: Caller = { request, answers: [], errors: [] };
  request.resolve = (answer) => caller.answers.push(answer);
  request.reject = (error) => caller.errors.push(error);
  if (priorities.watch(request, options)) priorities.push(request);
  return caller;
};
const listenersOf = (signal: AbortSignal): { added: number; removed: number } => {
  const counts = { added: 0, removed: 0 };
  const add = signal.addEventListener.bind(signal);
  const remove = signal.removeEventListener.bind(signal);
  signal.addEventListener = (...args: Parameters<typeof add>) => {
    counts.added++;
    add(...args);
  };
  signal.removeEventListener = (...args: Parameters<typeof remove>) => {
    counts.removed++;
    remove(...args);
  };
  return counts;
};
const next = (priorities: PendingQueue<string>): PendingRequest<string> | undefined => {
  const request = priorities.peek(1) ?? priorities.peek(0);
  if (request !== undefined) priorities.take(request);
  return request;
};

beforeEach(() => vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "performance"] }));
afterEach(() => vi.useRealTimers());

describe("order", () => {
  it("is urgent before normal, and first come first served in a priority, whoever leaves in between", () => {
    fc.assert(
      fc.property(
        fc.array(
          fc.oneof(
            fc.record({ kind: fc.constant("push" as const), urgent: fc.boolean() }),
            fc.record({ kind: fc.constant("take" as const) }),
            fc.record({ kind: fc.constant("leave" as const), which: fc.nat(30) }),
          ),
          { maxLength: 80 },
        ),
        (steps) => {
          const priorities = new PendingQueue<string>(5);
          let model: PendingRequest<string>[] = [];
          for (const step of steps) {
            if (step.kind === "push") model.push(ask(priorities, { urgent: step.urgent }).request);
            else if (step.kind === "leave") {
              const leaving = model[step.which % Math.max(1, model.length)];
              if (leaving !== undefined) priorities.remove(leaving);
              model = model.filter((one) => one !== leaving);
            } else {
              const expected = model.find(({ priority }) => priority === 1) ?? model[0];
              expect(next(priorities)).toBe(expected);
              model = model.filter((one) => one !== expected);
            }
            expect(priorities.waitingCount).toBe(model.length);
            expect(priorities.isFull).toBe(model.length >= 5);
            expect(priorities.isEmpty(1)).toBe(!model.some(({ priority }) => priority === 1));
          }
        },
      ),
    );
  });

  it("is kept by what comes back from a lost device: before all that wait", () => {
    const priorities = new PendingQueue<string>(8);
    const [first, second, third] = [ask(priorities), ask(priorities), ask(priorities)];
    expect([next(priorities), next(priorities)]).toEqual([first.request, second.request]);
    priorities.putBack([first.request, second.request]);
    expect([next(priorities), next(priorities), next(priorities)]).toEqual(
      [first, second, third].map(({ request }) => request),
    );
  });
});

describe("room", () => {
  it("opens in the order of asking, one place each", async () => {
    const priorities = new PendingQueue<string>(2);
    ask(priorities);
    ask(priorities);
    const told: number[] = [];
    const doors = [1, 2, 3].map((who) => priorities.room().then(() => told.push(who)));
    await Promise.resolve();
    expect(told).toEqual([]);
    next(priorities);
    await doors[0];
    expect(told).toEqual([1]);
    next(priorities);
    await Promise.all(doors);
    expect(told).toEqual([1, 2, 3]);
    await priorities.room();
  });

  it("refuses a line without places", () => {
    for (const limit of [0, -1, 1.5, Number.NaN])
      expect(() => new PendingQueue(limit)).toThrow(expect.objectContaining({ code: "EW_BAD_ARGUMENT" }));
  });
});

describe("a deadline", () => {
  it("ends what waits, and says that it is never performed", () => {
    const priorities = new PendingQueue<string>(4);
    const caller = ask(priorities, { deadlineMs: 50 });
    vi.advanceTimersByTime(49);
    expect(caller.errors).toEqual([]);
    vi.advanceTimersByTime(2);
    expect(caller.errors).toMatchObject([{ code: "EW_DEADLINE_EXCEEDED" }]);
    expect(caller.errors[0].message).toContain("never performed");
    expect([priorities.waitingCount, priorities.deadlineCount, vi.getTimerCount()]).toEqual([0, 0, 0]);
    expect(priorities.counters.deadlinesExceeded).toBe(1);
  });

  it("tells the caller of what is published that it is still performed", () => {
    const priorities = new PendingQueue<string>(4);
    const caller = ask(priorities, { deadlineMs: 50 });
    next(priorities);
    vi.advanceTimersByTime(60);
    expect(caller.errors[0].message).toContain("still performed");
    expect(caller.request.phase).toBe("settled");
  });

  it("of what came back from a lost device tells the caller, and the request stays in its place", () => {
    const priorities = new PendingQueue<string>(4);
    const { request, errors } = ask(priorities, { deadlineMs: 50 });
    next(priorities);
    request.isSuspect = true;
    priorities.putBack([request]);
    const later = ask(priorities);
    vi.advanceTimersByTime(60);
    expect(errors[0].message).toContain("still performed");
    expect(next(priorities)).toBe(request);
    expect(request.phase).toBe("settled");
    expect(next(priorities)).toBe(later.request);
  });

  it("of an answered request leaves no timer", () => {
    const priorities = new PendingQueue<string>(4);
    const caller = ask(priorities, { deadlineMs: 50 });
    next(priorities);
    priorities.settled(caller.request);
    expect(vi.getTimerCount()).toBe(0);
    vi.advanceTimersByTime(100);
    expect(caller.errors).toEqual([]);
  });

  it("is a number above 0; Infinity is none", () => {
    const priorities = new PendingQueue<string>(4);
    for (const deadlineMs of [0, -1, Number.NaN])
      expect(() => ask(priorities, { deadlineMs })).toThrow(
        expect.objectContaining({ code: "EW_BAD_ARGUMENT" }),
      );
    ask(priorities, { deadlineMs: Infinity });
    expect(vi.getTimerCount()).toBe(0);
  });
});

describe("a signal", () => {
  it("calls off what waits, with its reason as the cause", () => {
    const priorities = new PendingQueue<string>(4);
    const controller = new AbortController();
    const listeners = listenersOf(controller.signal);
    const caller = ask(priorities, { signal: controller.signal });
    const reason = new Error("changed my mind");
    controller.abort(reason);
    expect(caller.errors).toMatchObject([{ code: "EW_ABORTED", cause: reason }]);
    expect(priorities.waitingCount).toBe(0);
    expect(listeners).toEqual({ added: 1, removed: 1 });
  });

  it("is not heard once the request is published, answered or past its deadline", () => {
    const priorities = new PendingQueue<string>(4);
    const controller = new AbortController();
    const listeners = listenersOf(controller.signal);
    const published = ask(priorities, { signal: controller.signal });
    next(priorities);
    const expired = ask(priorities, { signal: controller.signal, deadlineMs: 1 });
    vi.advanceTimersByTime(5);
    expect(listeners).toEqual({ added: 2, removed: 2 });
    controller.abort();
    expect(published.errors).toEqual([]);
    expect(expired.errors).toMatchObject([{ code: "EW_DEADLINE_EXCEEDED" }]);
  });

  it("that was aborted before ends the request at once", () => {
    const priorities = new PendingQueue<string>(4);
    const caller = ask(priorities, { signal: AbortSignal.abort("no") });
    expect(caller.errors).toMatchObject([{ code: "EW_ABORTED", cause: "no" }]);
    expect(priorities.waitingCount).toBe(0);
  });
});

it("ends all that wait, once each, when the kernel is given up", () => {
  const priorities = new PendingQueue<string>(4);
  const callers = [ask(priorities, { deadlineMs: 5 }), ask(priorities, { urgent: true }), ask(priorities)];
  const error = { code: "EW_CLOSED" } as EverwarpError;
  priorities.failAll(error);
  vi.advanceTimersByTime(10);
  for (const { errors } of callers) expect(errors).toEqual([error]);
  expect([priorities.waitingCount, vi.getTimerCount()]).toEqual([0, 0]);
});
