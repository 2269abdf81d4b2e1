import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { compile, prepareSource } from "./compile.ts";
import { expandFile, expandSource } from "./include.ts";

const folder = mkdtempSync(join(tmpdir(), "include-"));
const shared = join(folder, "shared");
mkdirSync(shared);
afterAll(() => rmSync(folder, { recursive: true }));

function write(name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}

describe("includes", () => {
  test("a file in the same folder wins over a shared one, and `#line` points to the original lines", () => {
    write("near.glsl", "near 1\nnear 2");
    write("shared/near.glsl", "wrong");
    write("shared/far.glsl", "far 1");
    const main = write(
      "main.comp",
      '#version 450\n#include "near.glsl"\n  #  include "far.glsl" // why\nlast',
    );
    const { text, files } = expandFile(main, { sharedFolder: shared });
    expect(text.split("\n")).toEqual([
      "#version 450",
      "#line 1 1",
      "near 1",
      "near 2",
      "#line 3 0",
      "#line 1 2",
      "far 1",
      "#line 4 0",
      "last",
    ]);
    expect(files).toEqual([main, join(folder, "near.glsl"), join(shared, "far.glsl")]);
  });

  test("a file is included once, also through two others", () => {
    write("base.glsl", "base");
    write("left.glsl", '#include "base.glsl"\nleft');
    write("right.glsl", '#include "base.glsl"\nright');
    const { text } = expandFile(write("diamond.comp", '#include "left.glsl"\n#include "right.glsl"'), {
      sharedFolder: shared,
    });
    expect(text.match(/^base$/gm)).toHaveLength(1);
    expect(text).toMatch(/base[\s\S]*left[\s\S]*right/);
  });

  test("a circular include is an error that shows the circle", () => {
    write("a.glsl", '#include "b.glsl"');
    write("b.glsl", '\n#include "a.glsl"');
    expect(() => expandFile(join(folder, "a.glsl"), { sharedFolder: shared })).toThrow(
      /b\.glsl:2: circular include: .*a\.glsl → .*b\.glsl → .*a\.glsl/,
    );
    write("self.glsl", '#include "self.glsl"');
    expect(() => expandFile(join(folder, "self.glsl"), { sharedFolder: shared })).toThrow("circular");
  });

  test("missing, malformed and commented-out includes", () => {
    expect(() => expandSource('\n#include "no.glsl"', "text", { sharedFolder: shared })).toThrow(
      'text:2: "no.glsl" is neither',
    );
    expect(() => expandSource("#include <angle.glsl>", "text", { sharedFolder: shared })).toThrow(
      "malformed",
    );
    const commented = '/* one\n#include "no.glsl"\n*/ // /*\n// #include "no.glsl"\nlast';
    expect(expandSource(commented, "text", { sharedFolder: shared }).text).toBe(commented);
    expect(() => expandFile(join(folder, "absent.comp"))).toThrow(
      expect.objectContaining({ code: "EW_PATH_NOT_FOUND" }),
    );
  });

  test("the text does not depend on the location of the files", () => {
    const elsewhere = join(folder, "elsewhere");
    mkdirSync(elsewhere);
    for (const place of [folder, elsewhere]) {
      writeFileSync(join(place, "part.glsl"), "part");
      writeFileSync(join(place, "whole.comp"), '#include "part.glsl"');
    }
    expect(expandFile(join(elsewhere, "whole.comp")).text).toBe(expandFile(join(folder, "whole.comp")).text);
  });
});

describe("what lies outside", () => {
  const outside = join(folder, "outside", "secret.glsl");
  const inside = join(folder, "inside");
  const kernel = join(inside, "kernel.comp");
  const expandWith = (include: string, includeRoots: readonly string[] = []): string => {
    mkdirSync(join(folder, "outside"), { recursive: true });
    mkdirSync(join(inside, "deep"), { recursive: true });
    writeFileSync(outside, "secret");
    writeFileSync(kernel, `#include "${include}"`);
    return expandFile(kernel, { sharedFolder: shared, includeRoots }).text;
  };
  const refusal = expect.objectContaining({ code: "EW_COMPILE" }) as Error;

  test.each([
    ["the folder above", () => "../outside/secret.glsl"],
    ["the folder above, by a detour", () => "deep/../../outside/secret.glsl"],
    ["the folder above the package's", () => "../shared.txt"],
    ["the file system", () => `${"../".repeat(40)}etc/passwd`],
    ["a link to a file", () => linked("link.glsl", outside)],
    ["a link to a folder", () => `${linked("links", join(folder, "outside"))}/secret.glsl`],
  ])("%s is refused", (_, include) => {
    mkdirSync(shared, { recursive: true });
    writeFileSync(join(shared, "..", "shared.txt"), "secret");
    mkdirSync(inside, { recursive: true });
    expect(() => expandWith(include())).toThrow(refusal);
    expect(() => expandWith(include())).toThrow(/kernel\.comp:1: .* lies outside of/);
  });

  test("a text without a file can include only from the package's folder", () => {
    expect(() => expandSource('#include "../shared.txt"', "text", { sharedFolder: shared })).toThrow(refusal);
  });

  test("an include root is searched, and a path that leaves it is refused", () => {
    expect(expandWith("secret.glsl", [join(folder, "outside")])).toContain("secret");
    expect(expandWith("../outside/secret.glsl", [join(folder, "outside")])).toContain("secret");
    const passwd = `${"../".repeat(40)}etc/passwd`;
    expect(() => expandWith(passwd, [join(folder, "outside")])).toThrow(refusal);
  });

  test("a folder whose name starts like the source's folder is still another folder", () => {
    mkdirSync(`${inside}-too`, { recursive: true });
    writeFileSync(join(`${inside}-too`, "x.glsl"), "secret");
    expect(() => expandWith("../inside-too/x.glsl")).toThrow(refusal);
  });

  test("links and detours that stay inside are accepted, also a link to the folder itself", () => {
    mkdirSync(join(inside, "deep"), { recursive: true });
    writeFileSync(join(inside, "part.glsl"), "part");
    expect(expandWith("deep/../part.glsl")).toContain("part");
    expect(expandWith(linked("other.glsl", join(inside, "part.glsl")))).toContain("part");
    rmSync(join(folder, "way"), { force: true });
    symlinkSync(inside, join(folder, "way"));
    expect(expandFile(join(folder, "way", "kernel.comp")).text).toContain("part");
  });

  test("a pipe, a folder and a device are refused without waiting", () => {
    mkdirSync(join(inside, "deep"), { recursive: true });
    rmSync(join(inside, "pipe"), { force: true });
    execFileSync("mkfifo", [join(inside, "pipe")]);
    for (const name of ["pipe", "deep"]) {
      expect(() => expandWith(name)).toThrow(refusal);
      expect(() => expandWith(name)).toThrow("cannot be read");
      expect(() => expandFile(join(inside, name))).toThrow(
        expect.objectContaining({ code: "EW_PATH_UNREADABLE" }),
      );
    }
    expect(() => expandWith(linked("null.glsl", "/dev/null"), ["/dev"])).toThrow("cannot be read");
  });

  function linked(name: string, target: string): string {
    rmSync(join(inside, name), { force: true });
    symlinkSync(target, join(inside, name));
    return name;
  }
});

describe("virtual files", () => {
  test("come before the disk, may include files and each other, and `#line` points to the original lines", () => {
    write("shared/made.glsl", "wrong");
    write("shared/real.glsl", "real");
    const virtualFiles = {
      "made.glsl": '#include "real.glsl"\n#include "other.glsl"\nmade',
      "other.glsl": "other",
    };
    const { text, files } = expandSource('one\n#include "made.glsl"\n#include "made.glsl"\nlast', "text", {
      sharedFolder: shared,
      virtualFiles,
    });
    expect(text.split("\n")).toEqual([
      "one",
      "#line 1 1",
      "#line 1 2",
      "real",
      "#line 2 1",
      "#line 1 3",
      "other",
      "#line 3 1",
      "made",
      "#line 3 0",
      "",
      "last",
    ]);
    expect(files).toEqual(["text", "made.glsl", join(shared, "real.glsl"), "other.glsl"]);
  });

  test("differ from a source text of the same name, and a circle through them is an error", () => {
    const virtualFiles = { "a.glsl": '#include "b.glsl"', "b.glsl": '#include "a.glsl"' };
    expect(
      expandSource('#include "a.glsl"', "a.glsl", { virtualFiles: { "a.glsl": "inner" } }).text,
    ).toContain("inner");
    expect(() => expandSource('#include "a.glsl"', "text", { virtualFiles })).toThrow(
      "b.glsl:1: circular include: virtual file a.glsl → virtual file b.glsl → virtual file a.glsl",
    );
    expect(() => expandSource('#include "toString"', "text", { virtualFiles })).toThrow("is neither");
  });

  test("are part of the program, and errors name them and their line", async () => {
    const source = '#version 450\nlayout(local_size_x = 1) in;\n#include "made.glsl"\nvoid main() {}';
    const prepared = (made: string): string =>
      prepareSource({ source, virtualFiles: { "made.glsl": made } }).text;
    expect(prepared("uint a;")).not.toBe(prepared("uint b;"));
    const failure = compile({ source, virtualFiles: { "made.glsl": "uint fine;\nuint x = missing;" } });
    await expect(failure).rejects.toThrow(/made\.glsl:2: 'missing' : undeclared identifier/);
    const after = compile({
      source: source.replace("{}", "{ missing = 1; }"),
      name: "own.comp",
      virtualFiles: { "made.glsl": "uint fine;" },
      defines: { A: 1 },
    });
    await expect(after).rejects.toThrow(/own\.comp:4: 'missing'/);
  });
});

describe("compile errors", () => {
  test("name the original file and line, through includes and defines", async () => {
    write("broken.glsl", "// fine\nuint broken() { return missing; }");
    const file = write(
      "user.comp",
      '#version 450\nlayout(local_size_x = 1) in;\n#include "broken.glsl"\nvoid main() { alsoMissing = 1; }\n',
    );
    const failure = compile({ file, defines: { B: 2, A: true } });
    await expect(failure).rejects.toMatchObject({ code: "EW_COMPILE" });
    await expect(failure).rejects.toThrow(/broken\.glsl:2: 'missing' : undeclared identifier/);
    const later = write(
      "later.comp",
      '#version 450\n#include "part.glsl"\n\nvoid main() { alsoMissing = 1; }\n',
    );
    write("part.glsl", "uint part;");
    await expect(compile({ file: later, defines: { X: 1 } })).rejects.toThrow(/later\.comp:4: 'alsoMissing'/);
  });

  test("a failed compilation does not spoil the next", async () => {
    await expect(compile({ source: "#version 450\nnonsense" })).rejects.toMatchObject({ code: "EW_COMPILE" });
    const spirv = await compile({ source: "#version 450\nlayout(local_size_x = 1) in;\nvoid main() {}" });
    expect(spirv[0]).toBe(0x0723_0203);
    expect(spirv[1]).toBe(0x0001_0500); // SPIR-V 1.5
  });
});

describe("defines", () => {
  const source = "#version 450\nlayout(local_size_x = SIZE) in;\nvoid main() {}";

  test("are inserted after the version, sorted, and keep the line numbers", () => {
    const { text } = prepareSource({ source, defines: { SIZE: 64, FLAG: true } });
    expect(text).toBe(
      `#version 450\n#define FLAG 1\n#define SIZE 64\n#line 2 0\n${source.slice("#version 450\n".length)}`,
    );
    expect(text).toBe(prepareSource({ source, defines: { FLAG: true, SIZE: 64 } }).text);
  });

  test("must be identifiers of one line", () => {
    expect(() => prepareSource({ source, defines: { "A B": 1 } })).toThrow("A B");
    expect(() => prepareSource({ source, defines: { A: "1\n#error" } })).toThrow("one line");
  });
});

test("the compiler leaves the process's error handling alone", async () => {
  const count = (): number =>
    process.listenerCount("uncaughtException") + process.listenerCount("unhandledRejection");
  const before = count();
  await compile({ source: "#version 450\nlayout(local_size_x = 1) in;\nvoid main() {}" });
  expect(count()).toBe(before);
});
