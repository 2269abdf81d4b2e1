/**
 * The scan kernel and the newline index against their slow references, through the device backend: random data, literals across every border,
 * overlapping hits, hits at offset 0 and at the very end, more hits than a region holds, literals longer than a request.
 */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { EverwarpError } from "../../src/base/errors.ts";
import { type RawHits, scanPlan } from "../../src/search/backend/index.ts";
import type { Literal } from "../../src/search/contracts.ts";
import { Corpus } from "../../src/search/corpus/corpus.ts";
import { DeviceBackend } from "../../src/search/gpu/device-backend.ts";
import type { DeviceCorpus } from "../../src/search/gpu/device-corpus.ts";
import { scanReference } from "../../src/search/reference/index.ts";
import { hitRows } from "../support/hit-rows.ts";
import { isValidated, testDeviceInfo, watchValidation } from "../support/vulkan.ts";
import { patientMs } from "../support/patience.ts";

watchValidation();

const ANSWER_MS = patientMs(30_000);
let backend: DeviceBackend;
let directory: string;
let fileNumber = 0;

beforeAll(async () => {
  directory = mkdtempSync(path.join(os.tmpdir(), "everwarp-scan-"));
  backend = await DeviceBackend.open({ select: testDeviceInfo().index, validation: isValidated });
});

afterAll(async () => {
  await backend?.close();
  rmSync(directory, { recursive: true, force: true });
});

async function load(contents: readonly Uint8Array[]): Promise<DeviceCorpus> {
  const files = contents.map((bytes) => {
    const file = path.join(directory, String(fileNumber++));
    writeFileSync(file, bytes);
    return { path: file, explicit: true };
  });
  return backend.load(Corpus.fromFiles(files, { allText: true }));
}

function literal(text: string | Uint8Array, ignoreAsciiCase = false): Literal {
  return { bytes: typeof text === "string" ? Buffer.from(text, "latin1") : text, ignoreAsciiCase };
}

function search(corpus: DeviceCorpus, literals: Literal[], maxHits?: number): RawHits {
  const ticket = backend.submit(scanPlan(literals), {
    corpus,
    ...(maxHits === undefined ? {} : { maxHits }),
  });
  expect(ticket.waitSync(ANSWER_MS)).toBe(true);
  return ticket.result();
}

/** What the reference finds, in the order that a backend promises. */
function expected(contents: readonly Uint8Array[], literals: readonly Literal[]): number[][] {
  return contents.flatMap((bytes, file) =>
    literals
      .flatMap((wanted, index) =>
        scanReference(bytes, wanted).map((hit) => [
          file,
          hit.offset,
          index,
          wanted.bytes.length,
          hit.newlinesBefore + 1,
          hit.column,
        ]),
      )
      .sort((a, b) => a[1] - b[1] || a[2] - b[2]),
  );
}

/** Bytes without a line feed. */
const needleBytes = (maxLength: number): fc.Arbitrary<Uint8Array> =>
  fc
    .uint8Array({ minLength: 1, maxLength })
    .map((bytes) => bytes.map((byte) => (byte === 0x0a ? 0x0b : byte)));

/** Few different bytes, so that hits and near misses are common. */
const dense = (maxLength: number): fc.Arbitrary<Uint8Array> =>
  fc
    .array(fc.constantFrom(0x61, 0x41, 0x62, 0x7a, 0x0a, 0x00, 0xe2), { maxLength })
    .map((bytes) => Uint8Array.from(bytes));

describe("scan", () => {
  it("finds what the reference finds, in random files", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.oneof(dense(700), fc.uint8Array({ maxLength: 3000 })), { minLength: 1, maxLength: 6 }),
        fc.array(
          fc.tuple(
            fc.oneof(needleBytes(3), fc.constantFrom("a", "ab", "aa", "zab", "baaa", "\u0000")),
            fc.boolean(),
          ),
          {
            minLength: 1,
            maxLength: 5,
          },
        ),
        async (contents, wanted) => {
          const literals = wanted.map(([text, ignoreCase]) => {
            const made = literal(text, ignoreCase);
            // Letters of a literal that ignores case are lower case.
            return ignoreCase
              ? literal(
                  made.bytes.map((byte) => (byte >= 0x41 && byte <= 0x5a ? byte + 32 : byte)),
                  true,
                )
              : made;
          });
          const corpus = await load(contents);
          try {
            expect(hitRows(search(corpus, literals))).toEqual(expected(contents, literals));
          } finally {
            await corpus.unload();
          }
        },
      ),
      { numRuns: 25 },
    );
  });

  it("finds a literal at every offset of a vector, over the borders of blocks, tiles and subgroups", async () => {
    const size = 70_000;
    const borders = [0, 16, 128, 256, 512, 1024, 4096, 8192, 16_384, 32_768, 65_536];
    const text = "Needle_42";
    for (const shift of [-9, -8, -5, -1, 0, 1]) {
      const bytes = Buffer.alloc(size, ".");
      for (let at = 60; at < size; at += 61) bytes[at] = 0x0a;
      for (const border of borders) if (border + shift >= 0) bytes.write(text, border + shift);
      bytes.write(text, size - text.length);
      const corpus = await load([bytes]);
      const literals = [literal(text), literal("needle", true), literal("2"), literal("_4")];
      expect(hitRows(search(corpus, literals))).toEqual(expected([bytes], literals));
      await corpus.unload();
    }
  });

  it("finds hits at offset 0 and at the very end, of every length up to a request's, and beyond it", async () => {
    const text = Buffer.from(Array.from({ length: 900 }, (_, index) => 33 + ((index * 7) % 90)));
    const bytes = Buffer.concat([text, Buffer.from("\nmiddle\n"), text]);
    const corpus = await load([bytes, Buffer.from("x"), Buffer.alloc(0), text]);
    for (const length of [1, 2, 3, 4, 5, 15, 16, 17, 19, 20, 21, 64, 207, 208, 209, 416, 417, 900]) {
      const literals = [literal(text.subarray(0, length)), literal(text.subarray(900 - length))];
      expect(hitRows(search(corpus, literals))).toEqual(
        expected([bytes, Buffer.from("x"), Buffer.alloc(0), text], literals),
      );
    }
    await corpus.unload();
  });

  it("counts overlapping hits, on one line of 100,000 of them", async () => {
    const bytes = Buffer.from(`one\n${"ab".repeat(100_000)}a\nlast ab`);
    const corpus = await load([bytes]);
    const hits = search(corpus, [literal("aba")]);
    const { line, column } = hits.locate();
    expect(hits.count).toBe(100_000);
    expect(hits.truncated).toBe(false);
    for (let index = 0; index < hits.count; index++) {
      if (hits.offset[index] !== 4 + 2 * index || line[index] !== 2 || column[index] !== 1 + 2 * index) {
        throw new Error(`hit ${index}: ${hits.offset[index]}, line ${line[index]}, column ${column[index]}`);
      }
    }
    await corpus.unload();
  });

  it("delivers more hits than any region holds", async () => {
    const lineCount = 40_000;
    const bytes = Buffer.from("eeeeeeeeeeeeeeeeeeeeeeeeeeeeee\n".repeat(lineCount));
    const corpus = await load([bytes]);
    const hits = search(corpus, [literal("e")]);
    expect(hits.count).toBe(30 * lineCount); // 1,200,000: more than the spill region's 1,048,576
    const { line, column } = hits.locate();
    for (let index = 0; index < hits.count; index += 1) {
      const lineIndex = Math.floor(index / 30);
      if (
        hits.offset[index] !== lineIndex * 31 + (index % 30) ||
        line[index] !== lineIndex + 1 ||
        column[index] !== (index % 30) + 1
      ) {
        throw new Error(`hit ${index}`);
      }
    }
    const few = search(corpus, [literal("e")], 10);
    expect(few.truncated).toBe(true);
    expect(few.count).toBe(10);
    await corpus.unload();
  });

  it("answers 600 queries in flight over three corpora, each with its own", async () => {
    const contents = [0, 1, 2].map((number) => [
      Buffer.from(
        Array.from({ length: 300 }, (_, index) => `word_${(index * (number + 1)) % 300}_end\n`).join(""),
      ),
    ]);
    const corpora = await Promise.all(contents.map((content) => load(content)));
    const asked = Array.from({ length: 600 }, (_, index) => ({
      which: index % 3,
      wanted: [literal(`word_${index % 300}_`)],
    }));
    const tickets = asked.map(({ which, wanted }) =>
      backend.submit(scanPlan(wanted), { corpus: corpora[which] }),
    );
    await Promise.all(tickets.map((ticket) => ticket.wait()));
    for (const [index, { which, wanted }] of asked.entries()) {
      expect(hitRows(tickets[index].result())).toEqual(expected(contents[which], wanted));
    }
    for (const corpus of corpora) await corpus.unload();
  });

  it("refuses a corpus that was unloaded, and bad literals; and goes on", async () => {
    const gone = await load([Buffer.from("x")]);
    await gone.unload();
    expect(() => backend.submit(scanPlan([literal("x")]), { corpus: gone })).toThrow(
      expect.objectContaining({ code: "EW_CORPUS_UNKNOWN" }),
    );
    const corpus = await load([Buffer.from("abc")]);
    expect(search(corpus, []).count).toBe(0);
    expect(search(corpus, [literal("abc")]).count).toBe(1);
    await corpus.unload();
  });

  it("gives everything back where the index has no room, and loads the next corpus", async () => {
    const before = backend.device.liveHandles;
    const allocatedBytes = backend.device.counters.allocatedBytes;
    const create = backend.device.createBuffer.bind(backend.device);
    const refusing = vi.spyOn(backend.device, "createBuffer").mockImplementation((options) => {
      if (options.label === "newline index, groups")
        throw new EverwarpError("EW_OUT_OF_DEVICE_MEMORY", "no room");
      return create(options);
    });
    await expect(load([Buffer.from("needle")])).rejects.toMatchObject({ code: "EW_OUT_OF_DEVICE_MEMORY" });
    refusing.mockRestore();
    expect(backend.device.liveHandles).toEqual(before);
    expect(backend.device.counters.allocatedBytes).toBe(allocatedBytes);
    const corpus = await load([Buffer.from("needle")]);
    expect(search(corpus, [literal("needle")]).count).toBe(1);
    await corpus.unload();
  });

  it("loads 60 corpora and unloads them, and leaves no handle", async () => {
    const before = backend.device.liveHandles;
    const freeBytes = backend.device.counters.allocatedBytes;
    for (let round = 0; round < 60; round++) await (await load([Buffer.from("round and round")])).unload();
    expect(backend.device.liveHandles).toEqual(before);
    expect(backend.device.counters.allocatedBytes).toBe(freeBytes);
  });
});
