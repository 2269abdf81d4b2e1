import { appendFileSync, mkdirSync, mkdtempSync, rmSync, unlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, expect, it } from "vitest";
import { HostSink, WORK_AREA_BYTES } from "../host/host-sink.ts";
import { Corpus } from "./corpus.ts";
import type { Placement } from "./placement.ts";
import { readContent } from "./read-content.ts";

const root = mkdtempSync(join(tmpdir(), "everwarp-content-"));
afterAll(() => rmSync(root, { recursive: true }));
const path = join(root, "file");

/** Loads one file. Returns the content that the loader kept. */
async function loaded(explicit: boolean, allText: boolean): Promise<{ placement: Placement; kept: Buffer }> {
  const sink = new HostSink(1, { segmentBytes: WORK_AREA_BYTES + (4 << 20) });
  const placement = await Corpus.fromFiles([{ path, explicit }], { allText }).loadInto(sink, { threads: 0 });
  const [length, start] = [placement.length[0] as number, placement.start[0] as number];
  const memory = sink.segments[0]?.buffer ?? new ArrayBuffer(0);
  return { placement, kept: length === 0 ? Buffer.alloc(0) : Buffer.from(memory, start, length) };
}

const piece = fc.constantFrom("text\n", "\0", "é", "\r\n", "\ufeff", "x".repeat(400_000));
const bytes = fc
  .tuple(
    fc.constantFrom("utf8", "utf16le", "latin1"),
    fc.constantFrom("", "\ufeff"),
    fc.array(piece, { maxLength: 5 }),
  )
  .map(([encoding, mark, parts]) => Buffer.from(mark + parts.join(""), encoding as "utf8"));

it("treats a file like the loader", async () => {
  await fc.assert(
    fc.asyncProperty(bytes, fc.boolean(), fc.boolean(), async (content, explicit, allText) => {
      writeFileSync(path, content);
      const { placement, kept } = await loaded(explicit, allText);
      const again = readContent(placement, 0, allText);
      expect(again?.isChanged).toBe(false);
      expect(again?.bytes.equals(kept)).toBe(true);
    }),
    { numRuns: 150 },
  );
});

it("tells whether the file is still the loaded one", async () => {
  writeFileSync(path, "one\n");
  const { placement } = await loaded(false, false);
  appendFileSync(path, "two\n");
  expect(readContent(placement, 0, false)).toMatchObject({ isChanged: true, stamp: { sizeBytes: 8 } });
  expect(readContent(placement, 0, false)?.bytes.toString()).toBe("one\ntwo\n");
  unlinkSync(path);
  expect(readContent(placement, 0, false)).toBeUndefined();
  mkdirSync(path);
  expect(readContent(placement, 0, false)).toBeUndefined();
});
