import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Literal } from "../contracts.ts";
import { literalOccurrences } from "../reference/index.ts";
import {
  allocateScanBuffer,
  countLineFeeds,
  createLiteralScanner,
  findByte,
  findLastByte,
  scanBuffer,
  scanMemoryBytes,
} from "./literal-scanner.ts";
import { PROGRAM_RESUME_WORD, ScanKernel, reserveSharedMemory } from "./scan-kernel.ts";
import { scanProgramBytes, writeScanProgram } from "./scan-program.ts";

const literal = (text: string, ignoreAsciiCase = false): Literal => ({
  bytes: new Uint8Array(Buffer.from(text, "latin1")),
  ignoreAsciiCase,
});

/** Few different bytes, so that occurrences are many and overlap. */
const narrowByte = fc.constantFrom(
  0x00,
  0x0a,
  0x20,
  0x40,
  0x41,
  0x42,
  0x5b,
  0x60,
  0x61,
  0x62,
  0x7a,
  0x80,
  0xc1,
  0xff,
);
const lowered = (byte: number): number => (byte >= 0x41 && byte <= 0x5a ? byte | 0x20 : byte);

const anyLiteral = (byte: fc.Arbitrary<number>, maxLength = 40): fc.Arbitrary<Literal> =>
  fc
    .record({ bytes: fc.array(byte, { minLength: 1, maxLength }), ignoreAsciiCase: fc.boolean() })
    .map((it) => ({
      bytes: Uint8Array.from(it.ignoreAsciiCase ? it.bytes.map(lowered) : it.bytes),
      ignoreAsciiCase: it.ignoreAsciiCase,
    }));

/** A haystack that is sure to have some of the literals, at its start, its end and across 16-byte borders too. */
const planted = (byte: fc.Arbitrary<number>, literalCountMax: number, lengthMax = 200) =>
  fc
    .record({
      literals: fc.array(anyLiteral(byte), { minLength: 1, maxLength: literalCountMax }),
      noise: fc.array(byte, { maxLength: lengthMax }),
      places: fc.array(fc.record({ which: fc.nat(), at: fc.double({ min: 0, max: 1, noNaN: true }) }), {
        maxLength: 6,
      }),
      from: fc.nat(20),
      cut: fc.nat(20),
    })
    .map(({ literals, noise, places, from, cut }) => {
      const haystack = Uint8Array.from(noise);
      for (const { which, at } of places) {
        const { bytes } = literals[which % literals.length]!;
        if (bytes.length <= haystack.length)
          haystack.set(bytes, Math.round(at * (haystack.length - bytes.length)));
      }
      const end = Math.max(0, haystack.length - cut);
      return { literals, haystack, from: Math.min(from, end), end };
    });

const memory = reserveSharedMemory(4 << 20);
const kernel = new ScanKernel(memory);
const bytes = new Uint8Array(memory.buffer);
const words = new Uint32Array(memory.buffer);

/**
 * All occurrences by the kernel, `limit` at a time. The haystack is at `at` in memory, with hostile bytes
 * around it.
 */
function scanAll(
  literals: Literal[],
  haystack: Uint8Array,
  from: number,
  end: number,
  at: number,
  limit: number,
) {
  const program = 0;
  const out = 65536;
  expect(scanProgramBytes(literals)).toBeLessThan(out);
  writeScanProgram(literals, bytes, program);
  bytes.fill(0x61, at - 64, at + haystack.length + 64);
  bytes.set(haystack, at);
  const found: { position: number; literal: number }[] = [];
  for (let resume = at + from; ; resume = words[program / 4 + PROGRAM_RESUME_WORD]!) {
    const count = kernel.scan(program, resume, at + end, out, limit);
    for (let index = 0; index < count; index++) {
      found.push({ position: words[out / 4 + 2 * index]! - at, literal: words[out / 4 + 2 * index + 1]! });
    }
    if (count < limit) return found;
  }
}

describe("scan kernel against its reference", () => {
  for (const [name, byte] of [
    ["few bytes", narrowByte],
    ["all bytes", fc.nat(255)],
  ] as const) {
    it.each([1, 2, 16])(`finds all occurrences of up to %i literals in ${name}`, (count) => {
      fc.assert(
        fc.property(planted(byte, count), fc.nat(40), fc.constantFrom(1, 3, 1000), (it, shift, limit) => {
          const { literals, haystack, from, end } = it;
          expect(scanAll(literals, haystack, from, end, 200_000 + shift, limit)).toEqual(
            literalOccurrences(literals, haystack, from, end),
          );
        }),
        { numRuns: 600 },
      );
    });
  }

  it("finds an occurrence at every offset, whatever block border it crosses", () => {
    for (const length of [1, 2, 3, 15, 16, 17, 33, 64, 65]) {
      const needle = Uint8Array.from({ length }, (_, index) => 0x61 + (index % 26));
      for (let offset = 0; offset < 200; offset++) {
        const haystack = new Uint8Array(200 + length).fill(0x2d);
        haystack.set(needle, offset);
        for (const ignoreAsciiCase of [false, true]) {
          const one = [{ bytes: needle, ignoreAsciiCase }];
          expect(
            scanAll(one, haystack, 0, haystack.length, 300_000, 50).map(({ position }) => position),
          ).toEqual([offset]);
          const two = [...one, literal("#")];
          expect(scanAll(two, haystack, 0, haystack.length, 300_000, 50)).toEqual([
            { position: offset, literal: 0 },
          ]);
        }
      }
    }
  });

  it("finds occurrences that overlap", () => {
    const haystack = new Uint8Array(100).fill(0x61);
    const found = scanAll([literal("aaa")], haystack, 0, 100, 300_000, 7);
    expect(found.map(({ position }) => position)).toEqual(Array.from({ length: 98 }, (_, index) => index));
  });

  it("does not fold what only looks like a letter", () => {
    const haystack = Uint8Array.from({ length: 256 }, (_, index) => index);
    for (let byte = 0; byte < 256; byte++) {
      const expected = literalOccurrences(
        [literal(String.fromCharCode(lowered(byte)), true)],
        haystack,
        0,
        256,
      );
      expect(
        scanAll([literal(String.fromCharCode(lowered(byte)), true)], haystack, 0, 256, 300_000, 50),
      ).toEqual(expected);
    }
  });

  it("counts and finds bytes", () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ maxLength: 300 }),
        fc.nat(255),
        fc.nat(30),
        fc.nat(30),
        (noise, byte, shift, cut) => {
          const at = 200_000 + shift;
          bytes.fill(byte, at - 64, at + noise.length + 64);
          bytes.set(noise, at);
          const end = at + Math.max(0, noise.length - cut);
          const seen = Array.from(noise.subarray(0, end - at));
          expect(kernel.countByte(byte, at, end)).toBe(seen.filter((it) => it === byte).length);
          const first = seen.indexOf(byte);
          const last = seen.lastIndexOf(byte);
          expect(kernel.findByte(byte, at, end)).toBe(first < 0 ? 0xffff_ffff : at + first);
          expect(kernel.findLastByte(byte, at, end)).toBe(last < 0 ? 0xffff_ffff : at + last);
        },
      ),
      { numRuns: 1000 },
    );
    // More than 255 rounds, so that a lane of counters is emptied on the way.
    bytes.fill(10, 1 << 20, 2 << 20);
    expect(kernel.countByte(10, (1 << 20) + 3, (2 << 20) - 5)).toBe((1 << 20) - 8);
  });
});

describe("createLiteralScanner", () => {
  const first = (literals: Literal[], haystack: Uint8Array, from: number, end: number): number =>
    literalOccurrences(literals, haystack, from, end)[0]?.position ?? -1;

  it("agrees with the reference, in its own memory and outside it, with any number of literals", () => {
    const buffer = allocateScanBuffer(4096);
    fc.assert(
      fc.property(planted(narrowByte, 40), fc.nat(64), ({ literals, haystack, from, end }, shift) => {
        const scanner = createLiteralScanner(literals);
        const expected = first(literals, haystack, from, end);
        expect(scanner.find(haystack, from, end)).toBe(expected);
        buffer.fill(0x61);
        const inside = buffer.subarray(shift);
        inside.set(haystack);
        expect(scanner.find(inside, from, end)).toBe(expected);
      }),
      { numRuns: 500 },
    );
  });

  it("finds across the borders of the pieces it copies", () => {
    const haystack = new Uint8Array(3 << 20).fill(0x2e);
    for (const literals of [
      [literal("needle")],
      Array.from({ length: 20 }, (_, index) => literal(`needle${index}`)),
    ]) {
      const scanner = createLiteralScanner(literals);
      const needle = literals.at(-1)!.bytes;
      for (const at of [
        4096,
        4096 + 16384,
        20480 + 65536,
        86016 + 131072,
        131072,
        1 << 20,
        haystack.length,
      ]) {
        for (let shift = -needle.length; shift <= 0; shift++) {
          const place = Math.min(at + shift, haystack.length - needle.length);
          haystack.set(needle, place);
          expect(scanner.find(haystack, 0, haystack.length)).toBe(place);
          haystack.fill(0x2e, place, place + needle.length);
        }
      }
    }
  });

  it("takes turns with other scanners", () => {
    const one = createLiteralScanner([literal("one")]);
    const two = createLiteralScanner([literal("two")]);
    const haystack = Buffer.from("three two one");
    expect([one, two, one, two].map((it) => it.find(haystack, 0, haystack.length))).toEqual([10, 6, 10, 6]);
  });

  it("keeps more scanners apart than its memory has programs of", () => {
    const count = 1000;
    const scanners = Array.from({ length: count }, (_, index) =>
      createLiteralScanner([literal(`<${index}>`)]),
    );
    const haystack = Buffer.from(Array.from({ length: count }, (_, index) => `<${index}>`).join(""));
    for (let round = 0; round < 2; round++) {
      for (const [index, scanner] of scanners.entries()) {
        expect(scanner.find(haystack, 0, haystack.length)).toBe(haystack.indexOf(`<${index}>`));
        expect(scanners[0]!.find(haystack, 0, haystack.length)).toBe(0);
      }
    }
  });

  it("takes a literal longer than a piece, and buffers made after the first search", () => {
    const long = new Uint8Array(700_000).map((_, index) => index % 251);
    const scanner = createLiteralScanner([{ bytes: long, ignoreAsciiCase: false }]);
    const haystack = new Uint8Array(2_000_000);
    haystack.set(long, 1_234_567);
    expect(scanner.find(haystack, 0, haystack.length)).toBe(1_234_567);
    const inside = allocateScanBuffer(2_000_000);
    inside.set(haystack);
    expect(scanner.find(inside, 0, inside.length)).toBe(1_234_567);
    expect(scanner.find(inside, 1_234_568, inside.length)).toBe(-1);
  });

  it("finds nothing with no literals, and refuses an empty or an upper-case one", () => {
    expect(createLiteralScanner([]).find(Buffer.from("abc"), 0, 3)).toBe(-1);
    expect(() => createLiteralScanner([literal("")])).toThrow(
      expect.objectContaining({ code: "EW_BAD_ARGUMENT" }),
    );
    expect(() => createLiteralScanner([literal("Ab", true)])).toThrow(
      expect.objectContaining({ code: "EW_BAD_ARGUMENT" }),
    );
  });
});

describe("scan memory", () => {
  it("is as large as what is in use, however many searches there were", () => {
    const long = literal("x".repeat(100_000));
    const ask = (round: number): void => {
      const buffer = scanBuffer(1 << 20);
      buffer.set(Buffer.from("one needle"));
      expect(createLiteralScanner([literal("needle")]).find(buffer, 0, buffer.length)).toBe(4);
      // Programs and copies that do not fit where they were, each round a little more of them.
      const grown = literal("y".repeat(70_000 + 512 * round));
      expect(createLiteralScanner([grown]).find(Buffer.from("y"), 0, 1)).toBe(-1);
      expect(createLiteralScanner([long]).find(Buffer.from("x"), 0, 1)).toBe(-1);
    };
    for (let round = 0; round < 20; round++) ask(round);
    const before = scanMemoryBytes();
    for (let round = 20; round < 150; round++) ask(round);
    // The largest program of the last round, the hole it left behind, and a page.
    expect(scanMemoryBytes() - before).toBeLessThan(4 * 2 * (70_000 + 512 * 150));
  });

  it("keeps what the reading buffer holds when it grows, and what lies beside it", () => {
    const small = scanBuffer(1000);
    small.fill(7);
    const owned = allocateScanBuffer(1000);
    owned.fill(8);
    for (const sizeBytes of [5_000, 3 << 20, 9 << 20]) {
      const larger = scanBuffer(sizeBytes);
      expect(larger).toHaveLength(sizeBytes);
      expect(larger.subarray(0, 1000).every((byte) => byte === 7)).toBe(true);
      larger.fill(7);
      expect(createLiteralScanner([literal("z".repeat(100_000))]).find(Buffer.from("z"), 0, 1)).toBe(-1);
      expect(owned.every((byte) => byte === 8)).toBe(true);
      expect(larger.every((byte) => byte === 7)).toBe(true);
    }
  });
});

describe("bytes anywhere", () => {
  it("counts line feeds and finds bytes in its own memory and outside it", () => {
    const text = Buffer.from("a\nb\n\nc\n".repeat(50_000));
    const inside = allocateScanBuffer(text.length);
    inside.set(text);
    for (const it of [text, inside]) {
      expect(countLineFeeds(it, 2, text.length)).toBe(199_999);
      expect(findByte(0x63, it, 6, text.length)).toBe(12);
      expect(findByte(0x64, it, 0, text.length)).toBe(-1);
      expect(findLastByte(0x61, it, 0, text.length)).toBe(text.length - 7);
      expect(findLastByte(0x61, it, 1, 7)).toBe(-1);
    }
  });
});
