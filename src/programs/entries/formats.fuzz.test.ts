/**
 * Random bytes in each kind of file of the program cache: decoding gives an answer or a reason, and no invented data.
 */
import { createHash } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, expect, test } from "vitest";
import { entryBytes } from "../../../test/support/program-entries.ts";
import { propertyRuns } from "../../../test/support/property-runs.ts";
import { decodeRecord } from "../cache/tune.ts";
import { readArchive, writeArchive } from "./archive.ts";
import { decodeEntry, encodeEntry, type Entry, type EntryHeader } from "./entry-file.ts";
import { decodeManifest, encodeManifest, rowOf } from "../disk/manifest.ts";

const folder = mkdtempSync(join(tmpdir(), "everwarp-fuzz-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Cuts, duplicates, moves and overwrites pieces. */
const change = fc.record({
  at: fc.double({ min: 0, max: 1, noNaN: true }),
  removed: fc.nat(40),
  put: fc.oneof(fc.uint8Array({ maxLength: 12 }), fc.constant(Uint8Array.of(0xff, 0xff, 0xff, 0xff))),
});
const changes = fc.array(change, { minLength: 1, maxLength: 4 });

function changed(
  bytes: Uint8Array,
  all: readonly { at: number; removed: number; put: Uint8Array }[],
): Buffer {
  let result = Buffer.from(bytes);
  for (const { at, removed, put } of all) {
    const place = Math.floor(at * result.length);
    result = Buffer.concat([result.subarray(0, place), put, result.subarray(place + removed)]);
  }
  return result;
}

const whole = entryBytes("a program");
const decodedWhole = decodeEntry(whole);
if (!decodedWhole.ok) throw new Error(decodedWhole.reason);
const entry: Entry = decodedWhole.entry;

/** JSON values that may replace a field. */
const anything = fc.oneof(
  fc.constantFrom(null, -1, 0.5, 1e300, "", "__proto__", [], {}, [null], { constructor: 1 }, true),
  fc.jsonValue({ maxDepth: 2 }),
);

test("an entry with changed bytes decodes to the same entry or a reason", () => {
  fc.assert(
    fc.property(changes, (all) => {
      const answer = decodeEntry(changed(whole, all));
      if (answer.ok) expect([answer.entry.header, answer.entry.spirv]).toEqual([entry.header, entry.spirv]);
      else expect(answer.reason).not.toBe("");
    }),
    propertyRuns(1000),
  );
});

test("an entry with a correct checksum and any header has usable fields, or gives a reason", () => {
  const fields = Object.keys(entry.header) as (keyof EntryHeader)[];
  fc.assert(
    fc.property(fc.constantFrom(...fields, "measured" as const), anything, (field, value) => {
      const header = { ...entry.header, [field]: value } as EntryHeader;
      const answer = decodeEntry(encodeEntry({ header, spirv: entry.spirv, data: entry.data }));
      if (!answer.ok) return;
      const row = rowOf(answer.entry, 1000);
      const again = decodeManifest(encodeManifest({ rows: new Map([[row.id, row]]), evicted: new Set() }));
      // A valid entry gives a valid row of the manifest.
      expect([...(again?.rows.values() ?? [])]).toEqual([JSON.parse(JSON.stringify(row))]);
    }),
    propertyRuns(1000),
  );
});

test("a manifest with any value in any place is refused, or its rows are usable", () => {
  const row = rowOf(entry, whole.length);
  fc.assert(
    fc.property(fc.constantFrom(...Object.keys(row), "measured"), anything, changes, (field, value, all) => {
      const text = encodeManifest({
        rows: new Map([[row.id, { ...row, [field]: value }]]),
        evicted: new Set(),
      });
      for (const each of [text, changed(Buffer.from(text), all).toString()]) {
        for (const found of decodeManifest(each)?.rows.values() ?? []) {
          expect(typeof found.target.device).toBe("string");
          expect(Object.values(found.constants).every(Number.isFinite)).toBe(true);
          if (found.measured !== undefined) expect(found.measured.figure).toBeTypeOf("number");
          expect(found.bytes).toBeGreaterThanOrEqual(0);
          expect(found.id).toMatch(/^[0-9a-f.]+$/);
        }
      }
    }),
    propertyRuns(1000),
  );
});

test("a tune record with a correct checksum and any content is refused, or is usable", () => {
  const good = { winner: 0, figures: [{ variant: "a", figure: 1 }], measuredAtMs: 1 };
  const fileOf = (record: object): string => {
    const check = createHash("sha256").update(JSON.stringify(record)).digest("hex");
    return JSON.stringify({ record, check });
  };
  expect(decodeRecord(fileOf(good))).toEqual(good);
  fc.assert(
    fc.property(fc.constantFrom(...Object.keys(good)), anything, (field, value) => {
      const found = decodeRecord(fileOf({ ...good, [field]: value }));
      if (found === undefined) return;
      expect(Number.isSafeInteger(found.winner) && found.winner >= 0).toBe(true);
      expect(found.figures.every(({ variant }) => typeof variant === "string")).toBe(true);
    }),
    propertyRuns(1000),
  );
});

test("an archive with changed bytes gives only entries that were written, and ends", async () => {
  const path = join(folder, "programs.ewa");
  const entries = ["a", "b", "c"].map((name) => entryBytes(name, { words: 60 }));
  await writeArchive(path, entries);
  const archive = readFileSync(path);
  await fc.assert(
    fc.asyncProperty(changes, async (all) => {
      const file = join(folder, "changed.ewa");
      writeFileSync(file, changed(archive, all));
      try {
        for await (const item of readArchive(file)) {
          if (item.entry === undefined) expect(item.reason).not.toBe("");
          else expect(entries.some((each) => Buffer.compare(each, item.bytes) === 0)).toBe(true);
        }
      } catch (error) {
        expect(error).toMatchObject({ code: "EW_BAD_ARGUMENT" });
      }
    }),
    propertyRuns(300),
  );
}, 600_000);
