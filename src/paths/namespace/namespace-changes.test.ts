import fs from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, describe, expect, it } from "vitest";
import { open, rejection, small } from "../../../test/support/host-namespaces.ts";
import { Namespace } from "./namespace.ts";
import { packPaths } from "../lookup/pack.ts";
import { PathError } from "../lookup/path-error.ts";

const folder = fs.mkdtempSync(join(tmpdir(), "everwarp-namespace-changes-"));
afterAll(() => fs.rmSync(folder, { recursive: true }));

describe("changes", () => {
  it("are seen by every lookup after their promise, on worker threads too", async () => {
    const files = await open();
    await files.addDirectory("/d");
    for (let round = 0; round < 200; round++) {
      const inode = await files.addFile(`/d/f${round}`);
      const paths: string[] = Array(1500).fill(`/d/f${round}`);
      const results = await files.lookupErrno(paths);
      expect(new Set(results)).toEqual(new Set([inode]));
    }
  });

  it("are never seen partially: a file that alternates between two names always has one of them", async () => {
    const files = await open({ maxEntries: 1_000_000 });
    for (let index = 0; index < 2000; index++) await files.addFile(`/other${index}`);
    const inode = await files.addFile("/a");
    const paths = Array.from({ length: 60_000 }, (_, index) => (index % 2 === 0 ? "/a" : "/b"));
    const packed = packPaths(paths);
    let isDone = false;
    let count = 0;
    const changes = (async () => {
      for (; !isDone; count++) {
        await (count % 2 === 0 ? files.rename("/a", "/b") : files.rename("/b", "/a"));
        await files.addFile(`/more${count}`); // more entries, so that buckets split meanwhile
        if (count % 50 === 0) await new Promise((resolve) => setImmediate(resolve));
      }
    })();
    // On a busy machine some rounds see no change. Then there are more rounds.
    for (let round = 0; round < 30 || count <= 30; round++) {
      const results = await files.lookupPacked(packed);
      // One thread looks up two neighbours between the same two changes.
      for (let index = 0; index < results.length; index += 2)
        if (results[index]! + results[index + 1]! !== inode - 2)
          expect(new Set(results.subarray(index, index + 2))).toEqual(new Set([-2, inode]));
    }
    isDone = true;
    await changes;
    const [a, b] = await files.lookupErrno(["/a", "/b"]);
    expect([a, b].toSorted((one, other) => one! - other!)).toEqual([-2, inode]);
  });

  it("invalidate remembered directories: they move, disappear, and return as something else", async () => {
    const name = fc.constantFrom("a", "b", "c");
    const path = fc.array(name, { minLength: 1, maxLength: 3 }).map((names) => `/${names.join("/")}`);
    const step = fc.oneof(
      { weight: 3, arbitrary: fc.tuple(fc.constant("rename" as const), path, path) },
      { weight: 2, arbitrary: fc.tuple(fc.constant("mkdir" as const), path, path) },
      { weight: 1, arbitrary: fc.tuple(fc.constant("symlink" as const), path, path) },
      { weight: 1, arbitrary: fc.tuple(fc.constant("remove" as const), path, path) },
    );
    await fc.assert(
      fc.asyncProperty(
        fc.array(step, { maxLength: 40 }),
        fc.array(path, { minLength: 1 }),
        async (steps, paths) => {
          const files = await open({ threads: 0 });
          for (const [kind, from, to] of steps) {
            const change =
              kind === "rename"
                ? files.rename(from, to)
                : kind === "mkdir"
                  ? files.addDirectory(from)
                  : kind === "symlink"
                    ? files.addSymlink(from, to)
                    : files.remove(from, { recursive: true });
            await change.catch((error: unknown) => expect(error).toBeInstanceOf(PathError));
            // A batch uses remembered directories. A single path is walked from the root.
            const batch = await files.lookupErrno([...paths, ...paths]);
            for (const [index, path] of paths.entries()) {
              const alone = await files.lookup(path).catch((error: PathError) => error.errno);
              expect([path, batch[index], batch[paths.length + index]]).toEqual([path, alone, alone]);
            }
          }
          await files.close();
        },
      ),
      { numRuns: 60 },
    );
  });

  it("fail with Node's errors, and change nothing then", async () => {
    const files = await small();
    const before = files.entryCount;
    const cases: [Promise<unknown>, object][] = [
      [files.addFile("/src"), { code: "EEXIST", syscall: "open", path: "/src" }],
      [files.addFile("/none/x"), { code: "ENOENT" }],
      [files.addDirectory("/src/main.rs/x"), { code: "ENOTDIR", syscall: "mkdir" }],
      [files.addSymlink("", "/empty"), { code: "ENOENT", syscall: "symlink", path: "", dest: "/empty" }],
      [files.remove("/src"), { code: "ENOTEMPTY", syscall: "rmdir" }],
      [files.remove("/", { recursive: true }), { code: "EBUSY" }],
      [files.remove("/src/.", { recursive: true }), { code: "EINVAL" }],
      [files.rename("/src", "/src/paths/x"), { code: "EINVAL", syscall: "rename", dest: "/src/paths/x" }],
      [files.link("/src", "/again"), { code: "EPERM", syscall: "link" }],
      [files.addDirectory("/src/main.rs", { recursive: true }), { code: "EEXIST" }],
      [files.addDirectory("/src/main.rs/x/y", { recursive: true }), { code: "ENOTDIR" }],
    ];
    for (const [promise, expected] of cases) expect(await rejection(promise)).toMatchObject(expected);
    expect(files.entryCount).toBe(before);
  });

  it("remove whole trees of any depth, and free everything", async () => {
    const files = await open();
    const empty = files.stats();
    let directory = 1;
    for (let depth = 0; depth < 20_000; depth++) directory = await files.addDirectory("d", { directory });
    await files.addFile("leaf", { directory });
    expect(files.pathOf(directory)!.length).toBe(40_000);
    await files.remove("/d", { recursive: true });
    expect(files.entryCount).toBe(0);
    expect([files.stat(directory), files.pathOf(directory)]).toEqual([undefined, undefined]);
    expect(files.stats().nameBytes).toBe(empty.nameBytes);
    expect(await rejection(files.lookup("/d"))).toMatchObject({ code: "ENOENT" });
  });

  it("keep hard links and counts", async () => {
    const files = await small();
    const inode = await files.lookup("/src/main.rs");
    expect(await files.link("/src/main.rs", "/docs/same")).toBe(inode);
    expect(files.stat(inode)).toMatchObject({ kind: "file", linkCount: 2 });
    expect(files.stat(await files.lookup("/src"))).toMatchObject({
      kind: "directory",
      linkCount: 3,
      entryCount: 2,
    });
    expect(files.pathOf(inode)?.toString()).toBe("/docs/same");
    await files.remove("/src/main.rs");
    expect(files.stat(inode)).toMatchObject({ linkCount: 1 });
    expect([...files.entries(await files.lookup("/docs"))].map(({ name }) => name.toString())).toEqual([
      "same",
    ]);
    await files.remove("/docs/same");
    expect(files.stat(inode)).toBeUndefined();
    // An inode that is no directory, or no inode at all.
    for (const other of [0, inode, 99, 2 ** 20, 2 ** 24 - 1, 2 ** 24, 2 ** 31, 2 ** 32 - 1])
      expect([...files.entries(other)]).toEqual([]);
  });

  it("fail with EW_PATHS_FULL when long names fill the table, and work again after a removal", async () => {
    const files = await open({ maxEntries: 5000 });
    let count = 0;
    let failure: unknown;
    while (failure === undefined) {
      failure = await files.addFile(`/${String(count).padStart(255, "0")}`).then(
        () => void count++,
        (error: unknown) => error,
      );
    }
    expect(failure).toMatchObject({ code: "EW_PATHS_FULL" });
    expect(files.entryCount).toBe(count);
    await files.remove(`/${"0".padStart(255, "0")}`);
    await files.addFile(`/${"again".padStart(255, "0")}`);
    const all = Array.from({ length: count }, (_, index) => `/${String(index).padStart(255, "0")}`);
    expect([...(await files.lookupErrno(all))].filter((inode) => inode < 0)).toHaveLength(1);
  });

  it("fail with EW_PATHS_FULL at maxEntries for every operation, and work again below it", async () => {
    const files = await open({ maxEntries: 10 });
    fs.writeFileSync(join(folder, "one more"), "");
    for (let count = 0; count < 10; count++) await files.addFile(`/${count}`);
    const full = { code: "EW_PATHS_FULL", message: expect.stringContaining("maxEntries is 10") };
    for (const addition of [
      files.addFile("/more"),
      files.addDirectory("/more"),
      files.addDirectory("/more/and/more", { recursive: true }),
      files.addSymlink("target", "/more"),
      files.link("/1", "/more"),
      files.addTree(folder),
    ])
      expect(await rejection(addition)).toMatchObject(full);
    expect(files.entryCount).toBe(10);
    await files.rename("/0", "/renamed");
    await files.rename("/1", "/renamed");
    expect(files.entryCount).toBe(9);
    const inode = await files.addFile("/more");
    expect(await files.lookup("/more")).toBe(inode);
    expect(await rejection(files.addFile("/too many"))).toMatchObject(full);

    const file = join(folder, "ten entries");
    await files.save(file);
    const twelve = await Namespace.load(file, { device: "cpu", maxEntries: 12 });
    await twelve.addFile("/11");
    await twelve.addFile("/12");
    expect(await rejection(twelve.addFile("/13"))).toMatchObject({ code: "EW_PATHS_FULL" });
    await twelve.close();
    expect(await rejection(Namespace.load(file, { device: "cpu", maxEntries: 9 }))).toMatchObject({
      code: "EW_BAD_ARGUMENT",
      message: expect.stringContaining("10"),
    });
  });
});

describe("addTree", () => {
  it("copies a directory of the file system", async () => {
    const root = join(folder, "tree");
    fs.mkdirSync(join(root, "a/b"), { recursive: true });
    fs.writeFileSync(join(root, "a/file"), "x");
    fs.linkSync(join(root, "a/file"), join(root, "a/b/hard"));
    fs.symlinkSync("../a/b", join(root, "a/link"));
    fs.symlinkSync("nowhere", join(root, "dangling"));
    fs.writeFileSync(Buffer.concat([Buffer.from(`${root}/`), Buffer.from([0xff, 0xfe])]), "");
    const files = await open();
    const progress: number[] = [];
    const result = await files.addTree(root, { onProgress: ({ entryCount }) => progress.push(entryCount) });
    expect(result).toEqual({ entryCount: 7, directoryCount: 3, skipped: [] });
    expect(progress.at(-1)).toBe(7);
    for (const path of ["/a/b/hard", "/a/link/hard", "/a/file"]) {
      const inode = await files.lookup(path);
      expect(files.stat(inode)).toMatchObject({ kind: "file", linkCount: 2 });
      expect(inode).toBe(await files.lookup("/a/file"));
    }
    expect(await files.lookup(Buffer.from([0x2f, 0xff, 0xfe]))).toBeGreaterThan(1);
    // Once more, below another directory, and again over itself.
    await files.addDirectory("/again");
    await files.addTree(root, { at: "/again" });
    await files.addTree(root, { at: "/again" });
    expect(files.entryCount).toBe(15);
    expect(await rejection(files.addTree(join(root, "none")))).toMatchObject({ code: "EW_PATH_NOT_FOUND" });
    expect(await rejection(files.addTree(join(root, "a/file")))).toMatchObject({
      code: "EW_PATH_UNREADABLE",
    });
    expect(await rejection(files.addTree(root, { at: "/a/file" }))).toMatchObject({ code: "ENOTDIR" });
    const signal = AbortSignal.abort();
    expect(await rejection(files.addTree(root, { signal }))).toMatchObject({ code: "EW_ABORTED" });
  });
});
