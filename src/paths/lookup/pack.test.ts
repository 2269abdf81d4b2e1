import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { checkPacked, encodeGroup, packPaths, PathPacker } from "./pack.ts";

const path = fc.oneof(
  fc.string({ maxLength: 80 }),
  fc.string({ unit: "binary", maxLength: 40 }), // including lone surrogates
  fc.uint8Array({ maxLength: 60 }),
);

describe("packing", () => {
  it("gives the bytes of all paths in order, batch after batch", () => {
    const packer = new PathPacker();
    fc.assert(
      fc.property(fc.array(path, { maxLength: 200 }), fc.nat(3), (paths, copies) => {
        const all = Array.from({ length: copies + 1 }, () => paths).flat();
        const expected = all.map((it) => Buffer.from(it as string));
        for (const { bytes, offsets } of [packer.pack(all), packPaths(all)]) {
          checkPacked({ bytes, offsets });
          expect(offsets).toHaveLength(all.length + 1);
          expect(Buffer.from(bytes).equals(Buffer.concat(expected))).toBe(true);
          for (const [index, it] of expected.entries())
            expect(offsets[index + 1]! - offsets[index]!).toBe(it.length);
        }
      }),
    );
  });

  it("gives the bytes of strings and arrays that need more memory than it has", () => {
    const paths = Array.from({ length: 900 }, (_, index) =>
      index % 2 === 0 ? "s".repeat(200) : Buffer.alloc(200, 97),
    );
    const { bytes, offsets } = new PathPacker().pack(paths);
    expect(Buffer.from(bytes).equals(Buffer.concat(paths.map((it) => Buffer.from(it as string))))).toBe(true);
    expect([...offsets]).toEqual(Array.from({ length: 901 }, (_, index) => 200 * index));
  });

  it("of a group gives the bytes of as many paths as fit", () => {
    fc.assert(
      fc.property(fc.array(path, { maxLength: 30 }), fc.nat(1500), (paths, roomBytes) => {
        const encoded = paths.map((it) => Buffer.from(it as string));
        const bytes = new Uint8Array(roomBytes);
        const offsets = new Uint32Array(paths.length + 1);
        const fitting = encodeGroup(paths, bytes, offsets);
        const ends = encoded.map((_, index) => Buffer.concat(encoded.slice(0, index + 1)).length);
        expect(fitting).toBe(ends.filter((end) => end <= roomBytes).length);
        expect([...offsets.subarray(0, fitting + 1)]).toEqual([0, ...ends.slice(0, fitting)]);
        const whole = Buffer.concat(encoded.slice(0, fitting));
        expect(Buffer.from(bytes.subarray(0, whole.length)).equals(whole)).toBe(true);
      }),
    );
  });

  it("works across groups, with one unusual path among ten thousand plain ones", () => {
    const paths = Array.from({ length: 10_000 }, (_, index) => (index === 5000 ? "/é" : `/plain/${index}`));
    const { bytes, offsets } = packPaths(paths);
    for (const index of [0, 4095, 4096, 4999, 5000, 5001, 8191, 8192, 9999])
      expect(Buffer.from(bytes.subarray(offsets[index], offsets[index + 1])).toString()).toBe(paths[index]);
  });
});
