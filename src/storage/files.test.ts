/** Reading files that others may have written, removing leftovers, and the folder for caches. */
import { execFileSync } from "node:child_process";
import {
  chownSync,
  existsSync,
  mkdirSync,
  readdirSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { createServer } from "node:net";
import { userInfo } from "node:os";
import { join } from "node:path";
import { once } from "node:events";
import { describe, expect, test } from "vitest";
import { eachInFreshFolder } from "../../test/support/fresh-folder.ts";
import { userCacheFolder } from "./cache-home.ts";
import { makeFolder, makeFolderSync } from "./make-folder.ts";
import { processToken } from "./process-token.ts";
import { openRegularFile, readRegularFile, readRegularFileSync, readRegularText } from "./read-regular.ts";
import { ownerOfTemporary, removeLeftBehind, temporaryFileIn } from "./temporary-file.ts";

let folder = "";
eachInFreshFolder("storage", (made) => (folder = made));

describe("a file that is read", () => {
  test("is read whole, up to the limit", async () => {
    const file = join(folder, "file");
    writeFileSync(file, "1234");
    expect(await readRegularText(file, 4)).toBe("1234");
    expect(readRegularFileSync(file, 4)).toEqual({
      state: "read",
      bytes: new Uint8Array(Buffer.from("1234")),
    });
    expect(await readRegularFile(file, 3)).toMatchObject({ state: "refused" });
    expect(await readRegularFile(join(file, "below"), 3)).toEqual({ state: "absent" });
    symlinkSync("file", join(folder, "link"));
    expect(await readRegularText(join(folder, "link"), 4)).toBe("1234");
  });

  test("is refused without waiting if it is no regular file", async () => {
    const names = ["pipe", "folder", "socket", "circle", "device"];
    execFileSync("mkfifo", [join(folder, "pipe")]);
    mkdirSync(join(folder, "folder"));
    symlinkSync("circle", join(folder, "circle"));
    symlinkSync("/dev/zero", join(folder, "device"));
    const server = createServer().listen(join(folder, "socket"));
    await once(server, "listening");
    for (const name of names) {
      const path = join(folder, name);
      const refused = { state: "refused", reason: expect.stringMatching(/./) as string };
      expect([name, await readRegularFile(path, 100)]).toEqual([name, refused]);
      expect([name, readRegularFileSync(path, 100)]).toEqual([name, refused]);
      expect([name, (await openRegularFile(path, { maxBytes: 100, isWritten: true })).state]).toEqual([
        name,
        "refused",
      ]);
    }
    server.close();
  });
});

describe("tidying up", () => {
  const [machine = "", boot = ""] = processToken().split(".");
  const dead = `.everwarp-${machine}.${boot}.${process.pid}.1.aa.tmp`;
  const alive = `.everwarp-${processToken()}.aa.tmp`;

  test("removes files of dead processes, and nothing else", async () => {
    const names = [dead, alive, ".everwarp-x.tmp", ".other.tmp", `${dead.slice(1)}`, `${dead}.txt`];
    for (const name of names) writeFileSync(join(folder, name), "");
    mkdirSync(join(folder, dead.replace("aa", "bb")));
    symlinkSync(alive, join(folder, dead.replace("aa", "cc")));
    await removeLeftBehind(folder);
    expect(readdirSync(folder)).toHaveLength(names.length - 1 + 2);
    expect(existsSync(join(folder, dead))).toBe(false);
  });

  test("keeps another user's file, and never fails", async () => {
    await removeLeftBehind(join(folder, "no folder"));
    if (process.geteuid?.() !== 0) {
      console.log("skipped: only root can make another user's file");
      return;
    }
    writeFileSync(join(folder, dead), "");
    chownSync(join(folder, dead), 65_534, 65_534);
    await removeLeftBehind(folder);
    expect(readdirSync(folder)).toEqual([dead]);
  });

  test("a leftover of an earlier version is removed when it is a day old", async () => {
    const earlier = ".everwarp-checkpoint.0123456789ab.1.aaaa";
    writeFileSync(join(folder, earlier), "");
    await removeLeftBehind(folder);
    expect(readdirSync(folder)).toEqual([earlier]);
    const longAgo = Date.now() / 1000 - 2 * 24 * 3600;
    utimesSync(join(folder, earlier), longAgo, longAgo);
    await removeLeftBehind(folder);
    expect(readdirSync(folder)).toEqual([]);
  });

  test("names cannot be guessed, and contain their owner", () => {
    const names = Array.from({ length: 100 }, () => {
      const temporary = temporaryFileIn(folder);
      temporary.settle();
      return temporary.path.slice(folder.length + 1);
    });
    expect(new Set(names).size).toBe(100);
    expect(new Set(names.map((name) => ownerOfTemporary(name)))).toEqual(new Set([processToken()]));
    expect(ownerOfTemporary(".bashrc.tmp")).toBeUndefined();
  });
});

// https://specifications.freedesktop.org/basedir-spec: "All paths set in these environment variables must be absolute.
// If an implementation encounters a relative path in any of these variables it should consider the path invalid and
// ignore it", and "not set or empty" is one case.
describe("the folder for caches", () => {
  const home = userInfo().homedir;
  test.each([
    [{ XDG_CACHE_HOME: "/x", HOME: "/h" }, "/x/everwarp"],
    [{ XDG_CACHE_HOME: "", HOME: "/h" }, "/h/.cache/everwarp"],
    [{ XDG_CACHE_HOME: "relative", HOME: "/h" }, "/h/.cache/everwarp"],
    [{ XDG_CACHE_HOME: "./x", HOME: "/h" }, "/h/.cache/everwarp"],
    [{ HOME: "/h" }, "/h/.cache/everwarp"],
    [{ HOME: "" }, join(home, ".cache", "everwarp")],
    [{ HOME: "relative" }, join(home, ".cache", "everwarp")],
    [{ XDG_CACHE_HOME: "relative", HOME: "" }, join(home, ".cache", "everwarp")],
    [{}, join(home, ".cache", "everwarp")],
  ])("%j", (environment, expected) => {
    expect(userCacheFolder(environment)).toBe(expected);
  });
});

test("missing parent folders are made, and an obstacle is reported", async () => {
  for (const make of [makeFolder, async (path: string, mode: number) => makeFolderSync(path, mode)]) {
    const deep = join(folder, `${make.name}x`, "b", "c");
    await make(deep, 0o700);
    await make(deep, 0o700);
    writeFileSync(join(deep, "file"), "");
    await expect(make(join(deep, "file"), 0o700)).rejects.toMatchObject({ code: "EEXIST" });
    await expect(make(join(deep, "file", "x"), 0o700)).rejects.toMatchObject({ code: "ENOTDIR" });
    await expect(make("/proc/everwarp/a/b", 0o700)).rejects.toMatchObject({ code: "ENOTSUP" });
  }
});
