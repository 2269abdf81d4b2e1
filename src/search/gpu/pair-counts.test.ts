import { describe, expect, it } from "vitest";
import { PairCounts } from "./pair-counts.ts";

function countsOf(text: string): PairCounts {
  const counts = new Uint32Array(65_536);
  const bytes = Buffer.from(text);
  for (let at = 1; at < bytes.length; at++) counts[bytes[at - 1] * 256 + bytes[at]]++;
  return new PairCounts(counts);
}

describe("the rarest pair", () => {
  it("is the one that the corpus has least often", () => {
    const counts = countsOf("queue_queue_queue quart quart");
    expect(counts.rarest(Buffer.from("queueart"), false)).toBe(4); // "ea" is nowhere
    expect(counts.rarest(Buffer.from("quart"), false)).not.toBe(0); // "qu" is the most common of its pairs
  });

  it("counts both cases of letters where case is ignored", () => {
    const counts = countsOf("AB AB AB Ab aB bc");
    expect(counts.rarest(Buffer.from("abc"), false)).toBe(0);
    expect(counts.rarest(Buffer.from("abc"), true)).toBe(1);
  });

  it("is the first place of a literal of one byte, and falls back on common usage", () => {
    const nothing = new PairCounts(new Uint32Array(65_536));
    expect(nothing.rarest(Buffer.from("x"), false)).toBe(0);
    expect(nothing.rarest(Buffer.from("eezq"), false)).toBe(2); // z and q are rarer than e
  });
});
