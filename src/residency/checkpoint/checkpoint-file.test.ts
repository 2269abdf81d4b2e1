import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import {
  mkdirSync,
  lstatSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, expect, test } from "vitest";
import { processToken } from "../../storage/process-token.ts";
import { loadCheckpoint, saveCheckpoint } from "./checkpoint-file.ts";
import type { Checkpoint, CheckpointIdentity } from "./checkpoint-format.ts";

const folder = mkdtempSync(join(tmpdir(), "everwarp-checkpoint-"));
afterAll(() => rmSync(folder, { recursive: true }));
const failing = (code: string): Error => expect.objectContaining({ code }) as Error;

const identity: CheckpointIdentity = {
  deviceKey: "device-1",
  driverKey: "driver-1.2.3",
  kernelKey: "kernel-5f",
  layoutHash: "layout-77",
};
const small: Checkpoint = {
  identity,
  progress: { iterations: 12, phase: "parked", sequences: [7, 2], taken: 9, workgroupCount: 3 },
  sections: new Map([
    ["cursors", Uint8Array.of(1, 2, 3, 4, 5)],
    ["empty", new Uint8Array()],
    ["state:history", Uint8Array.of(0, 0, 0, 255)],
  ]),
};

async function savedBytes(checkpoint: Checkpoint): Promise<Buffer> {
  const file = join(folder, "saved");
  await saveCheckpoint(file, checkpoint);
  return readFileSync(file);
}

/** Loads bytes as a checkpoint. Gives the checkpoint, or the code of the error. */
async function load(bytes: Uint8Array, expected = identity): Promise<Checkpoint | string> {
  const file = join(folder, "loaded");
  writeFileSync(file, bytes);
  return loadCheckpoint(file, expected).catch((error: { code: string }) => error.code);
}

const count = fc.oneof(fc.nat(), fc.maxSafeNat());
const text = fc.string({ unit: "binary" });
const sections = fc
  .uniqueArray(fc.tuple(text, fc.uint8Array({ maxLength: 300 })), {
    selector: ([name]) => name,
    maxLength: 6,
  })
  .map((entries) => new Map(entries));
const checkpoints: fc.Arbitrary<Checkpoint> = fc.record({
  identity: fc.record({ deviceKey: text, driverKey: text, kernelKey: text, layoutHash: text }),
  progress: fc.record({
    iterations: count,
    phase: text,
    sequences: fc.array(count, { maxLength: 3 }),
    taken: count,
    workgroupCount: count,
  }),
  sections,
});

test("loading gives exactly what was saved", async () => {
  const file = join(folder, "round trip");
  await fc.assert(
    fc.asyncProperty(checkpoints, async (checkpoint) => {
      await saveCheckpoint(file, checkpoint);
      const loaded = await loadCheckpoint(file, checkpoint.identity);
      expect(loaded).toEqual(checkpoint);
      expect([...loaded.sections.keys()]).toEqual([...checkpoint.sections.keys()]);
    }),
    { numRuns: 60 },
  );
});

test("sections of many slices, details, and views into larger buffers", async () => {
  const content = new Uint8Array((5 << 20) + 13);
  for (let i = 0; i < content.length; i += 97) content[i] = i;
  const details = { journal: [1, 2], "__proto__ of": null, text: "ü" };
  const checkpoint: Checkpoint = {
    identity,
    progress: { ...small.progress, details },
    sections: new Map([
      ["state", content.subarray(3)],
      ["last", Uint8Array.of(9)],
    ]),
  };
  const file = join(folder, "large");
  await saveCheckpoint(file, checkpoint);
  const loaded = await loadCheckpoint(file, identity);
  expect(loaded.progress.details).toEqual(details);
  expect(Buffer.compare(loaded.sections.get("state") ?? content, content.subarray(3))).toBe(0);
  expect(loaded.sections.get("last")).toEqual(Uint8Array.of(9));
});

test("every flipped bit is EW_CHECKPOINT_CORRUPTED", async () => {
  const bytes = await savedBytes(small);
  expect(await load(bytes)).toEqual(small);
  const survivors: string[] = [];
  for (let offset = 0; offset < bytes.length; offset++) {
    for (const mask of [1, 2, 4, 8, 16, 32, 64, 128, 255]) {
      const damaged = Uint8Array.from(bytes);
      damaged[offset] = (damaged[offset] ?? 0) ^ mask;
      const found = await load(damaged);
      if (found !== "EW_CHECKPOINT_CORRUPTED")
        survivors.push(`${offset} ^ ${mask}: ${JSON.stringify(found)}`);
    }
  }
  expect(survivors).toEqual([]);
});

test("a shorter file is EW_CHECKPOINT_TRUNCATED, a longer one is EW_CHECKPOINT_CORRUPTED", async () => {
  const bytes = await savedBytes(small);
  const found = new Map<string, number>();
  for (let length = 0; length < bytes.length; length++) {
    const code = JSON.stringify(await load(bytes.subarray(0, length)));
    found.set(code, (found.get(code) ?? 0) + 1);
  }
  expect([...found]).toEqual([['"EW_CHECKPOINT_TRUNCATED"', bytes.length]]);
  expect(await load(Buffer.concat([bytes, Buffer.of(0)]))).toBe("EW_CHECKPOINT_CORRUPTED");
  expect(await load(Buffer.concat([bytes, bytes]))).toBe("EW_CHECKPOINT_CORRUPTED");
});

test("damage of any kind is one of the known errors, never another checkpoint", async () => {
  const bytes = await savedBytes(small);
  const edits = fc.array(fc.tuple(fc.nat(bytes.length - 1), fc.nat(255)), { minLength: 1, maxLength: 8 });
  await fc.assert(
    fc.asyncProperty(edits, fc.nat(bytes.length), fc.uint8Array(), async (places, keep, tail) => {
      const damaged = Buffer.concat([bytes.subarray(0, keep), tail]);
      for (const [offset, value] of places) if (offset < damaged.length) damaged[offset] = value;
      fc.pre(!damaged.equals(bytes));
      expect(await load(damaged)).toMatch(/^EW_CHECKPOINT_(TRUNCATED|CORRUPTED)$/);
    }),
  );
});

test("sections of equal size that were swapped are refused", async () => {
  const references = new Map([
    ["a", Uint8Array.of(1, 1)],
    ["b", Uint8Array.of(2, 2)],
  ]);
  const bytes = await savedBytes({ ...small, sections: references });
  const sectionBytes = 2 + 32;
  const head = bytes.subarray(0, bytes.length - 2 * sectionBytes);
  const [a, b] = [bytes.subarray(head.length, head.length + sectionBytes), bytes.subarray(-sectionBytes)];
  expect(await load(Buffer.concat([head, b, a]))).toBe("EW_CHECKPOINT_CORRUPTED");
  expect(await load(Buffer.concat([head, a, b]))).toEqual({ ...small, sections: references });
});

test.each([
  ["an empty file", "", "EW_CHECKPOINT_TRUNCATED"],
  ["a text", "this is no checkpoint", "EW_CHECKPOINT_CORRUPTED"],
  ["zeros", "\0".repeat(4096), "EW_CHECKPOINT_CORRUPTED"],
])("%s", async (_what, contents, code) => {
  expect(await load(Buffer.from(contents))).toBe(code);
});

/** Makes a file with correct checksums and wrong content. Accidents do not make such files; a newer version could. */
async function forge(change: (prelude: Buffer, header: Record<string, unknown>) => void): Promise<Buffer> {
  const { createHash } = await import("node:crypto");
  const sha256 = (bytes: Uint8Array): Buffer => createHash("sha256").update(bytes).digest();
  const bytes = await savedBytes(small);
  const prelude = Buffer.from(bytes.subarray(0, 88));
  const header = JSON.parse(bytes.subarray(88, 88 + prelude.readUInt32LE(12)).toString()) as Record<
    string,
    unknown
  >;
  const rest = bytes.subarray(88 + prelude.readUInt32LE(12));
  change(prelude, header);
  const json = Buffer.from(JSON.stringify(header));
  if (prelude.readUInt32LE(12) === bytes.readUInt32LE(12)) prelude.writeUInt32LE(json.length, 12);
  const total = prelude.length + json.length + rest.length;
  if (prelude.readBigUInt64LE(16) === bytes.readBigUInt64LE(16)) prelude.writeBigUInt64LE(BigInt(total), 16);
  sha256(prelude.subarray(0, 24)).copy(prelude, 24);
  sha256(json).copy(prelude, 56);
  return Buffer.concat([prelude, json, rest]);
}

test("another version of the format is EW_CHECKPOINT_OUTDATED", async () => {
  for (const version of [0, 2, 0xffff_ffff])
    expect(await load(await forge((prelude) => prelude.writeUInt32LE(version, 8)))).toBe(
      "EW_CHECKPOINT_OUTDATED",
    );
});

test("a header or section that claims terabytes is refused before memory is allocated", async () => {
  const claims: Parameters<typeof forge>[0][] = [
    (prelude) => prelude.writeUInt32LE(0xffff_ffff, 12),
    (prelude) => prelude.writeUInt32LE(0, 12),
    (_, header) => (header["sections"] = [{ name: "state", sizeBytes: 2 ** 45 }]),
    (_, header) =>
      (header["sections"] = [
        { name: "a", sizeBytes: Number.MAX_SAFE_INTEGER },
        { name: "b", sizeBytes: Number.MAX_SAFE_INTEGER },
      ]),
    (_, header) => (header["sections"] = [{ name: "state", sizeBytes: -1 }]),
    (_, header) => (header["sections"] = [{ name: "state", sizeBytes: 0.5 }]),
    (_, header) => (header["sections"] = []),
    (_, header) => (header["sections"] = "none"),
    (_, header) => (header["progress"] = null),
    (_, header) => (header["identity"] = { ...identity, kernelKey: 5 }),
  ];
  const before = process.memoryUsage().rss;
  for (const claim of claims) expect(await load(await forge(claim))).toBe("EW_CHECKPOINT_CORRUPTED");
  expect(await load(await forge((prelude) => prelude.writeBigUInt64LE(2n ** 63n, 16)))).toBe(
    "EW_CHECKPOINT_TRUNCATED",
  );
  expect(process.memoryUsage().rss - before).toBeLessThan(256 << 20);
});

test.each([
  [{ kernelKey: "kernel-60" }, "EW_CHECKPOINT_OTHER_KERNEL"],
  [{ kernelKey: "kernel-60", layoutHash: "layout-78", deviceKey: "device-2" }, "EW_CHECKPOINT_OTHER_KERNEL"],
  [{ layoutHash: "layout-78" }, "EW_CHECKPOINT_OUTDATED"],
  [{ deviceKey: "device-2" }, "EW_CHECKPOINT_OTHER_DEVICE"],
  [{ driverKey: "driver-1.2.4" }, "EW_CHECKPOINT_OTHER_DEVICE"],
])("reading it with the identity %j gives %s", async (other, code) => {
  const bytes = await savedBytes(small);
  expect(await load(bytes, { ...identity, ...other })).toBe(code);
  const file = join(folder, "loaded");
  const anyDevice = loadCheckpoint(file, { ...identity, ...other }, { allowOtherDevice: true });
  if (code === "EW_CHECKPOINT_OTHER_DEVICE") expect(await anyDevice).toEqual(small);
  else await expect(anyDevice).rejects.toThrow(failing(code));
});

test.each([
  ["a negative count", { progress: { ...small.progress, taken: -1 } }],
  ["no count", { progress: { ...small.progress, iterations: Number.NaN } }],
  ["a header beyond the limit", { progress: { ...small.progress, details: "x".repeat(1 << 20) } }],
])("%s is refused when saving", async (_what, part) => {
  const file = join(folder, "refused");
  await expect(saveCheckpoint(file, { ...small, ...part })).rejects.toThrow(failing("EW_BAD_ARGUMENT"));
  expect(readdirSync(folder)).not.toContain("refused");
});

test("invalid paths", async () => {
  await expect(loadCheckpoint(join(folder, "nowhere"), identity)).rejects.toThrow(
    failing("EW_PATH_NOT_FOUND"),
  );
  await expect(loadCheckpoint(folder, identity)).rejects.toThrow(failing("EW_PATH_UNREADABLE"));
  await expect(saveCheckpoint(join(folder, "no", "such"), small)).rejects.toThrow(
    failing("EW_PATH_NOT_FOUND"),
  );
  const busy = join(folder, "busy");
  mkdirSync(join(busy, "inner"), { recursive: true });
  await expect(saveCheckpoint(busy, small)).rejects.toThrow(failing("EW_PATH_UNWRITABLE"));
  expect(readdirSync(folder).filter((name) => name.startsWith(".everwarp"))).toEqual([]);
  const pipe = join(folder, "pipe");
  execFileSync("sh", ["-c", 'mkfifo "$0"', pipe]);
  // A pipe has no end, so it cannot be read as a checkpoint.
  await expect(loadCheckpoint(pipe, identity)).rejects.toThrow(failing("EW_PATH_UNREADABLE"));
});

test("a name of the maximum length, and a symbolic link that stays one", async () => {
  const long = join(folder, "n".repeat(255));
  await saveCheckpoint(long, small);
  expect(await loadCheckpoint(long, identity)).toEqual(small);
  const target = join(folder, "target");
  const link = join(folder, "link");
  writeFileSync(target, "");
  symlinkSync(target, link);
  await saveCheckpoint(link, small);
  expect(await loadCheckpoint(target, identity)).toEqual(small);
});

test("a pipe or a device gets the bytes and stays what it is", async () => {
  await saveCheckpoint("/dev/null", small);
  expect(lstatSync("/dev/null").isCharacterDevice()).toBe(true);
  await expect(saveCheckpoint("/dev/full", small)).rejects.toThrow(failing("EW_PATH_UNWRITABLE"));
  const pipe = join(folder, "written pipe");
  execFileSync("mkfifo", [pipe]);
  const copy = join(folder, "from the pipe");
  const ended = once(spawn("sh", ["-c", 'cat "$0" > "$1"', pipe, copy]), "exit");
  await saveCheckpoint(pipe, small);
  await ended;
  expect(lstatSync(pipe).isFIFO()).toBe(true);
  expect(await loadCheckpoint(copy, identity)).toEqual(small);
});

test("leftovers that cannot be removed stay, and the save still succeeds", async () => {
  const place = join(folder, "sticky");
  mkdirSync(place);
  const longAgo = Date.now() / 1000 - 2 * 24 * 3600;
  const [machine, boot] = processToken().split(".");
  const names = [
    ".everwarp-checkpoint.0123456789ab.1.aaaa",
    `.everwarp-${machine}.${boot}.${process.pid}.1.aa.tmp`,
  ];
  for (const name of names) {
    mkdirSync(join(place, name, "inner"), { recursive: true });
    utimesSync(join(place, name), longAgo, longAgo);
  }
  await saveCheckpoint(join(place, "saved"), small);
  expect(await loadCheckpoint(join(place, "saved"), identity)).toEqual(small);
  expect(readdirSync(place).toSorted()).toEqual([...names, "saved"].toSorted());
});

test("a file that shrinks while it is read is EW_CHECKPOINT_TRUNCATED", async () => {
  const file = join(folder, "shrinking");
  const state = new Uint8Array(64 << 20);
  await saveCheckpoint(file, { ...small, sections: new Map([["state", state]]) });
  // The read starts with the call and continues in turns of the event loop. After one turn it is in progress.
  for (let turns = 1; ; turns++) {
    const loading = loadCheckpoint(file, identity).then(
      () => "whole",
      (error: unknown) => error,
    );
    for (let turn = 0; turn < turns; turn++) await new Promise((resolve) => setImmediate(resolve));
    truncateSync(file, 1 << 20);
    const outcome = await loading;
    if (outcome !== "whole") {
      expect(() => {
        throw outcome;
      }).toThrow(failing("EW_CHECKPOINT_TRUNCATED"));
      break;
    }
    await saveCheckpoint(file, { ...small, sections: new Map([["state", state]]) });
  }
});

test("concurrent saves do not disturb each other: one of them remains, complete", async () => {
  const file = join(folder, "contended");
  const versions = Array.from({ length: 8 }, (_, index): Checkpoint => ({
    ...small,
    sections: new Map([["state", new Uint8Array(100_000).fill(index)]]),
  }));
  await Promise.all(versions.map((version) => saveCheckpoint(file, version)));
  expect(versions).toContainEqual(await loadCheckpoint(file, identity));
});

test("old leftovers of other processes are removed, files being written stay", async () => {
  const old = join(folder, ".everwarp-checkpoint.0123456789ab.1.aaaa");
  const young = join(folder, ".everwarp-checkpoint.0123456789ab.1.bbbb");
  for (const file of [old, young]) writeFileSync(file, "part of a checkpoint");
  const twoDaysAgo = Date.now() / 1000 - 2 * 24 * 3600;
  utimesSync(old, twoDaysAgo, twoDaysAgo);
  await saveCheckpoint(join(folder, "saved"), small);
  expect(readdirSync(folder).filter((name) => name.startsWith(".everwarp"))).toEqual([
    ".everwarp-checkpoint.0123456789ab.1.bbbb",
  ]);
  rmSync(young);
});
