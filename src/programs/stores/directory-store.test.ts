import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeEach, describe, expect, test } from "vitest";
import { entryBytes, entryId } from "../../../test/support/program-entries.ts";
import { DirectoryStore } from "./directory-store.ts";
import { SecondLevel } from "./second-level.ts";

const ID = entryId("scan");
const BYTES = entryBytes("scan");
const root = mkdtempSync(join(tmpdir(), "everwarp-directory-store-"));
afterAll(() => rmSync(root, { recursive: true, force: true }));
let folder: string;
let count = 0;
beforeEach(() => {
  folder = join(root, String(count++), "share");
});

async function put(bytes = BYTES): Promise<SecondLevel> {
  const level = new SecondLevel(new DirectoryStore(folder));
  level.put(ID, bytes);
  await level.close({ timeoutMs: 10_000 });
  return level;
}
const get = (getTimeoutMs = 5000): ReturnType<SecondLevel["get"]> =>
  new SecondLevel(new DirectoryStore(folder), { getTimeoutMs }).get(ID);

test("a missing folder has no entries, and the first put creates it", async () => {
  const level = new SecondLevel(new DirectoryStore(folder));
  expect(await level.get(ID)).toBeUndefined();
  expect(level.stats()).toMatchObject({ absent: 1, failures: 0 });
  await put();
  expect((await get())?.bytes).toEqual(Buffer.from(BYTES));
  expect(readdirSync(folder)).toEqual([`${ID}.ewp`]);
});

test("a damaged entry is replaced by the next put", async () => {
  await put();
  writeFileSync(join(folder, `${ID}.ewp`), BYTES.subarray(0, 99));
  expect(await get()).toBeUndefined();
  await put();
  expect((await get())?.bytes).toEqual(Buffer.from(BYTES));
});

test("twenty writers at once leave one intact entry and nothing else", async () => {
  await Promise.all(Array.from({ length: 20 }, () => put()));
  expect(readdirSync(folder)).toEqual([`${ID}.ewp`]);
  expect((await get())?.bytes).toEqual(Buffer.from(BYTES));
});

describe("a strange file in an entry's place", () => {
  test("a folder", async () => {
    mkdirSync(join(folder, `${ID}.ewp`), { recursive: true });
    const level = await put();
    expect(level.stats()).toMatchObject({ puts: 0, putsLost: 1 });
    expect(readdirSync(folder)).toEqual([`${ID}.ewp`]); // the temporary file is gone
    expect(await get()).toBeUndefined();
  });

  test("a pipe without a writer", async () => {
    mkdirSync(folder, { recursive: true });
    execFileSync("mkfifo", [join(folder, `${ID}.ewp`)]);
    const level = new SecondLevel(new DirectoryStore(folder));
    expect(await level.get(ID)).toBeUndefined();
    expect(level.stats()).toMatchObject({ failures: 1, timeouts: 0 });
  });
});

test("a file in place of the folder is a failure, not a crash", async () => {
  mkdirSync(join(folder, ".."), { recursive: true });
  writeFileSync(folder, "");
  const level = await put();
  expect(level.stats().putsLost).toBe(1);
  expect(await level.get(ID)).toBeUndefined();
});

test("files of dead writers are removed a day later", async () => {
  mkdirSync(folder, { recursive: true });
  const [old, fresh] = ["aa", "bb"].map((random) =>
    join(folder, `.everwarp-0123456789ab.01234567.1.1.${random}.tmp`),
  );
  for (const path of [old, fresh]) writeFileSync(path ?? "", "half");
  const before = Date.now() / 1000 - 2 * 24 * 3600;
  utimesSync(old ?? "", before, before);
  await put();
  expect([existsSync(old ?? ""), existsSync(fresh ?? "")]).toEqual([false, true]);
});
