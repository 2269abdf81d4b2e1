/** Limits of waiting requests, and many deadlines. */
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { nowMs } from "../../base/index.ts";
import { Deadlines } from "./deadlines.ts";
import { PendingQueue } from "./pending-queue.ts";
import { PendingRequest } from "./pending-request.ts";
import { readCallOptions } from "./call-options.ts";

beforeEach(() => vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "performance"] }));
afterEach(() => vi.useRealTimers());

it("a queue has at least one place", () => {
  expect(new PendingQueue(1).limit).toBe(1);
  for (const limit of [0, -1, 1.5, Infinity, Number.NaN])
    expect(() => new PendingQueue(limit)).toThrow(expect.objectContaining({ code: "EW_BAD_ARGUMENT" }));
});

it("places are given in order to as many callers as there are places", async () => {
  const queue = new PendingQueue<string>(2);
  const requests = Array.from({ length: 4 }, () => new PendingRequest<string>(0, nowMs()));
  for (const request of requests) queue.push(request);
  const entered: number[] = [];
  const waits = [0, 1, 2].map((number) => queue.ready().then(() => entered.push(number)));
  const leave = async (): Promise<number[]> => {
    queue.remove(requests.pop()!);
    await new Promise(setImmediate);
    return entered;
  };
  // Four requests wait, but the limit is two. So two must leave before there is a place.
  expect(await leave()).toEqual([]);
  expect(await leave()).toEqual([]);
  expect(await leave()).toEqual([0]);
  // Nobody took the first place, so there are two.
  expect(await leave()).toEqual([0, 1, 2]);
  await Promise.all(waits);
});

it("many deadlines expire in order", () => {
  const expired: number[] = [];
  const deadlines = new Deadlines<{ deadlineAtMs: number; heapIndex: number }>((one) =>
    expired.push(one.deadlineAtMs),
  );
  const begin = nowMs();
  // 367 and 1009 have no common divisor, so each deadline occurs once, far from its neighbours.
  const all = Array.from({ length: 1009 }, (_, index) => begin + 1 + ((index * 367) % 1009));
  const entries = all.map((deadlineAtMs) => ({ deadlineAtMs, heapIndex: -1 }));
  for (const entry of entries) deadlines.add(entry);
  for (const entry of entries.filter((_, index) => index % 3 === 0)) deadlines.remove(entry);
  vi.advanceTimersByTime(2000);
  expect(expired).toEqual(all.filter((_, index) => index % 3 !== 0).toSorted((a, b) => a - b));
});

it("unknown options of a request are refused", () => {
  expect(readCallOptions(undefined)).toEqual({});
  expect(() => readCallOptions({ urgnt: true })).toThrow(
    expect.objectContaining({ code: "EW_BAD_ARGUMENT" }),
  );
});
