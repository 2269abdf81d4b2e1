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
  test("a new file, and one that is replaced with its permissions", async () => {
    const file = join(folder, "file");
    await write(file, "named");
    expect(readFileSync(file)).toEqual(CONTENTS);
    expect(statSync(file).mode & 0o777).toBe(0o666 & ~process.umask());
    chmodSync(file, 0o640);
    await write(file, "named");
    expect(statSync(file).mode & 0o777).toBe(0o640);
    expect(readdirSync(folder)).toEqual(["file"]);
  });

  test("links stay, and lead to the new file, also where it was not there yet", async () => {
    symlinkSync("target", join(folder, "link"));
    symlinkSync("link", join(folder, "link to a link"));
    await write(join(folder, "link to a link"), "named");
    expect(readFileSync(join(folder, "target"))).toEqual(CONTENTS);
    await write(join(folder, "link"), "named");
    expect(readlinkSync(join(folder, "link"))).toBe("target");
    expect(lstatSync(join(folder, "target")).isFile()).toBe(true);
    expect(readdirSync(folder)).toHaveLength(3);
  });

  test("a device is written into and stays one", async () => {
    const before = lstatSync("/dev/null").rdev;
    await write("/dev/null", "named");
    symlinkSync("/dev/null", join(folder, "null"));
    await write(join(folder, "null"), "named");
    expect(lstatSync("/dev/null").isCharacterDevice()).toBe(true);
    expect(lstatSync("/dev/null").rdev).toBe(before);
    await expect(write("/dev/full", "named")).rejects.toMatchObject({ code: "ENOSPC" });
    expect(lstatSync("/dev/full").isCharacterDevice()).toBe(true);
  });

  test("a pipe is written into and stays one", async () => {
    const pipe = join(folder, "pipe");
    execFileSync("mkfifo", [pipe]);
    // Opened in both directions, a pipe has a reader from the beginning, and keeps what is written until it is read.
    const own = openSync(pipe, "r+");
    await write(pipe, "named");
    const read = Buffer.alloc(2 * CONTENTS.length);
    expect(read.subarray(0, readSync(own, read))).toEqual(CONTENTS);
    closeSync(own);
    expect(lstatSync(pipe).isFIFO()).toBe(true);
    expect(readdirSync(folder)).toEqual(["pipe"]);
  });

  test("what cannot be written is an error, stays, and nothing lies beside it", async () => {
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

  test("a name of our own is taken back from whatever has it, without opening it", async () => {
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
    // The folder is there, and refuses children by saying ENOENT: a recursive mkdir of Node never ends here.
    await expect(write("/proc/everwarp/file", "own")).rejects.toMatchObject({ code: "ENOTSUP" });
  });
});

test("what fails in the middle leaves the old file alone, and a full pipe is waited for", async () => {
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
  const size = 1 << 20; // sixteen times what a pipe holds
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
  const script = (body: string): string[] => [
    "--import",
    "tsx",
    "--input-type=module",
    "-e",
    `const { writeAtomically, writeBytesAtomically } = await import(${JSON.stringify(new URL("atomic-write.ts", import.meta.url).href)});
     ${body}`,
  ];

  test("/dev/stdout is what standard output is, file or pipe, and goes on where that stands", () => {
    const body = `process.stdout.write("before\\n"); await writeBytesAtomically("/dev/stdout", Buffer.from("new\\n"), { place: "named" });`;
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

  test("a process that ends by itself in the middle leaves nothing", () => {
    const body = `await writeAtomically(${JSON.stringify(join(folder, "file"))}, { place: "named" }, async (sink) => {
      await sink.write(Buffer.from("half")); process.exit(3); });`;
    const { status } = spawnSync(process.execPath, script(body), { encoding: "utf8" });
    expect([status, readdirSync(folder)]).toEqual([3, []]);
  });

  test("a file that may not grow further is not left behind", () => {
    const body = `process.on("SIGXFSZ", () => undefined);
      try { await writeBytesAtomically(${JSON.stringify(join(folder, "file"))}, new Uint8Array(1 << 20), { place: "named" }); }
      catch (error) { console.log(error.code); }`;
    const words = script(body).map((word) => `'${word.replaceAll("'", "'\\''")}'`);
    const limited = spawnSync("sh", ["-c", `ulimit -f 8; exec ${process.execPath} ${words.join(" ")}`], {
      encoding: "utf8",
    });
    expect([limited.stdout, readdirSync(folder)]).toEqual(["EFBIG\n", []]);
  });
});

test("errors of the file system become ours, all others stay", () => {
  const system = Object.assign(new Error("ENOSPC: no space"), { code: "ENOSPC" });
  expect(unwritable("the thing", "/a", system)).toMatchObject({ code: "EW_PATH_UNWRITABLE", cause: system });
  const other = new Error("a fault of ours");
  expect(unwritable("the thing", "/a", other)).toBe(other);
});
