import { execFileSync, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import {
  chmodSync,
  closeSync,
  existsSync,
  lstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  readSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { eachInFreshFolder } from "../../test/support/fresh-folder.ts";
import {
  unwritable,
  writeAtomically,
  writeBytesAtomically,
  writeBytesAtomicallySync,
} from "./atomic-write.ts";

let folder = "";
eachInFreshFolder("storage", (made) => (folder = made));

const CONTENTS = Buffer.from("all of the new contents\n");
type Write = (path: string, place: "named" | "own") => Promise<void>;
const WRITES: [string, Write][] = [
  ["async", (path, place) => writeBytesAtomically(path, CONTENTS, { place, isDurable: true })],
  ["sync", async (path, place) => writeBytesAtomicallySync(path, CONTENTS, { place, isDurable: true })],
];

describe.each(WRITES)("%s", (_, write) => {
  test("creates a file, and replaces a file while keeping its permissions", async () => {
    const file = join(folder, "file");
    await write(file, "named");
    expect(readFileSync(file)).toEqual(CONTENTS);
    expect(statSync(file).mode & 0o777).toBe(0o666 & ~process.umask());
    chmodSync(file, 0o640);
    await write(file, "named");
    expect(statSync(file).mode & 0o777).toBe(0o640);
    expect(readdirSync(folder)).toEqual(["file"]);
  });

  test("a link stays and leads to the new file, even if its target did not exist", async () => {
    symlinkSync("target", join(folder, "link"));
    symlinkSync("link", join(folder, "link to a link"));
    await write(join(folder, "link to a link"), "named");
    expect(readFileSync(join(folder, "target"))).toEqual(CONTENTS);
    await write(join(folder, "link"), "named");
    expect(readlinkSync(join(folder, "link"))).toBe("target");
    expect(lstatSync(join(folder, "target")).isFile()).toBe(true);
    expect(readdirSync(folder)).toHaveLength(3);
  });

  test("a device stays a device and gets the bytes", async () => {
    const before = lstatSync("/dev/null").rdev;
    await write("/dev/null", "named");
    symlinkSync("/dev/null", join(folder, "null"));
    await write(join(folder, "null"), "named");
    expect(lstatSync("/dev/null").isCharacterDevice()).toBe(true);
    expect(lstatSync("/dev/null").rdev).toBe(before);
    await expect(write("/dev/full", "named")).rejects.toMatchObject({ code: "ENOSPC" });
    expect(lstatSync("/dev/full").isCharacterDevice()).toBe(true);
  });

  test("a pipe stays a pipe and gets the bytes", async () => {
    const pipe = join(folder, "pipe");
    execFileSync("mkfifo", [pipe]);
    // A pipe that is opened in both directions has a reader, and buffers the bytes until they are read.
    const own = openSync(pipe, "r+");
    await write(pipe, "named");
    const read = Buffer.alloc(2 * CONTENTS.length);
    expect(read.subarray(0, readSync(own, read))).toEqual(CONTENTS);
    closeSync(own);
    expect(lstatSync(pipe).isFIFO()).toBe(true);
    expect(readdirSync(folder)).toEqual(["pipe"]);
  });

  test("a path that cannot be written gives an error, is unchanged, and leaves no temporary file", async () => {
    const busy = join(folder, "busy");
    mkdirSync(join(busy, "inner"), { recursive: true });
    await expect(write(busy, "named")).rejects.toMatchObject({ code: "EISDIR" });
    await expect(write(busy, "own")).rejects.toMatchObject({ code: "EISDIR" });
    symlinkSync("circle", join(folder, "circle"));
    await expect(write(join(folder, "circle"), "named")).rejects.toMatchObject({ code: "ELOOP" });
    await expect(write(join(folder, "no", "file"), "named")).rejects.toMatchObject({ code: "ENOENT" });
    expect(readdirSync(folder).toSorted()).toEqual(["busy", "circle"]);
    expect(existsSync(join(busy, "inner"))).toBe(true);
  });

  test("a strange file at our own name is replaced without opening it", async () => {
    execFileSync("mkfifo", [join(folder, "pipe")]);
    writeFileSync(join(folder, "target"), "theirs");
    symlinkSync("target", join(folder, "link"));
    for (const name of ["pipe", "link", "deep/er/new"]) {
      await write(join(folder, name), "own");
      expect(lstatSync(join(folder, name)).isFile()).toBe(true);
      expect(statSync(join(folder, name)).mode & 0o777).toBe(0o600);
    }
    expect(readFileSync(join(folder, "target"), "utf8")).toBe("theirs");
    expect(statSync(join(folder, "deep")).mode & 0o777).toBe(0o700);
    // /proc exists and refuses children with ENOENT. Node's own recursive mkdir never ends there.
    await expect(write("/proc/everwarp/file", "own")).rejects.toMatchObject({ code: "ENOTSUP" });
  });
});

test("a failure in the middle keeps the old file, and a full pipe is waited for", async () => {
  const file = join(folder, "file");
  writeFileSync(file, "old");
  const fill = writeAtomically(file, { place: "named" }, async (sink) => {
    await sink.write(CONTENTS);
    throw new Error("no more");
  });
  await expect(fill).rejects.toThrow("no more");
  expect([readdirSync(folder), readFileSync(file, "utf8")]).toEqual([["file"], "old"]);

  const pipe = join(folder, "pipe");
  execFileSync("mkfifo", [pipe]);
  const size = 1 << 20; // sixteen times the buffer of a pipe
  const reader = spawn("sh", ["-c", `sleep 0.2; wc -c < "${pipe}"`], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const out: Buffer[] = [];
  reader.stdout.on("data", (chunk: Buffer) => out.push(chunk));
  const ended = once(reader, "close");
  await writeBytesAtomically(pipe, new Uint8Array(size), { place: "named" });
  await ended;
  expect(Number(Buffer.concat(out).toString())).toBe(size);
});

describe("a process of its own", () => {
  const module = new URL("atomic-write.ts", import.meta.url).href;
  const script = (body: string): string[] => [
    "--import",
    "tsx",
    "--input-type=module",
    "-e",
    `const { writeAtomically, writeBytesAtomically } = await import(${JSON.stringify(module)});
     ${body}`,
  ];

  test("/dev/stdout is the open standard output, file or pipe, and the write continues at its position", () => {
    const body = `process.stdout.write("before\\n");
      await writeBytesAtomically("/dev/stdout", Buffer.from("new\\n"), { place: "named" });`;
    const piped = spawnSync(process.execPath, script(body), { encoding: "utf8" });
    expect(piped).toMatchObject({ status: 0, stdout: "before\nnew\n" });
    const file = join(folder, "out");
    writeFileSync(file, "first\n");
    const descriptor = openSync(file, "a");
    const ended = spawnSync(process.execPath, script(body), { stdio: ["ignore", descriptor, "inherit"] });
    closeSync(descriptor);
    expect([ended.status, readFileSync(file, "utf8")]).toEqual([0, "first\nbefore\nnew\n"]);
    expect(readdirSync(folder)).toEqual(["out"]);
  });

  test("a process that exits in the middle leaves no file", () => {
    const body = `await writeAtomically(${JSON.stringify(join(folder, "file"))}, { place: "named" }, async (sink) => {
      await sink.write(Buffer.from("half")); process.exit(3); });`;
    const { status } = spawnSync(process.execPath, script(body), { encoding: "utf8" });
    expect([status, readdirSync(folder)]).toEqual([3, []]);
  });

  test("a file that hits its size limit is removed", () => {
    const file = JSON.stringify(join(folder, "file"));
    const body = `process.on("SIGXFSZ", () => undefined);
      try { await writeBytesAtomically(${file}, new Uint8Array(1 << 20), { place: "named" }); }
      catch (error) { console.log(error.code); }`;
    const words = script(body).map((word) => `'${word.replaceAll("'", "'\\''")}'`);
    const limited = spawnSync("sh", ["-c", `ulimit -f 8; exec ${process.execPath} ${words.join(" ")}`], {
      encoding: "utf8",
    });
    expect([limited.stdout, readdirSync(folder)]).toEqual(["EFBIG\n", []]);
  });
});

test("errors of the file system become EverwarpErrors, other errors stay", () => {
  const system = Object.assign(new Error("ENOSPC: no space"), { code: "ENOSPC" });
  expect(unwritable("the thing", "/a", system)).toMatchObject({ code: "EW_PATH_UNWRITABLE", cause: system });
  const other = new Error("a fault of ours");
  expect(unwritable("the thing", "/a", other)).toBe(other);
});
