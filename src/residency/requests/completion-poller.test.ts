import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { type PassResult, CompletionPoller } from "./completion-poller.ts";

beforeEach(() =>
  vi.useFakeTimers({
    toFake: ["setTimeout", "clearTimeout", "setImmediate", "clearImmediate", "performance"],
  }),
);
afterEach(() => vi.useRealTimers());

describe("CompletionPoller", () => {
  it("polls while a request is in flight, and leaves no timer and no immediate behind", () => {
    const results: PassResult[] = ["nothing", "answers", "nothing", "idle"];
    const looks: PassResult[] = [];
    const poller = new CompletionPoller(() => {
      const result = results.shift() ?? "idle";
      looks.push(result);
      return result;
    });
    expect(vi.getTimerCount()).toBe(0);
    poller.wake();
    poller.wake();
    expect(vi.getTimerCount()).toBe(1);
    vi.runAllTimers();
    expect(looks).toEqual(["nothing", "answers", "nothing", "idle"]);
    expect([vi.getTimerCount(), poller.isAwake]).toEqual([0, false]);
    poller.wake();
    vi.runAllTimers();
    expect(looks.length).toBe(5);
  });

  it("polls less often after a while, and often again after a new request", () => {
    let looks = 0;
    const poller = new CompletionPoller(() => {
      looks++;
      return "nothing";
    });
    poller.wake();
    vi.advanceTimersByTime(1000);
    // Every 4 ms in the end: about 250 polls in a second, not thousands.
    expect(looks).toBeGreaterThan(240);
    expect(looks).toBeLessThan(1300);
    const before = looks;
    poller.wake();
    vi.advanceTimersToNextTimer();
    expect(looks).toBe(before + 1);
    expect(vi.getTimerCount()).toBe(1);
  });
});
