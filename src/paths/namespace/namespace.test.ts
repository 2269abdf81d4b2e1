import fs from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, describe, expect, it } from "vitest";
import { open, opened, rejection, small } from "../../../test/support/host-namespaces.ts";
import { Namespace } from "./namespace.ts";
import { packPaths } from "../lookup/pack.ts";
import { PathError } from "../lookup/path-error.ts";

const folder = fs.mkdtempSync(join(tmpdir(), "everwarp-namespace-"));
afterAll(() => fs.rmSync(folder, { recursive: true }));

describe("lookups", () => {
  it("answers a batch in order, and an invalid path does not affect the others", async () => {
    const files = await small();
    const main = await files.lookup("/src/main.rs");
    const docs = await files.lookup("/docs");
    const loop = "/loop";
    await files.addSymlink("loop", loop);
    const results = await files.lookupBatch([
      "/src/main.rs",
      "/missing",
      "/src/../docs",
      "",
      "/src/main.rs/",
      loop,
      `/${"x".repeat(256)}`,
      "/".repeat(4096),
      "/src\0",
      "/src/paths/docs",
      Buffer.from("src//main.rs"),
    ]);
    const seen = results.map((result) => (result instanceof PathError ? result.code : result));
    expect(seen).toEqual([
      main,
      "ENOENT",
      docs,
      "ENOENT",
      "ENOTDIR",
      "ELOOP",
      "ENAMETOOLONG",
      "ENAMETOOLONG",
      "EINVAL",
      "ENOENT", // `../docs` is seen from /src/paths
      main,
    ]);
    expect(results[1]).toMatchObject({
      code: "ENOENT",
      errno: -2,
      syscall: "lookup",
      path: "/missing",
      message: "ENOENT: no such file or directory, lookup '/missing'",
    });
  });

  it("fails only the call with a value that is no path", async () => {
    const files = await small();
    const main = await files.lookup("/src/main.rs");
    // Enough paths for worker threads. There, an invalid value is noticed only when it is encoded.
    const many = Array.from({ length: 50_000 }, () => "/src/main.rs");
    for (const place of [0, 20_000]) {
      const wrong: unknown[] = many.slice();
      wrong[place] = null;
      const asked = [many, wrong as string[], many].map((paths) => files.lookupErrno(paths));
      const [before, between, behind] = await Promise.allSettled(asked);
      expect(before).toEqual({ status: "fulfilled", value: Int32Array.from(many, () => main) });
      expect(between).toMatchObject({ status: "rejected" });
      expect(behind).toEqual({ status: "fulfilled", value: Int32Array.from(many, () => main) });
    }
    expect(await files.lookup("/src/main.rs")).toBe(main);
  });

  it("gives errors the numbers and codes of Node's own", async () => {
    const files = await small();
    for (const path of ["/definitely/missing", "/src/main.rs/x", `/${"y".repeat(300)}`]) {
      const ours = (await rejection(files.lookup(path))) as PathError;
      expect(ours).toBeInstanceOf(PathError);
      const real = join(folder, "real");
      fs.mkdirSync(join(real, "src"), { recursive: true });
      fs.writeFileSync(join(real, "src/main.rs"), "");
      let theirs: NodeJS.ErrnoException | undefined;
      try {
        fs.statSync(real + path);
      } catch (error) {
        theirs = error as NodeJS.ErrnoException;
      }
      expect([ours.code, ours.errno]).toEqual([theirs?.code, theirs?.errno]);
    }
  });

  it.each([0, 1, 2])("answers batches of every size, with %i threads", async (threads) => {
    const files = await open({ threads, maxBatchSize: 20_000 });
    const names = Array.from({ length: 3000 }, (_, index) => `/d${index % 30}/f${index}`);
    for (let index = 0; index < 30; index++) await files.addDirectory(`/d${index}`);
    const inodes = new Map<string, number>();
    for (const name of names) inodes.set(name, await files.addFile(name));
    for (const size of [0, 1, 100, 1024, 1025, 20_000, 20_001, 70_000]) {
      const paths = Array.from({ length: size }, (_, index) =>
        index % 7 === 3 ? `/d1/missing${index}` : names[(index * 31) % names.length]!,
      );
      const expected = Int32Array.from(paths, (path) => inodes.get(path) ?? -2);
      expect(await files.lookupPacked(packPaths(paths))).toEqual(expected);
      expect(await files.lookupErrno(paths)).toEqual(expected);
      expect((await files.lookupBatch(paths)).map((it) => (it instanceof PathError ? it.errno : it))).toEqual(
        [...expected],
      );
      const refused = rejection(files.lookupBatch(paths, { oversize: "error" }));
      if (size > 20_000) expect(await refused).toMatchObject({ code: "EW_REQUEST_TOO_LARGE" });
      else await expect(refused).rejects.toThrow("it should fail");
    }
  });

  it("answers many concurrent large batches separately", async () => {
    const files = await open();
    for (let index = 0; index < 500; index++) await files.addFile(`/f${index}`);
    const batches = Array.from({ length: 8 }, (_, batch) =>
      Array.from({ length: 5000 + 9000 * (batch % 5) }, (_, index) => `/f${(index * (batch + 3)) % 600}`),
    );
    const answers = await Promise.all(batches.map((paths) => files.lookupPacked(packPaths(paths))));
    for (const [batch, paths] of batches.entries()) {
      const small = await files.lookupErrno(paths.slice(0, 500));
      expect(answers[batch]!.subarray(0, 500)).toEqual(small);
      for (const index of [paths.length - 1, paths.length >> 1])
        expect(answers[batch]![index]).toBe((await files.lookupErrno([paths[index]!]))[0]);
    }
  });

  it("accepts any packed bytes: any first offset, any bytes, a path longer than a piece", async () => {
    const files = await open();
    const odd = Buffer.from([0x2f, 0xff, 0xfe]);
    const inode = await files.addFile(odd);
    const long = 5 * 1024 * 1024;
    const bytes = Buffer.concat([Buffer.from("junk"), odd, Buffer.alloc(long, "/"), odd]);
    const offsets = Uint32Array.of(4, 7, 7 + long, 10 + long);
    expect([...(await files.lookupPacked({ bytes, offsets }))]).toEqual([inode, -36, inode]);
    // The same paths, but enough of them for worker threads.
    const many = Array.from({ length: 2000 }, () => odd);
    const packed = packPaths([...many, Buffer.alloc(long, "/"), ...many]);
    const results = await files.lookupPacked(packed);
    expect([results[0], results[1999], results[2000], results[2001], results[4000]]).toEqual([
      inode,
      inode,
      -36,
      inode,
      inode,
    ]);
    for (const wrong of [Uint32Array.of(4, 2), Uint32Array.of(0, 2 * long), Uint32Array.of()])
      expect(await rejection(files.lookupPacked({ bytes, offsets: wrong }))).toMatchObject({
        code: "EW_BAD_ARGUMENT",
      });
  });

  it("lets the event loop run during repeated lookups", async () => {
    const files = await small();
    const large = packPaths(Array(60_000).fill("/src/main.rs"));
    for (const ask of [
      () => files.lookup("/src/main.rs"),
      () => files.lookupBatch(["/src/main.rs", "/docs"]),
      () => files.lookupPacked(large),
    ]) {
      let isTurned = false;
      setImmediate(() => (isTurned = true));
      // Without a turn of the event loop, this would never end.
      while (!isTurned) await ask();
    }
  });

  it("looks up from any directory, and finds symlinks themselves if requested", async () => {
    const files = await small();
    const directory = await files.lookup("/src/paths");
    const link = await files.lookup("/src/paths/docs", { followSymlinks: false });
    expect(files.stat(link)).toMatchObject({ kind: "symlink", target: Buffer.from("../docs") });
    expect(await files.lookup("docs", { directory, followSymlinks: false })).toBe(link);
    expect(await files.lookup("../main.rs", { directory })).toBe(await files.lookup("/src/main.rs"));
    const file = await files.lookup("/src/main.rs");
    for (const [from, code] of [
      [file, "ENOTDIR"],
      [99_999, "EBADF"],
    ] as const) {
      expect(await rejection(files.lookup("x", { directory: from }))).toMatchObject({ code });
      expect(await files.lookup("/docs", { directory: from })).toBeGreaterThan(0);
      const many = await files.lookupErrno(Array(2000).fill("x"), { directory: from });
      expect(new Set(many)).toEqual(new Set([code === "EBADF" ? -9 : -20]));
    }
  });
});

describe("a saved namespace", () => {
  it("is restored completely, and can be changed further", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.uniqueArray(fc.tuple(fc.integer({ min: 0, max: 9 }), fc.string({ minLength: 1, maxLength: 30 })), {
          maxLength: 300,
          selector: String,
        }),
        async (names) => {
          const files = await open();
          for (let index = 0; index < 10; index++) await files.addDirectory(`/${index}`);
          await files.addSymlink("3", "/link");
          const paths = names
            .filter(([, name]) => !/[/\0]/.test(name) && name !== "." && name !== "..")
            .map(([directory, name]) => `/${directory}/${name}`);
          for (const path of paths) await files.addFile(path);
          await files.remove("/7", { recursive: true });
          const file = join(folder, "saved");
          await files.save(file);
          const copy = await Namespace.load(file, { device: "cpu", threads: 0 });
          opened.push(copy);
          const all = [...paths, "/link", "/7", "/3", "/"];
          expect(await copy.lookupErrno(all)).toEqual(await files.lookupErrno(all));
          expect(copy.entryCount).toBe(files.entryCount);
          for (const inode of await copy.lookupErrno(all))
            if (inode >= 0) expect(copy.stat(inode)).toEqual(files.stat(inode));
          const added = await copy.addFile("/3/new one");
          expect(await copy.lookup("/link/new one")).toBe(added);
          await copy.remove("/3", { recursive: true });
          expect(await rejection(copy.lookup("/link/"))).toMatchObject({ code: "ENOENT" });
          await Promise.all(opened.splice(0).map((it) => it.close()));
        },
      ),
      { numRuns: 15 },
    );
  });

  it("is refused if it is damaged, truncated, or no namespace", async () => {
    const files = await small();
    const file = join(folder, "damaged");
    await files.save(file);
    const good = fs.readFileSync(file);
    const load = (bytes: Buffer): Promise<unknown> => {
      fs.writeFileSync(file, bytes);
      return rejection(Namespace.load(file, { device: "cpu" }));
    };
    for (const at of [0, 40, 200, good.length >> 1, good.length - 1]) {
      const bytes = Buffer.from(good);
      bytes[at]! ^= 1;
      expect(await load(bytes)).toMatchObject({ code: expect.stringMatching(/^EW_NAMESPACE_/) });
    }
    expect(await load(good.subarray(0, good.length - 100))).toMatchObject({
      code: "EW_NAMESPACE_TRUNCATED",
    });
    expect(await load(Buffer.alloc(0))).toMatchObject({ code: expect.stringMatching(/^EW_NAMESPACE_/) });
    expect(await rejection(Namespace.load(join(folder, "no such file")))).toMatchObject({
      code: "EW_PATH_NOT_FOUND",
      message: expect.not.stringContaining("checkpoint"),
    });
    for (const odd of ["/dev/zero", "/dev/null", folder])
      expect(await rejection(Namespace.load(odd))).toMatchObject({
        code: "EW_PATH_UNREADABLE",
        message: expect.stringMatching(/is no regular file\. Name a /),
      });
    expect(await rejection(Namespace.load("/etc/passwd"))).toMatchObject({
      code: "EW_NAMESPACE_CORRUPTED",
      message: expect.not.stringContaining("checkpoint"),
    });
    expect(await rejection(Namespace.load(folder))).toMatchObject({
      code: "EW_PATH_UNREADABLE",
      message: expect.not.stringContaining("checkpoint"),
    });
  });

  it("has none of the changes that were requested during the save", async () => {
    const files = await small();
    const file = join(folder, "while");
    const saving = files.save(file);
    const adding = files.addFile("/late");
    await Promise.all([saving, adding]);
    const copy = await Namespace.load(file, { device: "cpu" });
    opened.push(copy);
    expect(await rejection(copy.lookup("/late"))).toMatchObject({ code: "ENOENT" });
    expect(await files.lookup("/late")).toBe(await adding);
  });
});

describe("the end", () => {
  it("refuses everything after close, and answers earlier calls", async () => {
    const files = await small();
    const early = files.lookup("/docs");
    await files.close();
    expect(await early).toBeGreaterThan(1);
    await files.close();
    for (const promise of [
      files.lookup("/docs"),
      files.lookupBatch(["/docs"]),
      files.lookupPacked(packPaths(["/docs"])),
      files.addFile("/x"),
      files.save(join(folder, "x")),
    ])
      expect(await rejection(promise)).toMatchObject({ code: "EW_CLOSED" });
  });

  it("ends large batches in flight with EW_CLOSED or their answer, and never hangs", async () => {
    const files = await small();
    const packed = packPaths(Array(200_000).fill("/src/main.rs"));
    const batches = Array.from({ length: 4 }, () =>
      files.lookupPacked(packed).then(
        (results) => results.length,
        (error: { code: string }) => error.code,
      ),
    );
    await files.close();
    for (const outcome of await Promise.all(batches)) expect([200_000, "EW_CLOSED"]).toContain(outcome);
  });

  it("refuses invalid options", async () => {
    for (const options of [{ maxBatchSize: 0 }, { threads: -1 }, { maxEntries: 0 }, { threads: 1.5 }])
      expect(await rejection(Namespace.open({ device: "cpu", ...options }))).toMatchObject({
        code: "EW_BAD_ARGUMENT",
      });
    expect(await rejection(Namespace.open({ device: "cpu", strategy: "persistent" }))).toMatchObject({
      code: "EW_STRATEGY_UNSUPPORTED",
    });
  });
});
