/** Files that are larger than a place of a sink. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { afterAll, expect, it } from "vitest";
import { checkLayout, contentIn, FakeDeviceSink, hostSegments } from "../../../test/support/corpus-sinks.ts";
import { HostSink, WORK_AREA_BYTES } from "../host/host-sink.ts";
import { Corpus } from "./corpus.ts";
import { FILE_FLAGS } from "./placement.ts";

const folder = mkdtempSync(path.join(os.tmpdir(), "everwarp-large-files-"));
afterAll(() => rmSync(folder, { recursive: true }));

it("holds files that are larger than a segment in parts, which end behind a line feed", async () => {
  const lines = (count: number, word: string): Buffer =>
    Buffer.from(Array.from({ length: count }, (_, index) => `${word} ${index}\n`).join(""));
  const large = lines(900_000, "large");
  const marked = Buffer.concat([Buffer.from("\u{feff}"), lines(60_000, "marked"), Buffer.from("no end")]);
  const binary = Buffer.concat([lines(50_000, "before"), Buffer.of(0), lines(50_000, "behind")]);
  const contents = [Buffer.from("small\n"), large, marked, binary, Buffer.from("last\n")];
  const paths = contents.map((_, index) => path.join(folder, `file-${index}`));
  for (const [index, content] of contents.entries()) writeFileSync(paths[index] as string, content);
  const corpus = Corpus.fromFiles(paths.map((one) => ({ path: one, explicit: false })));
  for (const sink of [
    new FakeDeviceSink(512 * 1024, 64 * 1024),
    new HostSink(1, { segmentBytes: WORK_AREA_BYTES + (6 << 20) }),
  ]) {
    const placement = await corpus.loadInto(sink, { threads: 1 });
    const { parts } = placement;
    const segments = sink instanceof HostSink ? hostSegments(sink) : sink.device;
    checkLayout(segments, placement);
    const held = contents.map(() => [] as Buffer[]);
    const flags = contents.map(() => 0);
    let lineFeeds = 0;
    for (const [row, file] of (parts?.file ?? []).entries()) {
      if (parts?.file[row - 1] !== file) lineFeeds = 0;
      expect(placement.files.path(row)).toBe(paths[file]);
      const content = contentIn(segments, placement, row);
      if (content.length === 0) continue; // behind a NUL
      expect(parts?.offset[row]).toBe(Buffer.concat(held[file] ?? []).length);
      expect(parts?.lineFeeds[row]).toBe(lineFeeds);
      if (placement.isPart(row) && parts?.file[row + 1] === file && placement.length[row + 1] !== 0)
        expect(content.at(-1)).toBe(10);
      lineFeeds += content.filter((byte) => byte === 10).length;
      flags[file]! |= placement.flags[row]!;
      held[file]?.push(content);
    }
    const expected = [contents[0], large, marked, binary.subarray(0, binary.indexOf(0)), contents[4]];
    for (const [file, rows] of held.entries()) expect(Buffer.concat(rows).equals(expected[file]!)).toBe(true);
    expect(held[1]!.length).toBeGreaterThan(1);
    const { LOADED, UTF8_MARK, BINARY } = FILE_FLAGS;
    expect(flags).toEqual([LOADED, LOADED, LOADED | UTF8_MARK, LOADED | BINARY, LOADED]);
    expect(placement.stats.fileCount).toBe(5);
  }
});
