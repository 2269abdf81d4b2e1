import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { checkPacked, packPaths, PathPacker } from "./pack.ts";

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

  it("works across groups, with one unusual path among ten thousand plain ones", () => {
    const paths = Array.from({ length: 10_000 }, (_, index) => (index === 5000 ? "/é" : `/plain/${index}`));
    const { bytes, offsets } = packPaths(paths);
    for (const index of [0, 4095, 4096, 4999, 5000, 5001, 8191, 8192, 9999])
      expect(Buffer.from(bytes.subarray(offsets[index], offsets[index + 1])).toString()).toBe(paths[index]);
  });
});
