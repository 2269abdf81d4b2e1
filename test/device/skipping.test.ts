/**
 * Scans that pass over blocks, against scans of everything and against the slow reference: literals on every border, in
 * several segments, of every length, in one pass with others, and with signatures that collide.
 */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { scanPlan } from "../../src/search/backend/index.ts";
import type { Literal } from "../../src/search/contracts.ts";
import { Corpus } from "../../src/search/corpus/index.ts";
import { DeviceBackend } from "../../src/search/gpu/device-backend.ts";
import type { DeviceCorpus } from "../../src/search/gpu/device-corpus.ts";
import type { SkippingTrial } from "../../src/search/gpu/device-signatures.ts";
import { literalOccurrences } from "../../src/search/reference/index.ts";
import { hitRows } from "../support/hit-rows.ts";
import { patientMs } from "../support/patience.ts";
import { propertyRuns } from "../support/property-runs.ts";
import { isValidated, testDeviceInfo, watchValidation } from "../support/vulkan.ts";

watchValidation();

const ANSWER_MS = patientMs(30_000);
const BLOCK_BYTES = 2048;
/** Every literal of three bytes and more skips, whatever it leaves. */
const ALWAYS: SkippingTrial = { bytesMin: 0, remainingShareMax: 1 };

const literal = (text: string | Uint8Array, ignoreAsciiCase = false): Literal => ({
  bytes: typeof text === "string" ? Buffer.from(text, "latin1") : text,
  ignoreAsciiCase,
});

describe.each<{ name: string; trial: SkippingTrial }>([
  { name: "all rows", trial: ALWAYS },
  { name: "16 rows", trial: { ...ALWAYS, rowMask: 15 } },
  { name: "one row", trial: { ...ALWAYS, rowMask: 0 } },
])("a scan that skips, with signatures of $name", ({ trial }) => {
  let backend: DeviceBackend;
  let directory: string;
  let fileNumber = 0;

  beforeAll(async () => {
    directory = mkdtempSync(path.join(os.tmpdir(), "everwarp-skip-"));
    backend = await DeviceBackend.open({
      select: testDeviceInfo().index,
      validation: isValidated,
      skippingTrial: trial,
    });
  });
  afterAll(async () => {
    await backend?.close();
    rmSync(directory, { recursive: true, force: true });
  });

  async function load(contents: readonly Uint8Array[], index = true): Promise<DeviceCorpus> {
    const files = contents.map((bytes) => {
      const file = path.join(directory, String(fileNumber++));
      writeFileSync(file, bytes);
      return { path: file, explicit: true };
    });
    return backend.load(Corpus.fromFiles(files, { allText: true }), { index });
  }

  async function withCorpora(
    contents: readonly Uint8Array[],
    body: (signed: DeviceCorpus, plain: DeviceCorpus) => Promise<void> | void,
  ): Promise<void> {
    const signed = await load(contents);
    const plain = await load(contents, false);
    try {
      await body(signed, plain);
    } finally {
      await signed.unload();
      await plain.unload();
    }
  }

  function search(corpus: DeviceCorpus, literals: readonly Literal[]): number[][] {
    const ticket = backend.submit(scanPlan(literals), { corpus });
    expect(ticket.waitSync(ANSWER_MS)).toBe(true);
    return hitRows(ticket.result());
  }

  /** Compares with the scan of everything; where a literal has three bytes, it is one that skips. */
  function compare(signed: DeviceCorpus, plain: DeviceCorpus, literals: readonly Literal[]): number {
    for (const each of literals) {
      expect(plain.skippingFor(each)).toBeUndefined();
      expect(signed.skippingFor(each) !== undefined).toBe(each.bytes.length >= 3);
    }
    const found = search(signed, literals);
    expect(found).toEqual(search(plain, literals));
    return found.length;
  }

  it("finds what a scan of everything finds, in generated texts", async () => {
    const piece = fc.oneof(
      fc
        .array(fc.constantFrom(0x61, 0x41, 0x62, 0x0a, 0xe2), { maxLength: 60 })
        .map((it) => Uint8Array.from(it)),
      fc.uint8Array({ maxLength: 60 }),
    );
    const needle = fc.tuple(fc.nat(), fc.integer({ min: 1, max: 90 }), fc.boolean());
    await fc.assert(
      fc.asyncProperty(
        fc.array(
          fc.array(fc.tuple(piece, fc.integer({ max: 3000, min: 0 })), { minLength: 1, maxLength: 30 }),
          {
            minLength: 1,
            maxLength: 4,
          },
        ),
        fc.array(needle, { minLength: 1, maxLength: 5 }),
        async (files, needles) => {
          const contents = files.map((pieces) =>
            Buffer.concat(pieces.flatMap(([bytes, gap]) => [bytes, Buffer.alloc(gap, "- ~filler\n")])),
          );
          const all = Buffer.concat(contents);
          const literals = needles.map(([place, length, fold]) => cutOut(all, place, length, fold));
          await withCorpora(contents, (signed, plain) => {
            compare(signed, plain, literals);
            const [first] = literals;
            const expected = contents.flatMap((bytes, file) =>
              literalOccurrences([first!], bytes, 0, bytes.length).map(({ position }) => [file, position]),
            );
            expect(search(signed, [first!]).map(([file, offset]) => [file, offset])).toEqual(expected);
          });
        },
      ),
      propertyRuns(4),
    );
  });

  it("finds literals over the borders of blocks, words, tiles and files, and at the ends", async () => {
    const text = "Needle_of_42";
    const borders = [1, 2, 3, 4, 8, 16, 31, 32, 33, 64];
    for (const shift of [-12, -11, -2, 0]) {
      const bytes = Buffer.alloc(64 * BLOCK_BYTES + 100, "some other words\n");
      for (const border of borders) bytes.write(text, border * BLOCK_BYTES + shift);
      bytes.write(text, 0);
      bytes.write(text, bytes.length - text.length);
      const contents = [
        bytes,
        Buffer.from(text),
        Buffer.from(text.slice(0, 5)),
        bytes.subarray(0, BLOCK_BYTES + shift),
      ];
      await withCorpora(contents, (signed, plain) => {
        const count = compare(signed, plain, [literal(text)]);
        expect(count).toBeGreaterThanOrEqual(borders.length + 3);
        compare(signed, plain, [
          literal("needle_OF".toLowerCase(), true),
          literal("_42"),
          literal("42"),
          literal("2"),
        ]);
      });
    }
  });

  // Signatures that say little change nothing in what follows.
  if (trial.rowMask !== undefined) return;

  it("finds literals of every length up to a request's, and in pieces, over borders", async () => {
    const text = Buffer.from(
      Array.from({ length: 900 }, (_, index) => 33 + ((index * 7 + (index >> 5)) % 90)),
    );
    const bytes = Buffer.alloc(40 * BLOCK_BYTES, "other things\n");
    for (const [index, block] of [0, 3, 7, 15, 31].entries())
      text.copy(bytes, (block + 1) * BLOCK_BYTES - 30 - index * 160);
    await withCorpora([bytes, text], (signed, plain) => {
      for (const length of [
        3, 4, 5, 9, 10, 11, 63, 64, 65, 66, 67, 68, 70, 130, 207, 208, 209, 416, 417, 900,
      ]) {
        const count = compare(signed, plain, [
          literal(text.subarray(0, length)),
          literal(text.subarray(900 - length)),
        ]);
        expect(count).toBeGreaterThanOrEqual(12);
      }
    });
  });

  it("finds hits in every segment that a load adds", async () => {
    const contents = Array.from({ length: 3 }, (_, file) => {
      const bytes = Buffer.alloc((3 << 20) + 100_000 + file * 4321, `file ${file} has its own words\n`);
      bytes.write("the_needle_itself", (file * 777_777) % (3 << 20));
      bytes.write("the_needle_itself", bytes.length - 17);
      return bytes;
    });
    await withCorpora(contents, (signed, plain) => {
      expect(compare(signed, plain, [literal("the_needle_itself")])).toBe(6);
      expect(compare(signed, plain, [literal("the_needle_", true)])).toBe(6);
    });
  });

  it("shares passes with requests that do not skip, and with others that do", async () => {
    const contents = [0, 1].map((file) =>
      Buffer.from(
        Array.from({ length: 4000 }, (_, index) => `word_${index % 700}_of_file_${file}\n`).join(""),
      ),
    );
    await withCorpora(contents, async (signed, plain) => {
      const wanted = Array.from({ length: 18 }, (_, index) =>
        index % 3 === 0
          ? [literal("_1")]
          : [literal(`word_${index * 37}_`), literal(`d_${index}_OF`.toLowerCase(), true)],
      );
      const tickets = wanted.map((literals) => backend.submit(scanPlan(literals), { corpus: signed }));
      await Promise.all(tickets.map((ticket) => ticket.wait()));
      for (const [index, literals] of wanted.entries())
        expect(hitRows(tickets[index]!.result())).toEqual(search(plain, literals));
    });
  });

  it("finds bytes that are no ASCII, and more hits than a region holds", async () => {
    const kelvin = Buffer.from("\u212a");
    const bytes = Buffer.concat([
      Buffer.alloc(5 * BLOCK_BYTES, "kelvin long s\n"),
      kelvin,
      Buffer.alloc(BLOCK_BYTES - 1, "x"),
      Buffer.from("stra\u00dfe \u017f \u212a"),
      Buffer.alloc(9000, "hit, "),
      Buffer.from(Uint8Array.of(0, 0, 0, 255, 255, 255, 0)),
    ]);
    await withCorpora([bytes, Buffer.alloc(120 * BLOCK_BYTES, "hit ")], (signed, plain) => {
      expect(compare(signed, plain, [literal(kelvin)])).toBe(2);
      compare(signed, plain, [literal(Buffer.from("\u017f")), literal(Buffer.from("stra\u00dfe"), true)]);
      compare(signed, plain, [literal(Uint8Array.of(0, 0, 0)), literal(Uint8Array.of(255, 255, 0))]);
      expect(compare(signed, plain, [literal("hit")])).toBe(1800 + 30 * BLOCK_BYTES);
    });
  });
});

/** A part of a text without line feeds, as a literal; where nothing is left, one that is rare. */
function cutOut(text: Buffer, place: number, length: number, fold: boolean): Literal {
  const from = text.length === 0 ? 0 : place % text.length;
  const part = Buffer.from(text.subarray(from, from + length).filter((byte) => byte !== 0x0a));
  const bytes = part.length === 0 ? Buffer.from("a b") : part;
  return literal(
    fold ? bytes.map((byte) => (byte >= 0x41 && byte <= 0x5a ? byte + 0x20 : byte)) : bytes,
    fold,
  );
}
