/** Scans of the host that pass over blocks, against scans of everything and the reference. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { hitRows } from "../../../test/support/hit-rows.ts";
import { until } from "../../../test/support/patience.ts";
import { propertyRuns } from "../../../test/support/property-runs.ts";
import { scanPlan } from "../backend/index.ts";
import type { Literal } from "../contracts.ts";
import { Corpus } from "../corpus/index.ts";
import { literalOccurrences } from "../reference/index.ts";
import { ALL_ROWS } from "../signature/index.ts";
import { HostBackend } from "./host-backend.ts";
import type { HostCorpus } from "./host-corpus.ts";

const BLOCK_BYTES = 2048;
const literal = (text: string | Uint8Array, ignoreAsciiCase = false): Literal => ({
  bytes: typeof text === "string" ? Buffer.from(text, "latin1") : text,
  ignoreAsciiCase,
});

const root = mkdtempSync(join(tmpdir(), "everwarp-skipping-"));
let fileCount = 0;
afterAll(() => rmSync(root, { recursive: true, force: true }));

function corpusOf(contents: readonly Uint8Array[]): Corpus {
  const files = contents.map((content) => {
    const path = join(root, `file-${fileCount++}`);
    writeFileSync(path, content);
    return { path, explicit: true };
  });
  return Corpus.fromFiles(files, { allText: true });
}

describe.each([
  { name: "all rows", rowMask: ALL_ROWS },
  { name: "16 rows", rowMask: 15 },
  { name: "one row", rowMask: 0 },
])("a scan that skips, with signatures of $name", ({ rowMask }) => {
  let engine: HostBackend;
  beforeAll(async () => {
    engine = await HostBackend.open({ threads: 2, signatureRowMask: rowMask });
  });
  afterAll(() => engine.close());

  async function search(
    corpus: HostCorpus,
    literals: readonly Literal[],
    locate = false,
  ): Promise<number[][]> {
    const ticket = engine.submit(scanPlan(literals), { corpus, locate });
    await ticket.wait();
    return hitRows(ticket.result());
  }

  /** Compares while signatures are made, when all are made, and without any. */
  async function compare(
    contents: readonly Uint8Array[],
    wanted: readonly (readonly Literal[])[],
  ): Promise<number[]> {
    const plain = await engine.load(corpusOf(contents), { index: false });
    const signed = await engine.load(corpusOf(contents));
    const expected = [];
    for (const literals of wanted) expected.push(await search(plain, literals));
    const late = await engine.load(corpusOf(contents));
    for (const [index, literals] of wanted.entries())
      expect(await search(late, literals)).toEqual(expected[index]);
    await until(() => signed.isSigned);
    for (const [index, literals] of wanted.entries()) {
      expect(await search(signed, literals)).toEqual(expected[index]);
      expect(await search(signed, literals, true)).toEqual(expected[index]);
    }
    expect(plain.isSigned).toBe(false);
    for (const corpus of [plain, signed, late]) await corpus.unload();
    return expected.map(({ length }) => length);
  }

  it("finds what the reference finds, in generated texts", async () => {
    const piece = fc.oneof(
      fc
        .array(fc.constantFrom(0x61, 0x41, 0x62, 0x0a, 0xe2), { maxLength: 60 })
        .map((it) => Uint8Array.from(it)),
      fc.uint8Array({ maxLength: 60 }),
    );
    await fc.assert(
      fc.asyncProperty(
        fc.array(
          fc.array(fc.tuple(piece, fc.integer({ max: 4000, min: 0 })), { minLength: 1, maxLength: 30 }),
          {
            minLength: 1,
            maxLength: 6,
          },
        ),
        fc.array(fc.tuple(fc.nat(), fc.integer({ min: 1, max: 90 }), fc.boolean()), {
          minLength: 1,
          maxLength: 6,
        }),
        async (files, needles) => {
          const contents = files.map((pieces) =>
            Buffer.concat(pieces.flatMap(([bytes, gap]) => [bytes, Buffer.alloc(gap, "- ~filler\n")])),
          );
          const all = Buffer.concat(contents);
          const literals = needles.map(([place, length, fold]) => cutOut(all, place, length, fold));
          const wanted = [literals, ...literals.map((each) => [each])];
          const counts = await compare(contents, wanted);
          for (const [index, each] of wanted.entries())
            expect(counts[index]).toBe(
              contents.reduce(
                (sum, bytes) => sum + literalOccurrences(each, bytes, 0, bytes.length).length,
                0,
              ),
            );
        },
      ),
      propertyRuns(8),
    );
  });

  it("finds literals over the borders of blocks, words, units and files, and at the ends", async () => {
    const text = "Needle_of_42";
    // The threads' own memory ends at a border of a word, so the first file begins at one.
    const bytes = Buffer.alloc(2 * 2 ** 20 + 100, "some other words\n");
    const borders = [1, 2, 31, 32, 33, 63, 64, 512, 513, 1023];
    for (const [index, border] of borders.entries())
      for (const shift of [-40, -20, 0, 25]) bytes.write(text, border * BLOCK_BYTES + shift - (index % 13));
    bytes.write(text, 0);
    bytes.write(text, bytes.length - text.length);
    const contents = [
      bytes,
      Buffer.from(text),
      Buffer.from(text.slice(0, 5)),
      bytes.subarray(0, BLOCK_BYTES - 3),
    ];
    const counts = await compare(contents, [
      [literal(text)],
      [literal("needle_of", true), literal("_42")],
      [literal("42")],
      [literal("2"), literal(text)],
      [literal("needle"), literal("Needle"), literal("_of_"), literal("f_4"), literal("other words")],
      [literal("never there at all")],
    ]);
    expect(counts[0]).toBeGreaterThanOrEqual(4 * borders.length + 3);
    expect(counts[5]).toBe(0);
  });

  it("finds literals of every length over borders, and bytes that are no ASCII", async () => {
    const text = Buffer.from(
      Array.from({ length: 900 }, (_, index) => 33 + ((index * 7 + (index >> 5)) % 90)),
    );
    const bytes = Buffer.alloc(40 * BLOCK_BYTES, "other things\n");
    for (const [index, block] of [0, 3, 7, 15, 31].entries())
      text.copy(bytes, (block + 1) * BLOCK_BYTES - 30 - index * 160);
    Buffer.from("stra\u00dfe \u017f \u212a \0\0\0").copy(bytes, 35 * BLOCK_BYTES - 12);
    const lengths = [3, 4, 5, 9, 63, 64, 65, 66, 67, 68, 130, 208, 209, 900];
    const counts = await compare(
      [bytes, text],
      [
        ...lengths.map((length) => [literal(text.subarray(0, length)), literal(text.subarray(900 - length))]),
        [literal(Buffer.from("\u017f"))],
        [literal(Buffer.from("\u212a"))],
        [literal(Buffer.from("stra\u00dfe"), true), literal("\0\0\0")],
      ],
    );
    for (const count of counts.slice(0, lengths.length)) expect(count).toBeGreaterThanOrEqual(12);
    expect(counts.slice(lengths.length)).toEqual([1, 1, 2]);
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
