import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { Roots } from "./index.ts";

const base = realpathSync(mkdtempSync(join(tmpdir(), "everwarp-roots-")));
const root = join(base, "root");
const other = join(base, "root-other");
for (const folder of [join(root, "sub/deep"), other]) mkdirSync(folder, { recursive: true });
for (const file of ["root/a", "root/sub/b", "root/-", "root-other/c"]) writeFileSync(join(base, file), "");
symlinkSync(root, join(base, "alias"));
symlinkSync("sub", join(root, "inside"));
symlinkSync("../root-other", join(root, "outside"));
symlinkSync("loop", join(root, "loop"));
afterAll(() => rmSync(base, { recursive: true }));

describe("one folder", () => {
  const roots = new Roots([], root);

  it("is the working directory, and paths are relative to it", () => {
    expect(roots).toMatchObject({ folders: [root], workingDirectory: root });
    expect(roots.resolveAll([])).toEqual([]);
    expect(roots.resolveAll(["."])).toEqual([]);
    expect(roots.resolveAll(["sub", root])).toEqual([]);
    for (const [path, name] of [
      ["a", "a"],
      ["./sub/../a", "a"],
      [join(root, "a"), "a"],
      [join(base, "alias/a"), "a"],
      ["-", "./-"],
      ["inside/b", "inside/b"],
    ] as const)
      expect(roots.resolveFile(path)).toBe(name);
    // Linux follows the link before "..": this is root/a, whatever the text looks like.
    expect(roots.resolveFile("sub/deep/../../inside/../a")).toBe("a");
  });

  it("is searched once, whatever paths overlap", () => {
    expect(roots.resolveAll(["sub", "sub/b", "a", "inside", "a"])).toEqual(["sub", "a"]);
  });

  it("has nothing beside it, whose name only begins like its own", () => {
    for (const path of [
      "../root-other",
      other,
      join(other, "c"),
      "outside",
      "outside/c",
      "outside/../root/a/x",
    ])
      expect(() => roots.resolveAll([path])).toThrow(/leads out of the folders|there is no/);
    for (const path of ["../root-other", other, "outside/c", "outside/nothing", join(other, "nothing")])
      expect(() => roots.resolveAll([path])).toThrow(/leads out of the folders/);
  });

  it("says what is wrong with a path", () => {
    expect(() => roots.resolveFile("nothing")).toThrow(/there is no "nothing"/);
    expect(() => roots.resolveFile("sub")).toThrow(/is a folder/);
    expect(() => roots.resolveFile("loop")).toThrow(/leads out|cannot be reached/);
    expect(() => roots.resolveFile("/dev/null")).toThrow(/leads out of the folders/);
    expect(() => roots.resolveFile("a\0")).toThrow(/cannot name anything/);
    expect(() => roots.resolveFile("")).toThrow(/cannot name anything/);
  });
});

describe("several folders", () => {
  const roots = new Roots(["root/sub", "root-other", "root/sub/deep"], base);

  it("are absolute, without those below others", () => {
    expect(roots.folders).toEqual([join(root, "sub"), other]);
    expect(roots.resolveAll([])).toEqual([join(root, "sub"), other]);
    expect(roots.resolveFile(join(other, "c"))).toBe(join(other, "c"));
    expect(() => roots.resolveFile("c")).toThrow(/is not absolute/);
    expect(() => roots.resolveFile(join(root, "a"))).toThrow(/leads out/);
    expect(roots.folder(other)).toBe(other);
    expect(() => roots.folder(undefined)).toThrow(/root is missing/);
  });
});

describe("the whole disk", () => {
  it("holds everything", () => {
    const roots = new Roots(["/"], base);
    expect(roots.resolveFile(join(root, "a"))).toBe(join(root, "a").slice(1));
    expect(() => roots.resolveFile("/dev/null")).toThrow(/neither a file nor a folder/);
  });
});

describe("what is no folder", () => {
  it("is refused at the start", () => {
    expect(() => new Roots(["root/a"], base)).toThrow(/is no folder/);
    expect(() => new Roots(["nothing"], base)).toThrow(/does not exist/);
    expect(() => new Roots(["root/a/x"], base)).toThrow(/does not exist/);
  });
});
