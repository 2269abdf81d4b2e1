import { describe, expect, it } from "vitest";
import { guessCountFor } from "./lookup-shape.ts";

describe("guesses of the lookup kernel", () => {
  it("are a power of two within limits, about one for four entries", () => {
    let before = 0;
    for (let entries = 0; entries < 20_000_000; entries = Math.ceil(entries * 1.1) + 1) {
      const count = guessCountFor(entries);
      expect(Number.isInteger(Math.log2(count))).toBe(true);
      expect(count).toBeGreaterThanOrEqual(before);
      if (count > 2 ** 12 && count < 2 ** 20) {
        expect(entries / count).toBeGreaterThan(2.8);
        expect(entries / count).toBeLessThan(5.7);
      }
      before = count;
    }
    expect(guessCountFor(0)).toBe(2 ** 12);
    // 138,000 entries: 131 KB, about one byte each.
    expect(guessCountFor(138_000)).toBe(2 ** 15);
    expect(before).toBe(2 ** 20);
  });
});
