import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { nowMs } from "../../base/clock.ts";
import type { EverwarpError } from "../../base/errors.ts";
import { priorityOf, type CallOptions } from "./call-options.ts";
import { PendingQueue } from "./pending-queue.ts";
import { PendingRequest } from "./pending-request.ts";

interface Caller {
  request: PendingRequest<string>;
  answers: string[];
  errors: EverwarpError[];
}

const ask = (queue: PendingQueue<string>, options: CallOptions = {}): Caller => {
  const request = new PendingRequest<string>(priorityOf(options), nowMs());
  const caller: Caller = { request, answers: [], errors: [] };
  request.resolve = (answer) => caller.answers.push(answer);
  request.reject = (error) => caller.errors.push(error);
  if (queue.watch(request, options)) queue.push(request);
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
const next = (queue: PendingQueue<string>): PendingRequest<string> | undefined => {
  const request = queue.peek(1) ?? queue.peek(0);
  if (request !== undefined) queue.take(request);
  return request;
};

beforeEach(() => vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "performance"] }));
afterEach(() => vi.useRealTimers());

describe("order", () => {
  it("is urgent before normal, and first come, first served in a priority, whoever leaves in between", () => {
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
          const queue = new PendingQueue<string>(5);
          let model: PendingRequest<string>[] = [];
          for (const step of steps) {
            if (step.kind === "push")
              model.push(ask(queue, { priority: step.urgent ? "urgent" : "normal" }).request);
            else if (step.kind === "leave") {
              const leaving = model[step.which % Math.max(1, model.length)];
              if (leaving !== undefined) queue.remove(leaving);
              model = model.filter((one) => one !== leaving);
            } else {
              const expected = model.find(({ priority }) => priority === 1) ?? model[0];
              expect(next(queue)).toBe(expected);
              model = model.filter((one) => one !== expected);
            }
            expect(queue.waitingCount).toBe(model.length);
            expect(queue.isFull).toBe(model.length >= 5);
            expect(queue.isEmpty(1)).toBe(!model.some(({ priority }) => priority === 1));
          }
        },
      ),
    );
  });

  it("holds for requests that return from a lost device: they come before all waiting requests", () => {
    const queue = new PendingQueue<string>(8);
    const [first, second, third] = [ask(queue), ask(queue), ask(queue)];
    expect([next(queue), next(queue)]).toEqual([first.request, second.request]);
    queue.putBack([first.request, second.request]);
    expect([next(queue), next(queue), next(queue)]).toEqual(
      [first, second, third].map(({ request }) => request),
    );
  });
});

describe("ready", () => {
  it("gives places in the order of the calls, one place each", async () => {
    const queue = new PendingQueue<string>(2);
    ask(queue);
    ask(queue);
    const told: number[] = [];
    const places = [1, 2, 3].map((who) => queue.ready().then(() => told.push(who)));
    await Promise.resolve();
    expect(told).toEqual([]);
    next(queue);
    await places[0];
    expect(told).toEqual([1]);
    next(queue);
    await Promise.all(places);
    expect(told).toEqual([1, 2, 3]);
    await queue.ready();
  });

  it("refuses a queue without places", () => {
    for (const limit of [0, -1, 1.5, Number.NaN])
      expect(() => new PendingQueue(limit)).toThrow(expect.objectContaining({ code: "EW_BAD_ARGUMENT" }));
  });
});

describe("a deadline", () => {
  it("ends a waiting request, and says that it is never performed", () => {
    const queue = new PendingQueue<string>(4);
    const caller = ask(queue, { timeoutMs: 50 });
    vi.advanceTimersByTime(49);
    expect(caller.errors).toEqual([]);
    vi.advanceTimersByTime(2);
    expect(caller.errors).toMatchObject([{ code: "EW_TIMEOUT" }]);
    expect(caller.errors[0].message).toContain("never performs this request");
    expect([queue.waitingCount, queue.deadlineCount, vi.getTimerCount()]).toEqual([0, 0, 0]);
    expect(queue.counters.timedOut).toBe(1);
  });

  it("of a published request says that it is still performed", () => {
    const queue = new PendingQueue<string>(4);
    const caller = ask(queue, { timeoutMs: 50 });
    next(queue);
    vi.advanceTimersByTime(60);
    expect(caller.errors[0].message).toContain("still performs the request");
    expect(caller.request.phase).toBe("settled");
  });

  it("of a request that returned from a lost device ends the call, and the request stays in the queue", () => {
    const queue = new PendingQueue<string>(4);
    const { request, errors } = ask(queue, { timeoutMs: 50 });
    next(queue);
    request.isSuspect = true;
    queue.putBack([request]);
    const later = ask(queue);
    vi.advanceTimersByTime(60);
    expect(errors[0].message).toContain("still performs the request");
    expect(next(queue)).toBe(request);
    expect(request.phase).toBe("settled");
    expect(next(queue)).toBe(later.request);
  });

  it("of an answered request leaves no timer", () => {
    const queue = new PendingQueue<string>(4);
    const caller = ask(queue, { timeoutMs: 50 });
    next(queue);
    queue.settled(caller.request);
    expect(vi.getTimerCount()).toBe(0);
    vi.advanceTimersByTime(100);
    expect(caller.errors).toEqual([]);
  });

  it("of 0 comes at once", () => {
    const queue = new PendingQueue<string>(4);
    const caller = ask(queue, { timeoutMs: 0 });
    expect(caller.errors).toEqual([]);
    vi.advanceTimersByTime(1);
    expect(caller.errors).toMatchObject([{ code: "EW_TIMEOUT" }]);
  });

  it("is 0 or more; Infinity is none", () => {
    const queue = new PendingQueue<string>(4);
    for (const timeoutMs of [-1, Number.NaN])
      expect(() => ask(queue, { timeoutMs })).toThrow(expect.objectContaining({ code: "EW_BAD_ARGUMENT" }));
    ask(queue, { timeoutMs: Infinity });
    expect(vi.getTimerCount()).toBe(0);
  });
});

describe("a signal", () => {
  it("cancels a waiting request, with its reason as the cause", () => {
    const queue = new PendingQueue<string>(4);
    const controller = new AbortController();
    const listeners = listenersOf(controller.signal);
    const caller = ask(queue, { signal: controller.signal });
    const reason = new Error("changed my mind");
    controller.abort(reason);
    expect(caller.errors).toMatchObject([{ code: "EW_ABORTED", cause: reason }]);
    expect(queue.waitingCount).toBe(0);
    expect(listeners).toEqual({ added: 1, removed: 1 });
  });

  it("has no effect after the request was published, answered or timed out", () => {
    const queue = new PendingQueue<string>(4);
    const controller = new AbortController();
    const listeners = listenersOf(controller.signal);
    const published = ask(queue, { signal: controller.signal });
    next(queue);
    const expired = ask(queue, { signal: controller.signal, timeoutMs: 1 });
    vi.advanceTimersByTime(5);
    expect(listeners).toEqual({ added: 2, removed: 2 });
    controller.abort();
    expect(published.errors).toEqual([]);
    expect(expired.errors).toMatchObject([{ code: "EW_TIMEOUT" }]);
  });

  it("that is already aborted ends the request at once", () => {
    const queue = new PendingQueue<string>(4);
    const caller = ask(queue, { signal: AbortSignal.abort("no") });
    expect(caller.errors).toMatchObject([{ code: "EW_ABORTED", cause: "no" }]);
    expect(queue.waitingCount).toBe(0);
  });
});

it("ends all waiting requests once when the kernel is given up", () => {
  const queue = new PendingQueue<string>(4);
  const callers = [ask(queue, { timeoutMs: 5 }), ask(queue, { priority: "urgent" }), ask(queue)];
  const error = { code: "EW_CLOSED" } as EverwarpError;
  queue.failAll(error);
  vi.advanceTimersByTime(10);
  for (const { errors } of callers) expect(errors).toEqual([error]);
  expect([queue.waitingCount, vi.getTimerCount()]).toEqual([0, 0]);
});
