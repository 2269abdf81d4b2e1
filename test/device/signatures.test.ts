/** The kernel that makes signatures against its reference: generated texts, borders of blocks and words, collisions. */
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { sharedPrograms } from "../../src/programs/index.ts";
import { DeviceSignatures } from "../../src/search/gpu/device-signatures.ts";
import type { MatchShape } from "../../src/search/gpu/match-shape.ts";
import { PairCounts } from "../../src/search/gpu/pair-counts.ts";
import { searchPrograms } from "../../src/search/gpu/search-programs.ts";
import { signatureSets, survivingBlocks } from "../../src/search/reference/index.ts";
import { ALL_ROWS, literalRows } from "../../src/search/signature/index.ts";
import type { Device, DeviceBuffer } from "../../src/vulkan/index.ts";
import { propertyRuns } from "../support/property-runs.ts";
import { referenceSizes } from "../support/signature-sizes.ts";
import { openTestDevice, watchValidation } from "../support/vulkan.ts";

watchValidation();

const BLOCK_BYTES = 2048;
/** A segment's room behind its last byte, filled with line feeds. */
const PADDING_BYTES = 256 << 10;

let device: Device;

beforeAll(() => {
  device = openTestDevice();
});
afterAll(() => device?.close());

/** The signatures of texts, one segment each: for each block the rows that have its bit. */
async function build(texts: readonly Uint8Array[], rowMask: number): Promise<Set<number>[][]> {
  const match = { chunkBlocks: 1, tableWords: 2560, workgroupSize: 64 } as MatchShape; // another kernel's
  const shape = { unroll: 1, workgroupSize: 64, hasClock: false, match };
  const program = await sharedPrograms().acquire(device, searchPrograms(shape, rowMask).signatures);
  const buffers: DeviceBuffer[] = [];
  const rows: DeviceBuffer[] = [];
  try {
    const segments = texts.map((text) => {
      const staging = device.createBuffer({
        role: "staging",
        sizeBytes: text.length + PADDING_BYTES,
        label: "text",
      });
      const buffer = device.createBuffer({ role: "device", sizeBytes: staging.sizeBytes, label: "text" });
      buffers.push(staging, buffer);
      new Uint8Array(staging.host).fill(0x0a).set(text);
      device.run((recorder) =>
        recorder.copy(staging, buffer, [{ sourceOffset: 0, targetOffset: 0, sizeBytes: staging.sizeBytes }]),
      );
      return { buffer, usedBytes: text.length };
    });
    DeviceSignatures.build({
      device,
      pipeline: program.pipeline,
      segments,
      pairs: new PairCounts(new Uint32Array(65_536)),
      trial: { rowMask },
      create: (role, sizeBytes, label) => {
        const buffer = device.createBuffer({ role, sizeBytes, label });
        buffers.push(buffer);
        if (role === "device") rows.push(buffer);
        return buffer;
      },
    });
    return texts.map((text, index) => setsOf(rows[index]!, text.length));
  } finally {
    for (const buffer of buffers.toReversed()) buffer[Symbol.dispose]();
    program.release();
  }
}

function setsOf(rows: DeviceBuffer, textBytes: number): Set<number>[] {
  using copy = device.createBuffer({ role: "readback", sizeBytes: rows.sizeBytes, label: "rows" });
  device.run((recorder) => {
    recorder.copy(rows, copy, [{ sourceOffset: 0, targetOffset: 0, sizeBytes: rows.sizeBytes }]);
    recorder.barrier("transfer", "host");
  });
  const words = new Uint32Array(copy.host);
  const wordCount = Math.ceil(textBytes / (32 * BLOCK_BYTES));
  return Array.from({ length: Math.ceil(textBytes / BLOCK_BYTES) }, (_, block) => {
    const set = new Set<number>();
    for (let row = 0; row < 2048; row++)
      if ((words[row * wordCount + (block >> 5)]! >>> (block & 31)) & 1) set.add(row);
    return set;
  });
}

/** Without the row of line feeds, which lie behind a text: a kernel sees them, and nobody looks for them. */
const withoutLineFeeds = (sets: readonly Set<number>[], rowMask: number): number[][] => {
  const feeds = literalRows(Uint8Array.of(10, 10, 10), 0, rowMask)[0]!;
  return sets.map((set) => [...set].filter((row) => row !== feeds).sort((a, b) => a - b));
};

const text = fc.oneof(
  fc.uint8Array({ maxLength: 300 }),
  fc
    .array(fc.constantFrom(0x61, 0x41, 0x5a, 0x5b, 0x40, 0x7a, 0x7b, 0xc1, 0xe1, 0x0a), { maxLength: 300 })
    .map((it) => Uint8Array.from(it)),
);

describe("signatures", () => {
  it("are the reference's, of generated texts in several segments", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(fc.array(text, { maxLength: 8 }), fc.integer({ min: 0, max: 3 })), {
          minLength: 1,
          maxLength: 3,
        }),
        fc.constantFrom(ALL_ROWS, 63, 1),
        async (parts, rowMask) => {
          // The text ends where the line feeds behind it begin: what the reference sees of them ends a block's rows.
          const texts = parts.map(([pieces, blocks]) =>
            Buffer.concat([
              Buffer.from("x"),
              ...pieces,
              Buffer.alloc(blocks * 2000, "Filling Text "),
              ...pieces,
              Buffer.from("\n\n"),
            ]),
          );
          const built = await build(texts, rowMask);
          const sizes = referenceSizes(rowMask);
          for (const [index, bytes] of texts.entries())
            expect(withoutLineFeeds(built[index]!, rowMask)).toEqual(
              withoutLineFeeds(signatureSets(bytes, sizes), rowMask),
            );
        },
      ),
      propertyRuns(20),
    );
  });

  it("have a trigram in the blocks that it starts in or shortly behind, at every border", async () => {
    const bytes = Buffer.alloc(70 * BLOCK_BYTES, "\n");
    const borders = [1, 2, 31, 32, 33, 63, 64, 65];
    const shifts = [0, -8, -3, 4, 56, 60, 63, 66, 69];
    for (const border of borders)
      for (const [index, shift] of shifts.entries())
        bytes.write(`${String.fromCharCode(0x61 + index)}Q${border % 10}`, border * BLOCK_BYTES + shift);
    const sizes = referenceSizes(ALL_ROWS);
    const sets = signatureSets(bytes, sizes);
    const [built] = await build([bytes], ALL_ROWS);
    expect(withoutLineFeeds(built!, ALL_ROWS)).toEqual(withoutLineFeeds(sets, ALL_ROWS));
    for (const border of borders)
      expect(survivingBlocks(built!, Buffer.from(`aq${border % 10}`), sizes)).toContain(border);
  });

  it("of a mask of one row are one bit", async () => {
    const [built] = await build([Buffer.alloc(3 * BLOCK_BYTES, "some text")], 0);
    expect(built!.map((set) => [...set])).toEqual([[0], [0], [0]]);
  });
});
