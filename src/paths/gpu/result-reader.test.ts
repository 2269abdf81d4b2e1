import { describe, expect, it } from "vitest";
import { Seal } from "../../residency/queue/seal.schema.ts";
import { PathRequest } from "../table/table.schema.ts";
import { ResultReader } from "./result-reader.ts";

const SEQUENCE = 0xffff_fff7;
const RESULTS = [7, 0, -2, -40, 2 ** 30 - 1, PathRequest.UNRESOLVED | 0];

/** A reader over shared memory, as a kernel's result ring. */
function readerOf(results: readonly number[], at: number) {
  const words = new Int32Array(new SharedArrayBuffer(8 * (at + results.length)));
  const put = (index: number): void => {
    const result = results[index]!;
    words[2 * (at + index)] = result;
    words[2 * (at + index) + 1] = (SEQUENCE + Math.imul(result, Seal.MIX_X)) | 0;
  };
  for (let index = 0; index < results.length; index++) put(index);
  return { words, put, reader: new ResultReader(words) };
}

describe("the reader of results", () => {
  it("copies results of every kind to their places, and changes nothing else", () => {
    const { reader } = readerOf(RESULTS, 3);
    const taken = new Int32Array(RESULTS.length + 2).fill(99);
    expect(reader.copy(taken, 1, RESULTS.length, 3, SEQUENCE)).toBe(true);
    expect([...taken]).toEqual([99, ...RESULTS, 99]);
  });

  it("reports paths outside of their text, at any position", () => {
    for (let index = 0; index < RESULTS.length; index++) {
      const { reader } = readerOf(RESULTS.with(index, PathRequest.MISPLACED | 0), 0);
      expect(reader.copy(new Int32Array(RESULTS.length), 0, RESULTS.length, 0, SEQUENCE)).toBe(false);
    }
  });

  it("fails if a result does not arrive", () => {
    const { words, reader } = readerOf(RESULTS, 0);
    words[5]!++;
    expect(() => reader.copy(new Int32Array(RESULTS.length), 0, RESULTS.length, 0, SEQUENCE)).toThrow(
      `request ${SEQUENCE} did not arrive`,
    );
  });
});
