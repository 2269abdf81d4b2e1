import { describe, expect, it } from "vitest";
import { WorkWatch } from "./work-watch.ts";

const HANG_MS = 1000;

describe("how long a kernel was still", () => {
  it.each([60, 200, HANG_MS])(
    "is not known behind a gap without checks, with a limit of %d ms",
    (limitMs) => {
      const watch = new WorkWatch(limitMs);
      let now = 1_000_000;
      watch.isDue(now);
      watch.stillMs(1, true, now);
      for (const end = now + limitMs; now < end; now += 20) watch.isDue(now);
      expect(watch.stillMs(1, true, now)).toBe(limitMs);
      now += limitMs;
      expect(watch.isDue(now)).toBe(true);
      expect(watch.stillMs(1, true, now)).toBe(0);
    },
  );
});

describe("how long a kernel may be still", () => {
  it("grows with its rests, and before it has begun", () => {
    const watch = new WorkWatch(HANG_MS);
    expect(watch.limitMs(true, 1, 0)).toBe(HANG_MS);
    expect(watch.limitMs(true, 0.25, 0)).toBe(4 * HANG_MS);
    expect(watch.limitMs(false, 1, 0)).toBe(4 * HANG_MS);
    expect(watch.limitMs(false, 0.25, 0)).toBe(16 * HANG_MS);
  });

  it("is what the former share says while a rest of then may last", () => {
    const watch = new WorkWatch(HANG_MS);
    watch.changeShare(0.25, 500);
    const endMs = 500 + 5 * HANG_MS;
    expect(watch.limitMs(true, 1, 500)).toBe(4 * HANG_MS);
    expect(watch.limitMs(true, 1, endMs - 1)).toBe(4 * HANG_MS);
    expect(watch.limitMs(true, 1, endMs)).toBe(HANG_MS);
  });

  it("is what the least of several former shares says, and never less than the share of now", () => {
    const watch = new WorkWatch(HANG_MS);
    watch.changeShare(0.1, 0);
    watch.changeShare(0.5, 1);
    expect(watch.limitMs(true, 1, 2)).toBe(10 * HANG_MS);
    expect(watch.limitMs(true, 0.05, 2)).toBe(20 * HANG_MS);
    watch.changeShare(0.5, 20 * HANG_MS);
    expect(watch.limitMs(true, 1, 20 * HANG_MS)).toBe(2 * HANG_MS);
  });
});
