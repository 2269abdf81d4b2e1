import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { referenceSizes } from "../../../test/support/signature-sizes.ts";
import { WebAssemblyRuntime } from "../../threads/index.ts";
import { signatureSets, survivingBlocks } from "../reference/index.ts";
import { ALL_ROWS, literalRows } from "./signature.ts";
import { SIGNATURE_SCRATCH_BYTES, SignatureKernel } from "./signature-kernel.ts";

const TEXT_AT = 65_536;
const memory = new WebAssemblyRuntime.Memory({ initial: 4, maximum: 4, shared: true });
const kernel = new SignatureKernel(memory);

/** The rows of each block of a text of at most 64 KiB, as the kernel finds them; other bytes lie behind the text. */
function signed(text: Uint8Array, rowMask: number): Set<number>[] {
  const bytes = new Uint8Array(memory.buffer);
  bytes.fill(0x51);
  bytes.set(text, TEXT_AT);
  const words = kernel.sign(TEXT_AT, TEXT_AT + text.length, 0, rowMask);
  expect(bytes.subarray(SIGNATURE_SCRATCH_BYTES, TEXT_AT).every((byte) => byte === 0x51)).toBe(true);
  return Array.from({ length: Math.ceil(text.length / 2048) }, (_, block) => {
    const rows = [...words.keys()].filter((row) => ((words[row] as number) >>> block) & 1);
    return new Set(rows);
  });
}

const piece = fc.oneof(
  fc.uint8Array({ maxLength: 200 }),
  fc
    .array(fc.constantFrom(0x40, 0x41, 0x5a, 0x5b, 0x61, 0x7a, 0xc1, 0xda), { maxLength: 200 })
    .map((it) => Uint8Array.from(it)),
);
const text = fc
  .array(fc.tuple(piece, fc.integer({ min: 0, max: 4000 })), { maxLength: 16 })
  .map((parts) =>
    Buffer.concat(parts.flatMap(([bytes, gap]) => [bytes, Buffer.alloc(gap, "Gap ")])).subarray(0, 65_536),
  );

describe("the host's signature kernel", () => {
  it("gives the reference's signatures", () => {
    fc.assert(
      fc.property(text, fc.constantFrom(ALL_ROWS, 63, 0), (bytes, rowMask) => {
        expect(signed(bytes, rowMask)).toEqual(signatureSets(bytes, referenceSizes(rowMask)));
      }),
      { numRuns: 40 },
    );
  });

  it("gives whole words, and texts of a few bytes", () => {
    for (const length of [0, 1, 2, 3, 4, 2047, 2048, 2049, 2050, 2111, 2112, 2113, 65_535, 65_536]) {
      const bytes = Buffer.alloc(length, "An odd Number of Letters: ");
      expect(signed(bytes, ALL_ROWS)).toEqual(signatureSets(bytes, referenceSizes(ALL_ROWS)));
    }
  });
});

describe("rows of a literal", () => {
  it("are in the signature of every block in which it begins, whatever follows", () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ minLength: 1, maxLength: 300 }),
        fc.integer({ min: 0, max: 6000 }),
        fc.nat(),
        fc.constantFrom(ALL_ROWS, 7),
        (literal, at, from, rowMask) => {
          const bytes = Buffer.alloc(8192, "x");
          bytes.set(literal, at);
          const pair = from % literal.length;
          const block = Math.floor((at + pair) / 2048);
          const sets = signatureSets(bytes, referenceSizes(rowMask));
          const rows = literalRows(literal, pair, rowMask);
          expect(rows.every((row) => sets[block]!.has(row))).toBe(true);
          expect(new Set(rows).size).toBe(rows.length);
          if (literal.length >= 3)
            expect(survivingBlocks(sets, literal, referenceSizes(rowMask))).toContain(Math.floor(at / 2048));
        },
      ),
      { numRuns: 200 },
    );
  });

  it("are the same for upper and lower case, and none for less than three bytes", () => {
    expect(literalRows(Buffer.from("MiXeD"), 0, ALL_ROWS)).toEqual(
      literalRows(Buffer.from("mixed"), 0, ALL_ROWS),
    );
    expect(literalRows(Buffer.from("ab"), 0, ALL_ROWS)).toEqual([]);
    expect(literalRows(Buffer.from("abc"), 1, ALL_ROWS)).toEqual([]);
    expect(literalRows(Buffer.alloc(500, "abcdefgh"), 0, ALL_ROWS)).toHaveLength(8);
  });
});
