import { execFileSync } from "node:child_process";
import {
  lstatSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { brotliCompressSync, constants } from "node:zlib";
import { createHash } from "node:crypto";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { entryBytes } from "../../../test/support/program-entries.ts";
import { propertyRuns } from "../../../test/support/property-runs.ts";
import { readArchive, writeArchive } from "./archive.ts";

const folder = mkdtempSync(join(tmpdir(), "everwarp-archive-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const path = join(folder, "programs.ewa");
const NAMES = ["scan", "lookup", "echo", "a name that is longer", "last"];
const ENTRIES = NAMES.map((name, index) => entryBytes(name, { words: 50 + index * 300 }));

let archive: Buffer;
beforeAll(async () => {
  await writeArchive(path, ENTRIES);
  archive = readFileSync(path);
});

interface Read {
  names: string[];
  reasons: string[];
  bytes: Uint8Array[];
}
async function read(bytes: Uint8Array): Promise<Read> {
  const file = join(folder, "read.ewa");
  writeFileSync(file, bytes);
  const result: Read = { names: [], reasons: [], bytes: [] };
  for await (const item of readArchive(file)) {
    if (item.entry === undefined) result.reasons.push(item.reason);
    else {
      result.names.push(item.entry.header.name);
      result.bytes.push(item.bytes);
    }
  }
  return result;
}
/** Whatever was done to the archive: each entry read from it was written to it, byte for byte and in order. */
function expectTrue({ names, bytes }: Read): void {
  const places = names.map((name) => NAMES.indexOf(name));
  expect(places).toEqual(places.toSorted((a, b) => a - b));
  places.forEach((place, index) =>
    expect(Buffer.from(bytes[index] ?? []).equals(ENTRIES[place] ?? Buffer.of(0))).toBe(true),
  );
}

test("reading gives what was written, and the archive is smaller", async () => {
  const { names, reasons, bytes } = await read(archive);
  expect(names).toEqual(NAMES);
  expect(reasons).toEqual([]);
  bytes.forEach((each, index) => expect(each).toEqual(Buffer.from(ENTRIES[index] ?? [])));
  const written = await writeArchive(path, ENTRIES);
  expect(written).toEqual({
    count: 5,
    bytes: ENTRIES.reduce((sum, { length }) => sum + length, 0),
    archiveBytes: archive.length,
  });
  expect(written.archiveBytes).toBeLessThan(written.bytes);
  expect(readdirSync(folder).filter((name) => name.endsWith(".tmp"))).toEqual([]);
});

test("may be empty", async () => {
  const empty = join(folder, "empty.ewa");
  expect(await writeArchive(empty, [])).toMatchObject({ count: 0, bytes: 0 });
  expect(await read(readFileSync(empty))).toEqual({ names: [], reasons: [], bytes: [] });
});

test("an error among the entries leaves no new file, and keeps the old archive", async () => {
  await expect(
    writeArchive(
      path,
      (function* () {
        yield ENTRIES[0] ?? new Uint8Array();
        throw new Error("the disk is gone");
      })(),
    ),
  ).rejects.toThrow("the disk is gone");
  expect(readFileSync(path)).toEqual(archive);
  expect(readdirSync(folder).filter((name) => name.endsWith(".tmp"))).toEqual([]);
});

test.each([
  ["that is not there", join(folder, "absent.ewa"), "EW_PATH_NOT_FOUND"],
  ["that is a folder", folder, "EW_BAD_ARGUMENT"],
])("a path %s fails with its code", async (_, file, code) => {
  await expect(readArchive(file).next()).rejects.toMatchObject({ code });
});

test("a path that cannot be written fails with its code", async () => {
  await expect(writeArchive(join(folder, "no", "such", "x.ewa"), [])).rejects.toMatchObject({
    code: "EW_PATH_UNWRITABLE",
  });
});

test("a link stays a link to the archive; a device stays a device", async () => {
  const link = join(folder, "link.ewa");
  symlinkSync("linked.ewa", link);
  await writeArchive(link, ENTRIES);
  expect(readlinkSync(link)).toBe("linked.ewa");
  expect((await read(readFileSync(join(folder, "linked.ewa")))).names).toEqual(NAMES);
  await writeArchive("/dev/null", ENTRIES);
  expect(lstatSync("/dev/null").isCharacterDevice()).toBe(true);
  const pipe = join(folder, "pipe");
  execFileSync("mkfifo", [pipe]);
  await expect(readArchive(pipe).next()).rejects.toMatchObject({ code: "EW_BAD_ARGUMENT" });
});

describe("damage", () => {
  test.each([
    ["nothing", Buffer.alloc(0)],
    ["a text", Buffer.from("this is no archive at all, I fear")],
    ["a ZIP file", Buffer.concat([Buffer.from("PK\x03\x04"), Buffer.alloc(100)])],
  ])("%s is no archive", async (_, bytes) => {
    await expect(read(bytes)).rejects.toMatchObject({ code: "EW_BAD_ARGUMENT" });
  });

  test("an archive of another format is refused with its format", async () => {
    const other = Buffer.from(archive);
    other.writeUInt32LE(7, 8);
    await expect(read(other)).rejects.toThrow("format 7, and 1 is read");
  });

  test("a truncated archive gives its intact entries, and reports the truncation", async () => {
    for (let size = 16; size < archive.length; size += 83) {
      const result = await read(archive.subarray(0, size));
      expectTrue(result);
      expect(result.reasons).toHaveLength(1);
      expect(result.reasons[0]).toMatch(/ends in the middle/);
    }
  });

  test("a flipped byte loses at most one entry, and every loss is reported", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 16, max: archive.length - 1 }),
        fc.integer({ min: 1, max: 255 }),
        async (at, change) => {
          const damaged = Buffer.from(archive);
          damaged[at] = (damaged[at] ?? 0) ^ change;
          const result = await read(damaged);
          expectTrue(result);
          expect(result.names.length).toBeGreaterThanOrEqual(NAMES.length - 1);
          // The last four bytes have no meaning. A change anywhere else is reported.
          if (at < archive.length - 4) expect(result.reasons.length).toBeGreaterThan(0);
        },
      ),
      propertyRuns(100),
    );
  });

  test("a hole in the middle loses only the entries there", async () => {
    const at = archive.length >> 1;
    const result = await read(Buffer.concat([archive.subarray(0, at), archive.subarray(at + 200)]));
    expectTrue(result);
    expect(result.reasons.length).toBeGreaterThan(0);
    expect(result.names).toContain("scan");
  });

  const record = (packedBytes: number, entrySize: number, packed: Uint8Array): Buffer => {
    const sizes = Buffer.alloc(8);
    sizes.writeUInt32LE(packedBytes, 0);
    sizes.writeUInt32LE(entrySize, 4);
    const digest = createHash("sha256").update(sizes).update(packed).digest().subarray(0, 16);
    return Buffer.concat([Buffer.from("\x01ewentry", "latin1"), sizes, digest, packed]);
  };

  // The limit is 64 bytes per byte of the file, plus 64 MiB. One of these records fits, two do not.
  test("records that would unpack to more than the limit are not unpacked", async () => {
    const entrySize = 48 << 20;
    const bomb = brotliCompressSync(Buffer.alloc(entrySize), {
      params: { [constants.BROTLI_PARAM_QUALITY]: 5 },
    });
    const bombs = Array.from({ length: 40 }, () => record(bomb.length, entrySize, bomb));
    const { names, reasons } = await read(
      Buffer.concat([archive.subarray(0, 16), ...bombs, archive.subarray(16)]),
    );
    expect(reasons.slice(0, 40).map((reason) => /does not begin|would unfold/.exec(reason)?.[0])).toEqual([
      "does not begin",
      ...Array.from({ length: 39 }, () => "would unfold"),
    ]);
    expect(names).toEqual(NAMES); // later entries still fit
  });

  test("records that claim to overlap are checked only in proportion to the file's size", async () => {
    const count = 20_000;
    const size = count * 32;
    const heads = Array.from({ length: count }, (_, index) =>
      record(size - (index + 1) * 32, 100, new Uint8Array()),
    );
    const { names, reasons } = await read(Buffer.concat([archive.subarray(0, 16), ...heads]));
    expect(names).toEqual([]);
    expect(reasons.at(-1)).toMatch(/too many entries overlap/);
    // The limit is 8 bytes per byte of the file, plus 64 MiB. Each record takes nearly the whole file.
    expect(reasons.length).toBeLessThan((8 * size + (64 << 20)) / (size / 2));
  });

  test("twenty thousand marks without an entry are skipped one by one", async () => {
    const count = 20_000;
    const marks = Buffer.from("\x01ewentry".repeat(count), "latin1");
    const { reasons } = await read(Buffer.concat([archive.subarray(0, 16), marks, archive.subarray(16)]));
    expect(reasons.length).toBeGreaterThan(count - 10);
  });

  test("records that lie about their size are refused", async () => {
    const end = Buffer.concat([Buffer.from("\x04ew-end\n", "latin1"), Buffer.from([1, 0, 0, 0, 0, 0, 0, 0])]);
    const bomb = brotliCompressSync(Buffer.alloc(50_000_000), {
      params: { [constants.BROTLI_PARAM_QUALITY]: 1 },
    });
    for (const [bytes, reason] of [
      [record(bomb.length, 1000, bomb), /cannot be unpacked/],
      [record(20, 10, Buffer.alloc(20, 7)), /cannot be unpacked/],
      [record(100, 0xffff_ffff, Buffer.alloc(100)), /claims to have 4294967295 bytes/],
      [record(0, 0, Buffer.alloc(0)), /cannot be unpacked|too few/],
    ] as const) {
      const result = await read(Buffer.concat([archive.subarray(0, 16), bytes, end]));
      expect(result.names).toEqual([]);
      expect(result.reasons[0]).toMatch(reason);
    }
  });
});
