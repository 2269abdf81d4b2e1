import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { TimeHistogram } from "./time-histogram.ts";

describe("TimeHistogram", () => {
  it("gives quantiles of any times within 3 %", () => {
    const timesMs = fc.array(
      fc.oneof(
        fc.double({ min: 1e-4, max: 0.1, noNaN: true }),
        fc.double({ min: 0.1, max: 5_000, noNaN: true }),
        fc.double({ min: 1_000, max: 2e9, noNaN: true }),
      ),
      { minLength: 1, maxLength: 200 },
    );
    fc.assert(
      fc.property(timesMs, (times) => {
        const histogram = new TimeHistogram();
        for (const time of times) histogram.add(time);
        const sorted = times.toSorted((a, b) => a - b);
        const exactUs = (share: number): number => sorted[Math.ceil(share * sorted.length) - 1] * 1000;
        const { count, p50Us, p90Us, p99Us, maxUs } = histogram.quantiles;
        expect(count).toBe(times.length);
        expect(maxUs / (sorted.at(-1)! * 1000)).toBeCloseTo(1, 9);
        for (const [told, exact] of [
          [p50Us, exactUs(0.5)],
          [p90Us, exactUs(0.9)],
          [p99Us, exactUs(0.99)],
        ])
          expect(Math.abs(told - exact) / exact).toBeLessThan(0.03);
      }),
    );
  });

  it("accepts values out of range, and gives zeros if empty", () => {
    const histogram = new TimeHistogram();
    expect(histogram.quantiles).toEqual({ count: 0, p50Us: 0, p90Us: 0, p99Us: 0, maxUs: 0 });
    histogram.add(-1);
    histogram.add(0);
    histogram.add(1e15);
    expect(histogram.quantiles.count).toBe(3);
    expect(histogram.quantiles.maxUs).toBe(1e18);
    histogram.clear();
    expect(histogram.quantiles.count).toBe(0);
  });

  it("keeps the order of values across every border of buckets", () => {
    // A value and one 7 % larger are never in reversed order.
    for (let timeMs = 1e-6; timeMs < 1e9; timeMs *= 1.07) {
      const [low, high] = [new TimeHistogram(), new TimeHistogram()];
      low.add(timeMs);
      low.add(1e10);
      high.add(timeMs * 1.07);
      high.add(1e10);
      if (timeMs > 1e-4) expect(high.quantiles.p50Us).toBeGreaterThan(low.quantiles.p50Us);
      else expect(high.quantiles.p50Us).toBeGreaterThanOrEqual(low.quantiles.p50Us);
    }
  });
});
