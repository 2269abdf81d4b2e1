import {
  appendFileSync,
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  truncateSync,
  unlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import fc from "fast-check";
import { afterAll, describe, expect, it } from "vitest";
import { HostSink, WORK_AREA_BYTES } from "../host/host-sink.ts";
import { checkLayout, contentIn, FakeDeviceSink, hostSegments } from "../../../test/support/corpus-sinks.ts";
import { propertyRuns } from "../../../test/support/property-runs.ts";
import { copyPlacement } from "./copy-placement.ts";
import { Corpus, type CorpusOptions } from "./corpus.ts";
import { FILE_FLAGS, type Placement } from "./placement.ts";

const root = mkdtempSync(join(tmpdir(), "everwarp-corpus-"));
afterAll(() => rmSync(root, { recursive: true, force: true }));

let folders = 0;
function folderOf(contents: readonly Uint8Array[]): { folder: string; paths: string[] } {
  const folder = join(root, `folder-${folders++}`);
  mkdirSync(folder);
  const paths = contents.map((content, index) => {
    const path = join(folder, `file-${index}`);
    writeFileSync(path, content);
    return path;
  });
  return { folder, paths };
}
const corpusOf = (paths: readonly string[], options?: CorpusOptions, explicit = false): Corpus =>
  Corpus.fromFiles(
    paths.map((path) => ({ path, explicit })),
    options,
  );

it("reads files relative to the folder of the listing, even if the process changed its folder", async () => {
  const { folder, paths } = folderOf([Buffer.from("here\n")]);
  const before = process.cwd();
  try {
    process.chdir(folder);
    const corpora = [
      await Corpus.list(["./"]),
      await Corpus.list([], { cwd: "../" + basename(folder) }),
      Corpus.fromFiles([{ path: basename(paths[0]!), explicit: false }]),
    ];
    process.chdir("/");
    for (const { files } of corpora) {
      expect(readFileSync(files.openPath(0), "utf8")).toBe("here\n");
      expect(files.path(0)).not.toContain(folder);
    }
  } finally {
    process.chdir(before);
  }
});

describe("loading", () => {
  it("places every file contiguous, aligned and padded, for any sizes, threads and sink", async () => {
    const sizes = fc.array(
      fc.oneof(fc.constantFrom(0, 1, 15, 16, 17, 4095, 4096), fc.nat(3000), fc.nat(70_000)),
      { maxLength: 150 },
    );
    await fc.assert(
      fc.asyncProperty(sizes, fc.constantFrom(0, 2), fc.boolean(), async (lengths, threads, isDevice) => {
        const contents = lengths.map((length, file) => Buffer.alloc(length, `file ${file}.`));
        const { paths } = folderOf(contents);
        const device = new FakeDeviceSink(1 << 20, 16 * 1024);
        const host = new HostSink(1, { segmentBytes: 64 << 20 });
        const placement = await corpusOf(paths).loadInto(isDevice ? device : host, { threads });
        const segments = isDevice ? device.device : hostSegments(host);
        if (isDevice) expect(device.finished).toBe(true);
        expect(placement.errors).toEqual([]);
        checkLayout(segments, placement);
        for (const [file, content] of contents.entries()) {
          expect(contentIn(segments, placement, file).equals(content)).toBe(true);
          expect(placement.sizeBytes[file]).toBe(content.length);
        }
        const total = contents.reduce((sum, { length }) => sum + length, 0);
        expect(placement.stats).toMatchObject({ contentBytes: total, loadedCount: contents.length, threads });
      }),
      { numRuns: 25 },
    );
  });

  it("copies a placement from host memory into any sink, row by row", async () => {
    const sizes = fc.array(
      fc.oneof(fc.constantFrom(0, 1, 15, 16, 17, 4096), fc.nat(3000), fc.nat(2_500_000)),
      {
        maxLength: 40,
      },
    );
    await fc.assert(
      fc.asyncProperty(sizes, fc.constantFrom(0, 2), async (lengths, threads) => {
        const contents = lengths.map((length, file) => Buffer.alloc(length, `file ${file}.\n`));
        const { paths } = folderOf(contents);
        const host = new HostSink(1, { segmentBytes: WORK_AREA_BYTES + (6 << 20) });
        const from = await corpusOf([...paths, "/there/is/none"]).loadInto(host, { threads });
        const device = new FakeDeviceSink(4 << 20, 16 * 1024);
        const memories = host.segments.map(({ buffer }) => buffer);
        const placement = await copyPlacement(from, memories, device);
        expect(device.finished).toBe(true);
        checkLayout(device.device, placement);
        for (const [file, content] of contents.entries())
          expect(contentIn(device.device, placement, file).equals(content)).toBe(true);
        expect(placement.units.count).toBe(from.units.count);
        expect(placement.errors).toBe(from.errors);
        for (const column of ["length", "flags", "sizeBytes", "modifiedMs", "inode"] as const)
          expect(placement[column]).toEqual(from[column]);
      }),
      propertyRuns(12),
    );
  });

  it("loads files larger than a window and larger than one read", async () => {
    const contents = [1 << 20, (1 << 20) + 1, 3_500_000, 100, (1 << 20) - 1].map((length, file) =>
      Buffer.from(Uint8Array.from({ length }, (_, index) => 1 + ((index * 31 + file + (index >> 12)) % 255))),
    );
    const { paths } = folderOf(contents);
    for (const sink of [new FakeDeviceSink(8 << 20, 64 * 1024), new HostSink(2)]) {
      const placement = await corpusOf(paths).loadInto(sink, { threads: 1 });
      const segments = sink instanceof HostSink ? hostSegments(sink) : sink.device;
      checkLayout(segments, placement);
      for (const [file, content] of contents.entries()) {
        expect(contentIn(segments, placement, file).equals(content)).toBe(true);
      }
    }
  });

  it("opens further segments when one is full, and flags files that fit no segment", async () => {
    const contents = Array.from({ length: 40 }, (_, file) => Buffer.alloc(100_000, `${file} `));
    const { paths } = folderOf([...contents, Buffer.alloc(600_000, "x")]);
    const sink = new FakeDeviceSink(512 * 1024, 128 * 1024);
    const placement = await corpusOf(paths).loadInto(sink, { threads: 2 });
    expect(sink.device.length).toBeGreaterThan(7);
    checkLayout(sink.device, placement);
    for (const [file, content] of contents.entries())
      expect(contentIn(sink.device, placement, file).equals(content)).toBe(true);
    expect(placement.flags[40]).toBe(FILE_FLAGS.OVERSIZE);
    expect(placement.sizeBytes[40]).toBe(600_000);
    expect(placement.length[40]).toBe(0);
  });

  it("keeps the host's own segments within bounds and out of the work areas", async () => {
    const { paths } = folderOf(Array.from({ length: 30 }, (_, file) => Buffer.alloc(900_000, `${file} `)));
    const sink = new HostSink(3, { segmentBytes: 3 * WORK_AREA_BYTES + (7 << 20) });
    const placement = await corpusOf(paths).loadInto(sink, { threads: 2 });
    expect(sink.segments.length).toBeGreaterThan(3);
    checkLayout(hostSegments(sink), placement);
    expect(Math.min(...placement.start)).toBeGreaterThanOrEqual(3 * WORK_AREA_BYTES);
  });

  it("ends with the sink's error if the sink has no room, on threads too", async () => {
    const { paths } = folderOf(Array.from({ length: 10 }, () => Buffer.from("text")));
    for (const threads of [0, 2]) {
      const sink = new HostSink(1);
      sink.reserve = () => {
        throw Object.assign(new Error("full"), { code: "EW_CORPUS_TOO_LARGE" });
      };
      await expect(corpusOf(paths).loadInto(sink, { threads })).rejects.toMatchObject({
        code: "EW_CORPUS_TOO_LARGE",
      });
    }
  });
});

describe("kinds of files", () => {
  const load = async (
    contents: readonly Uint8Array[],
    options: CorpusOptions = {},
    explicit = false,
  ): Promise<{ placement: Placement; content: (file: number) => Buffer }> => {
    const { paths } = folderOf(contents);
    const sink = new HostSink(1, { segmentBytes: 64 << 20 });
    const placement = await corpusOf(paths, options, explicit).loadInto(sink);
    const segments = hostSegments(sink);
    return { placement, content: (file) => contentIn(segments, placement, file) };
  };

  it("keeps only the part before the first NUL, unless the file was named or all files are text", async () => {
    const late = Buffer.alloc(2_500_000, "line\n");
    late[2_200_001] = 0;
    const binary = [Buffer.from("before\0after\0"), Buffer.from("\0"), late, Buffer.from("no nul")];
    const { placement, content } = await load(binary);
    expect([...placement.flags].map((it) => (it & FILE_FLAGS.BINARY) !== 0)).toEqual([
      true,
      true,
      true,
      false,
    ]);
    expect([...placement.binaryOffset]).toEqual([6, 0, 2_200_001, 0]);
    expect(content(0).toString()).toBe("before");
    expect(content(1).length).toBe(0);
    expect(content(2).equals(late.subarray(0, 2_200_001))).toBe(true);
    for (const kept of [await load(binary, { allText: true }), await load(binary, {}, true)]) {
      for (const [file, it] of binary.entries()) expect(kept.content(file).equals(it)).toBe(true);
      expect([...kept.placement.binaryOffset]).toEqual([6, 0, 2_200_001, 0]);
    }
  });

  it("turns UTF-16 with a mark into UTF-8 and keeps a UTF-8 mark", async () => {
    const text = "grüße 🌍\nsecond line";
    const little = Buffer.concat([Buffer.from([0xff, 0xfe]), Buffer.from(text, "utf16le")]);
    const big = Buffer.from(little).swap16();
    const long = Buffer.concat([Buffer.from([0xff, 0xfe]), Buffer.from("ab🌍\n".repeat(300_000), "utf16le")]);
    const { placement, content } = await load([little, big, Buffer.from(`\ufeff${text}`), long]);
    for (const file of [0, 1]) {
      expect(content(file).toString()).toBe(text);
      expect(placement.flags[file]).toBe(FILE_FLAGS.LOADED | FILE_FLAGS.TRANSCODED);
    }
    expect(content(2).toString()).toBe(`\ufeff${text}`);
    expect(placement.flags[2]).toBe(FILE_FLAGS.LOADED | FILE_FLAGS.UTF8_MARK);
    expect(content(3).toString()).toBe("ab🌍\n".repeat(300_000));
  });

  it("continues after files that vanish, cannot be read, or are not regular", async () => {
    const { folder, paths } = folderOf(["one", "two", "three", "four"].map((it) => Buffer.from(it)));
    const named = [paths[0]!, join(folder, "vanished"), folder, paths[1]!, "/dev/null"];
    const sink = new HostSink(1, { segmentBytes: 64 << 20 });
    const placement = await corpusOf(named, {}, true).loadInto(sink);
    expect(placement.errors).toEqual([expect.objectContaining({ file: 1, code: "ENOENT" })]);
    expect([...placement.flags]).toEqual([
      FILE_FLAGS.LOADED,
      FILE_FLAGS.FAILED,
      FILE_FLAGS.SPECIAL,
      FILE_FLAGS.LOADED,
      FILE_FLAGS.SPECIAL,
    ]);
    expect(placement.stats.loadedCount).toBe(2);
    // root may read everything, so this has an effect only for other users
    chmodSync(paths[2]!, 0);
    const unreadable = await corpusOf(paths).loadInto(new HostSink(1, { segmentBytes: 64 << 20 }));
    expect(unreadable.errors.map(({ code }) => code)).toEqual(process.getuid?.() === 0 ? [] : ["EACCES"]);
  });

  it("opens files whose names are not UTF-8 by their bytes", async () => {
    const { folder } = folderOf([]);
    const bytes = Buffer.concat([Buffer.from(`${folder}/`), Buffer.from([0x66, 0xff, 0xfe])]);
    writeFileSync(bytes, "content");
    const corpus = await Corpus.list([folder]);
    expect(corpus.fileCount).toBe(1);
    expect(corpus.files.foundFile(0)).toEqual({
      path: `${folder}/f\ufffd\ufffd`,
      pathBytes: bytes,
      explicit: false,
    });
    const sink = new HostSink(1, { segmentBytes: 64 << 20 });
    const placement = await corpus.loadInto(sink);
    expect(contentIn(hostSegments(sink), placement, 0).toString()).toBe("content");
    expect(placement.changed(0)).toBe(false);
  });
});

describe("listing", () => {
  it("lists by ripgrep's rules, reports unreachable paths, and supports another working directory", async () => {
    const { folder } = folderOf([Buffer.from("a"), Buffer.from("b")]);
    writeFileSync(join(folder, ".ignore"), "file-1\n");
    symlinkSync(folder, join(folder, "loop"));
    const corpus = await Corpus.list([folder, join(folder, "missing")]);
    expect(Array.from({ length: corpus.fileCount }, (_, file) => corpus.files.path(file))).toEqual([
      join(folder, "file-0"),
    ]);
    expect(corpus.walkErrors).toHaveLength(1);
    const relative = await Corpus.list([], { cwd: folder });
    expect(relative.files.foundFile(0)).toEqual({ path: "file-0", explicit: false });
    expect((await relative.loadInto(new HostSink(1, { segmentBytes: 64 << 20 }))).stats.contentBytes).toBe(1);
  });
});

describe("changed", () => {
  it("notices a file that was written, replaced, truncated, touched or removed, and no other file", async () => {
    const { folder, paths } = folderOf(Array.from({ length: 6 }, () => Buffer.from("same size")));
    const placement = await corpusOf(paths).loadInto(new HostSink(1, { segmentBytes: 64 << 20 }));
    const changed = (): boolean[] => paths.map((_, file) => placement.changed(file));
    expect(changed()).toEqual([false, false, false, false, false, false]);
    appendFileSync(paths[0]!, "!");
    writeFileSync(join(folder, "other"), "same size");
    renameSync(join(folder, "other"), paths[1]!);
    truncateSync(paths[2]!, 3);
    utimesSync(paths[3]!, 1, 1);
    unlinkSync(paths[4]!);
    expect(changed()).toEqual([true, true, true, true, true, false]);
  });
});
