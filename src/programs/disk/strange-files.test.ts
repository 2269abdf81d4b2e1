/** Strange files in the place of cache files: nothing waits for them or follows them for ever, and the cache works. */
import { execFileSync } from "node:child_process";
import { mkdirSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { describe, expect, test } from "vitest";
import { eachInFreshFolder } from "../../../test/support/fresh-folder.ts";
import { entryBytes, entryId } from "../../../test/support/program-entries.ts";
import { findPrecompiled } from "../sources/precompiled.ts";
import { CrashGuard } from "./crash-guard.ts";
import { DiskStore } from "./disk-store.ts";
import { decodeEntry, type Entry } from "../entries/entry-file.ts";
import { decodeManifest } from "./manifest.ts";
import { withBuildLock } from "./build-lock.ts";

let folder = "";
eachInFreshFolder("strange", (made) => (folder = made));

const BYTES = entryBytes("a program");
const ID = entryId("a program");

function entryOf(bytes: Uint8Array): Entry {
  const decoded = decodeEntry(bytes);
  if (!decoded.ok) throw new Error(decoded.reason);
  return decoded.entry;
}

const KINDS: [string, (path: string) => void][] = [
  ["a pipe", (path) => execFileSync("mkfifo", [path])],
  ["a folder", (path) => mkdirSync(join(path, "inner"), { recursive: true })],
  ["a link to itself", (path) => symlinkSync(path, path)],
  ["a link to nothing", (path) => symlinkSync(join(path, "nothing"), path)],
  ["a link to a device without end", (path) => symlinkSync("/dev/zero", path)],
  ["an empty file", (path) => writeFileSync(path, "")],
  ["null", (path) => writeFileSync(path, "null")],
];

describe.each(KINDS)("%s", (kind, make) => {
  function put(...names: string[]): string {
    const path = join(folder, ...names);
    mkdirSync(dirname(path), { recursive: true });
    rmSync(path, { recursive: true, force: true });
    make(path);
    return path;
  }

  test("in the place of an entry is moved away, and replaced", async () => {
    put("entries", `${ID}.ewp`);
    const store = await DiskStore.open(folder);
    await store.noteUse(ID);
    expect((await store.read(ID)).state).toMatch(/bad|absent/);
    expect((await store.verify()).good).toEqual([]);
    expect(await store.publish(entryOf(BYTES), BYTES)).toBe(true);
    expect((await store.read(ID)).state).toBe("found");
  });

  test("in the place of manifest.json and stats.json loses only their content", async () => {
    for (const name of ["manifest.json", "stats.json"]) put(name);
    const store = await DiskStore.open(folder);
    expect(store.manifest.rows.size).toBe(0);
    expect(await store.readStats()).toEqual({});
    expect(await store.publish(entryOf(BYTES), BYTES)).toBe(true);
    await store.addStats({ hits: 2 });
    await store.saveManifest();
    const isFolder = kind === "a folder"; // the store must not empty a folder
    expect(store.troubles.writes > 0).toBe(isFolder);
    const later = await DiskStore.open(folder);
    expect(await later.readStats()).toEqual(isFolder ? {} : { hits: 2 });
    expect([...later.manifest.rows.keys()]).toEqual(isFolder ? [] : [ID]);
    expect((await later.verify()).good).toHaveLength(1);
    expect(await later.clear()).toMatchObject({ removed: 1, kept: 0 });
    expect(readdirSync(folder).filter((name) => name !== "locks")).toEqual([]);
  });

  test("in the place of a build lock does not count as a lock", async () => {
    const path = put("locks", "manifest");
    expect(await withBuildLock(path, 50, () => Promise.resolve(7))).toBe(7);
  });

  test("in the place of marks and suspicions does not count as a crash", () => {
    put("marks", `${ID}~suspicion`);
    const guard = new CrashGuard(folder);
    expect(guard.judge(ID)).toBe("good");
    expect(guard.guarded(ID, () => 7)).toEqual({ value: 7 });
    guard.rebuilt(ID);
    expect(guard.judge(ID)).toBe("good");
  });

  test("in the place of a precompiled module counts as missing or damaged", () => {
    put("key.spv");
    let found: unknown;
    try {
      found = findPrecompiled("key", folder);
    } catch (error) {
      expect(error).toMatchObject({ code: "EW_BAD_SPIRV" });
    }
    expect(found).toBeUndefined();
  });
});

test("a cache in a read-only folder keeps nothing", async () => {
  for (const place of ["/proc/everwarp/programs", "/dev/null/programs"]) {
    const store = await DiskStore.open(place);
    expect(await store.publish(entryOf(BYTES), BYTES)).toBe(false);
    store.publishAtExit(ID, BYTES);
    await store.saveManifest();
    await store.addStats({ hits: 1 });
    expect(store.troubles.writes).toBeGreaterThan(0);
    expect((await store.takeBuildLock(ID)).state).toBe("impossible");
    expect(await store.read(ID)).toEqual({ state: "absent" });
  }
});

test("entries that an exiting process stored enter the manifest with the next process", async () => {
  const store = await DiskStore.open(folder);
  store.publishAtExit(ID, BYTES);
  const next = await DiskStore.open(folder);
  await next.saveManifestIfNeeded();
  const text = readFileSync(join(folder, "manifest.json"), "utf8");
  expect([...(decodeManifest(text)?.rows.keys() ?? [])]).toEqual([ID]);
});
