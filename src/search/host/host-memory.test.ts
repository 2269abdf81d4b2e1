/** What a corpus takes of the host's memory. In a file of its own: no other corpus of the process is counted. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, it, vi } from "vitest";
import { Corpus } from "../corpus/corpus.ts";
import { HostBackend } from "./host-backend.ts";

const root = mkdtempSync(join(tmpdir(), "everwarp-memory-"));
afterAll(() => rmSync(root, { recursive: true, force: true }));

const SEGMENT_BYTES = 1 << 30;
/**
 * Bytes that lie in segments, of all corpora of this process. Segments are the largest of its areas by far, and more
 * address than memory. What the process has beside them comes and goes with its threads.
 */
function residentInSegments(): number {
  const areas = readFileSync("/proc/self/smaps", "latin1").split(/^(?=[0-9a-f]+-[0-9a-f]+ )/m);
  let bytes = 0;
  for (const area of areas) {
    const [, begin = "0", end = "0"] = /^([0-9a-f]+)-([0-9a-f]+) rw/.exec(area) ?? [];
    if (Number(BigInt(`0x${end}`) - BigInt(`0x${begin}`)) < SEGMENT_BYTES) continue;
    bytes += 1024 * Number(/^Rss: +(\d+) kB/m.exec(area)?.[1]);
  }
  return bytes;
}

it("takes at most 1.2 bytes per corpus byte to load, tables included, and gives them back", async () => {
  const count = 1000;
  const content = Buffer.alloc(16_000, "int some_function(struct device *device)\n");
  const corpus = Corpus.fromFiles(
    Array.from({ length: count }, (_, index) => {
      const path = join(root, `file-${index}`);
      writeFileSync(path, content);
      return { path, explicit: false };
    }),
  );
  await using engine = await HostBackend.open({ threads: 2 });
  let tableBytes = 0;
  class CountedBuffer extends SharedArrayBuffer {
    constructor(size: number) {
      super(size);
      tableBytes += size;
    }
  }
  vi.stubGlobal("SharedArrayBuffer", CountedBuffer);
  const before = residentInSegments();
  const loaded = await engine.load(corpus, { threads: 2 }).finally(() => vi.unstubAllGlobals());
  const segmentBytes = residentInSegments() - before;
  expect(loaded.placement.stats.contentBytes).toBe(count * content.length);
  expect(segmentBytes).toBeGreaterThanOrEqual(count * content.length);
  expect(segmentBytes + tableBytes).toBeLessThan(1.2 * count * content.length);
  await loaded.unload();
  expect(residentInSegments() - before).toBeLessThan(0.1 * segmentBytes);
});
