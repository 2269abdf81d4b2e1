import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeEach, describe, expect, test } from "vitest";
import { cacheDirectory } from "./cache-folder.ts";
import { DiskStore } from "./disk-store.ts";
import { encodeEntry, type Entry, type EntryHeader } from "../entries/entry-file.ts";
import { isGone, processToken, TOKEN_PATTERN } from "../../storage/process-token.ts";
import { withBuildLock, takeBuildLock, whenUnlocked } from "./build-lock.ts";
import { patientMs } from "../../../test/support/patience.ts";

const root = mkdtempSync(join(tmpdir(), "disk-store-"));
afterAll(() => rmSync(root, { recursive: true }));
let folder = root;
let count = 0;
beforeEach(() => {
  folder = join(root, String(count++));
});

const DAY_MS = 24 * 3600 * 1000;
const idOf = (digit: string): string => `${digit.repeat(32)}.${"b".repeat(16)}.${"c".repeat(16)}`;

function entry(digit: string, lastUseMs = Date.now(), words = 100): Entry {
  const header: EntryHeader = {
    id: idOf(digit),
    name: `kernel ${digit}`,
    nameKey: digit,
    target: { device: "d", driver: "r", dataKey: "00" },
    compiler: "c",
    entryPoint: "main",
    constants: {},
    pushConstantBytes: 0,
    pipelineKey: "p",
    createdAtMs: 0,
    compileMs: 1,
    driverMs: 1,
  };
  return { header, spirv: new Uint32Array(words), data: undefined, use: { uses: 1, lastUseMs } };
}

async function storeOf(...entries: readonly Entry[]): Promise<DiskStore> {
  const store = await DiskStore.open(folder);
  for (const each of entries) expect(await store.publish(each, encodeEntry(each, each.use))).toBe(true);
  await store.saveManifest();
  return store;
}
const names = (): string[] => readdirSync(join(folder, "entries")).map((name) => name.slice(0, 1));

describe("prune", () => {
  test("by age removes entries that were unused for so long, and ignores times in the future", async () => {
    const now = Date.now();
    const store = await storeOf(
      entry("1", now - 40 * DAY_MS),
      entry("2", now - 20 * DAY_MS),
      entry("3", now + 4000 * DAY_MS),
      entry("4", 0),
    );
    await store.noteUse(idOf("4"));
    expect(await store.prune({ maxAgeDays: 30 })).toMatchObject({ removed: 1, kept: 3 });
    expect(names()).toEqual(["2", "3", "4"]);
    const later = await DiskStore.open(folder);
    expect([...later.manifest.rows.keys()]).toEqual(["2", "3", "4"].map(idOf));
    expect(later.manifest.rows.get(idOf("4"))).toMatchObject({ uses: 2 });
    expect([...later.manifest.evicted]).toEqual([idOf("1")]);
  });

  test("by size removes the longest unused until the rest has room", async () => {
    const now = Date.now();
    const store = await storeOf(entry("1", now - 1000), entry("2", now - 3000), entry("3", now - 2000));
    const bytes = encodeEntry(entry("1")).length;
    const answer = await store.prune({ maxBytes: 2 * bytes });
    expect(answer).toEqual({ removed: 1, removedBytes: bytes, kept: 2, keptBytes: 2 * bytes });
    expect(names()).toEqual(["1", "3"]);
    expect(await store.prune({ maxBytes: 2 * bytes })).toMatchObject({ removed: 0 });
    expect(await store.prune({})).toMatchObject({ removed: 0, kept: 2 });
  });

  test("removes files of dead processes, and no file of living ones", async () => {
    const store = await storeOf(entry("1"));
    const dead = `${processToken().split(".").slice(0, 2).join(".")}.${process.pid}.1`;
    const left = [join(folder, "entries", `.${dead}.aa.tmp`), join(folder, `.${dead}.bb.tmp`)];
    const alive = [join(folder, "entries", `.${processToken()}.cc.tmp`)];
    for (const path of [...left, ...alive]) writeFileSync(path, "x");
    symlinkSync(dead, join(folder, "locks", "dead"));
    symlinkSync(processToken(), join(folder, "locks", "alive"));
    mkdirSync(join(folder, "marks"));
    for (const id of [idOf("1"), idOf("2")]) writeFileSync(join(folder, "marks", `${id}~suspicion`), "{}");
    await store.prune({});
    expect(readdirSync(join(folder, "marks"))).toEqual([`${idOf("1")}~suspicion`]);
    expect(readdirSync(join(folder, "entries")).filter((name) => name.endsWith(".tmp"))).toHaveLength(1);
    expect(readdirSync(folder).filter((name) => name.endsWith(".tmp"))).toEqual([]);
    expect(readdirSync(join(folder, "locks"))).toEqual(["alive"]);
  });
});

test("entries of another version of everwarp stay, damaged ones are moved away", async () => {
  const store = await storeOf(entry("1"), entry("2"), entry("3"));
  for (const [digit, place] of [
    ["1", 8],
    ["2", 100],
  ] as const) {
    const bytes = readFileSync(store.pathOf(idOf(digit)));
    bytes[place] = (bytes[place] ?? 0) ^ 2;
    writeFileSync(store.pathOf(idOf(digit)), bytes);
  }
  expect(await store.verify()).toMatchObject({ good: [{ id: idOf("3") }], bad: [{ id: idOf("2") }] });
  expect(names()).toEqual(["1", "3"]);
  // A reader that computed this name itself knows that the entry is damaged.
  expect(await store.read(idOf("1"))).toMatchObject({ state: "bad" });
  expect(names()).toEqual(["3"]);
});

test("the manifest merges the knowledge of all writers, and missing entries are read", async () => {
  const [first, second] = [await DiskStore.open(folder), await DiskStore.open(folder)];
  const publish = (store: DiskStore, each: Entry): Promise<boolean> => store.publish(each, encodeEntry(each));
  await publish(first, entry("1"));
  await publish(second, entry("2"));
  await Promise.all([first.saveManifest(), second.saveManifest()]);
  const third = await DiskStore.open(folder);
  await publish(third, entry("3")); // and is killed before it can write the manifest
  const later = await DiskStore.open(folder);
  expect([...later.manifest.rows.keys()].toSorted()).toEqual([idOf("1"), idOf("2")]);
  await later.reconcile();
  expect(later.manifest.rows.get(idOf("3"))).toMatchObject({ name: "kernel 3" });
});

test("numbers are summed up", async () => {
  const stores = await Promise.all(Array.from({ length: 5 }, () => DiskStore.open(folder)));
  await Promise.all(stores.map((store) => store.addStats({ a: 1, b: 2 })));
  expect(await stores[0]?.readStats()).toEqual({ a: 5, b: 10 });
});

test("clear removes everything", async () => {
  const store = await storeOf(entry("1"), entry("2"));
  mkdirSync(join(folder, "quarantine"));
  expect(await store.clear()).toMatchObject({ removed: 2, kept: 0 });
  expect(readdirSync(folder)).toEqual([]);
});

describe("a build lock", () => {
  const dead = (): string => `${processToken().split(".").slice(0, 2).join(".")}.${process.pid}.1`;

  test("is held by one at a time", async () => {
    const path = join(folder, "locks", "one");
    const lock = await takeBuildLock(path);
    expect(lock.state).toBe("taken");
    expect(await takeBuildLock(path)).toEqual({ state: "busy" });
    expect(await whenUnlocked(path, 5)).toBe(false);
    if (lock.state === "taken") await lock.end();
    expect(await whenUnlocked(path, 5)).toBe(true);
    let inside = 0;
    await Promise.all(
      Array.from({ length: 8 }, () =>
        withBuildLock(path, patientMs(10_000), async () => {
          expect(++inside).toBe(1);
          await new Promise((resolve) => setTimeout(resolve, 2));
          inside--;
        }),
      ),
    );
  });

  test("of a dead process, or older than the limit, is ignored", async () => {
    const path = join(folder, "one");
    mkdirSync(folder);
    symlinkSync(dead(), path);
    expect((await takeBuildLock(path)).state).toBe("taken");
    rmSync(path);
    symlinkSync("nonsense", path);
    expect(await whenUnlocked(path, 0)).toBe(true);
    rmSync(path);
    // A lock of another machine is valid until it is too old.
    symlinkSync("0123456789ab.01234567.1.1", path);
    expect(await takeBuildLock(path)).toEqual({ state: "busy" });
  });

  test("is impossible in a read-only folder, and nobody waits for it", async () => {
    writeFileSync(folder, "");
    expect(await takeBuildLock(join(folder, "one"))).toEqual({ state: "impossible" });
    expect(await withBuildLock(join(folder, "one"), 10_000, () => Promise.resolve(7))).toBe(7);
  });
});

test("a process token is unique, and tells whether its process is gone", () => {
  const own = processToken();
  expect(own).toMatch(TOKEN_PATTERN);
  expect(isGone(own, 1e12)).toBe(false);
  const [machine, boot, pid, start] = own.split(".");
  expect(isGone(`${machine}.${boot}.${process.ppid}.0`, 0)).toBe(false);
  expect(isGone(`${machine}.${boot}.${pid}.${Number(start) - 1}`, 0)).toBe(true); // the process id was reused
  expect(isGone(`${machine}.00000000.${pid}.${start}`, 0)).toBe(true); // before the last boot
  expect(isGone(`${machine}.${boot}.0.0`, 0)).toBe(true);
  expect(isGone(`000000000000.${boot}.${pid}.1`, 1000)).toBe(false);
  expect(isGone(`000000000000.${boot}.${pid}.1`, 2 * DAY_MS)).toBe(true);
  expect(isGone(`000000000000.${boot}.${pid}.1`, -2 * DAY_MS)).toBe(true);
});

test("the folder for programs", () => {
  expect(cacheDirectory({ EVERWARP_CACHE_DIR: "/a", XDG_CACHE_HOME: "/b" })).toBe("/a");
  expect(cacheDirectory({ EVERWARP_CACHE_DIR: "", XDG_CACHE_HOME: "/b" })).toBe("/b/everwarp/programs");
  expect(cacheDirectory({})).toMatch(/\.cache\/everwarp\/programs$/);
  expect(cacheDirectory({ EVERWARP_CACHE_DIR: "/a", EVERWARP_PROGRAM_CACHE: "off" })).toBeUndefined();
});
