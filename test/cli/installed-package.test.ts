/**
 * The package as a user gets it: packed, installed with npm into a project made by `npm init -y`, used as the pages say.
 */
import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { dirname, join } from "node:path";
import { build, type BuildOptions } from "esbuild";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { packageRoot } from "../../src/base/package-root.ts";
import type { DaemonReport } from "../../src/daemon/protocol/answers.ts";
import { codeBlocks, outputOf } from "../support/pages.ts";
import { installedProject, type UserProject } from "../support/user-project.ts";

let project: UserProject;
beforeAll(async () => {
  project = await installedProject(["tsx", "@types/node"]);
  // The folders that the searches load.
  project
    .file("src/a.js", 'import x from "y"; // TODO: one\nconst one = 1;\n')
    .file("test/b.js", "const two = 2; // todo\n")
    .file("docs/c.md", "Vulkan runs on a GPU\n");
  await project.npm("pkg", "set", "type=module");
});
afterAll(() => project?.remove());

const STRICT = JSON.stringify({
  compilerOptions: { strict: true, noEmit: true, module: "nodenext", target: "es2022", types: ["node"] },
});

/** README.md has three programs, docs/search.md one. The searches are those without a file's name. */
const blocks = [...codeBlocks("README.md"), ...codeBlocks("docs/search.md")];

/** What the README's search prints over those folders: one hit in each of src and test. */
const SEARCH_PRINTS =
  '2 hits in 2 files\nsrc/a.js:1: import x from "y"; // TODO: one\ntest/b.js:1: const two = 2; // todo\n';
/** What the program of docs/search.md prints over those folders, times and the device left out. */
const QUERIES_PRINT =
  /^2 files on .*\n(no GPU: .*\n)?2 hits in 2 files\nsrc\/a\.js:1:23: import x from "y"; \/\/ TODO: one\n  file 0 of the corpus, 4 bytes from byte 22 on\ntest\/b\.js:1:19: const two = 2; \/\/ todo\n  file 1 of the corpus, 4 bytes from byte 18 on\n2 hits in the documents\n2 false\n1 hits, [\d.]+ µs\n$/;

describe("a program of the pages", () => {
  const programs = blocks
    .filter(({ language }) => language === "ts")
    .map(({ title, text }, index) => {
      const unnamed = index === 0 ? "search" : "queries";
      return { name: title.replace(/\.ts$/, "") || unnamed, text };
    });

  it.each(programs)(
    "$name runs as TypeScript with tsx and as JavaScript, and prints what the page says",
    async (program) => {
      const { name, text } = program;
      for (const { language, title, text: source } of blocks)
        if (language === "glsl") project.file(title, source);
      project.file(`${name}.ts`, text).file(`${name}.js`, text);
      const output = outputOf(blocks, `${name}.ts`);
      for (const [tool, file] of [
        ["node_modules/.bin/tsx", `${name}.ts`],
        [process.execPath, `${name}.js`],
      ] as const) {
        const { end, stdout, stderr } = await project.run(tool, [file]);
        expect({ file, end, stderr }).toEqual({ file, end: 0, stderr: "" });
        if (name === "queries") expect(stdout).toMatch(QUERIES_PRINT);
        else expect(stdout).toBe(name === "search" ? SEARCH_PRINTS : output);
      }
    },
  );

  it("has types that a strict TypeScript takes", async () => {
    for (const { name, text } of programs) project.file(`typed/${name}.ts`, text);
    project.file("typed/tsconfig.json", STRICT);
    const compiler = join(packageRoot(), "node_modules/typescript/bin/tsc");
    const { end, stdout } = await project.run(process.execPath, [compiler, "-p", "typed"]);
    expect({ end, stdout }).toEqual({ end: 0, stdout: "" });
  });
});

describe("the entries of the package", () => {
  const { exports } = JSON.parse(readFileSync(join(packageRoot(), "package.json"), "utf8")) as {
    exports: Record<string, string | { types: string; default: string }>;
  };
  const entries = Object.keys(exports).filter((name) => typeof exports[name] !== "string");

  it("are found by Node, and the main one has what all others have", async () => {
    project.file(
      "entries.mjs",
      `const whole = await import("everwarp");
       const lost = [];
       for (const name of ${JSON.stringify(entries.map((name) => name.slice(2)).filter((name) => name !== ""))}) {
         const part = await import("everwarp/" + name);
         if (Object.keys(part).length === 0) lost.push(name);
         for (const each of Object.keys(part)) if (part[each] !== whole[each]) lost.push(name + ": " + each);
       }
       console.log(JSON.stringify(lost));`,
    );
    const { end, stdout, stderr } = await project.run(process.execPath, ["entries.mjs"]);
    expect({ end, stdout, stderr }).toEqual({ end: 0, stdout: "[]\n", stderr: "" });
  });

  it("have types that a strict TypeScript takes", async () => {
    const names = entries.map((name) => `everwarp${name.slice(1)}`);
    const imports = names.map((name, index) => `import * as part${index} from "${name}";`);
    const uses = names.map((_, index) => `part${index}.EverwarpError`);
    project.file("entries/all.ts", `${imports.join("\n")}\nexport const all = [${uses.join(", ")}];\n`);
    project.file("entries/tsconfig.json", STRICT);
    const compiler = join(packageRoot(), "node_modules/typescript/bin/tsc");
    const { end, stdout } = await project.run(process.execPath, [compiler, "-p", "entries"]);
    expect({ end, stdout }).toEqual({ end: 0, stdout: "" });
  });
});

describe("a program that is bundled with esbuild", () => {
  // Threads of the host, the regex engine, the command of a kernel: all that a bundle cannot hold.
  const PROGRAM = `
    import { Corpus, Device, EverwarpError, Namespace, ResidentKernel, SearchEngine, struct, u32 } from "everwarp";
    async function main() {
      const engine = await SearchEngine.open({ corpus: await Corpus.list(["src", "test"]), device: "cpu", threads: 2 });
      console.log((await engine.search({ pattern: "const \\\\w+ = [0-9]" })).count);
      await engine.close();
      const files = await Namespace.open({ device: "cpu" });
      console.log(await files.addFile("/a") === await files.lookup("/a"));
      await files.close();
      const device = Device.open({ allowSoftware: true });
      const kernel = await ResidentKernel.open({
        device,
        source: { text: '#version 460\\n#include "kernel.glsl"\\nvoid perform(uint slot) { if (gl_LocalInvocationIndex == 0u) respond(slot, Response(requestAt(slot).value + 1u)); }' },
        request: struct("Request", { value: u32 }),
        response: struct("Response", { value: u32 }),
      });
      console.log((await kernel.call({ value: 41 })).value);
      await kernel.close();
      device.close();
    }
    main().catch((error) => {
      console.log(error instanceof EverwarpError ? error.code + " " + error.message : error.stack);
      process.exitCode = 1;
    });`;
  const PRINTS = "2\ntrue\n42\n";

  const bundled = async (outfile: string, options: BuildOptions): Promise<void> => {
    project.file("program.ts", PROGRAM);
    const { warnings } = await build({
      entryPoints: ["program.ts"],
      absWorkingDir: project.path,
      outfile,
      bundle: true,
      platform: "node",
      target: "node20.19",
      logLevel: "silent",
      ...options,
    });
    expect(warnings).toEqual([]);
  };

  it.each([
    ["one ES module", "out/whole.mjs", { format: "esm" }],
    ["one CommonJS file", "out/whole.cjs", { format: "cjs" }],
    ["one minified file", "out/small.mjs", { format: "esm", minify: true }],
    ["--external:everwarp", "out/apart.mjs", { format: "esm", external: ["everwarp"] }],
    ["--packages=external", "out/packages.mjs", { format: "esm", packages: "external" }],
  ] as const)("works as %s", async (_, outfile, options) => {
    await bundled(outfile, options as BuildOptions);
    expect(await project.run(process.execPath, [outfile])).toEqual({ end: 0, stdout: PRINTS, stderr: "" });
  });

  it.each([
    ["mjs", "esm"],
    ["cjs", "cjs"],
  ] as const)("says what is missing where the package is not installed: %s", async (extension, format) => {
    await bundled(`out/moved.${extension}`, { format });
    const elsewhere = mkdtempSync(join(tmpdir(), "everwarp-moved-"));
    try {
      cpSync(join(project.path, "src"), join(elsewhere, "src"), { recursive: true });
      cpSync(join(project.path, "test"), join(elsewhere, "test"), { recursive: true });
      cpSync(join(project.path, `out/moved.${extension}`), join(elsewhere, `moved.${extension}`));
      const { end, stdout, stderr } = await project.run(process.execPath, [`moved.${extension}`], elsewhere);
      expect({ end, stderr }).toEqual({ end: 1, stderr: "" });
      expect(stdout).toMatch(/^EW_PACKAGE_INCOMPLETE .*--external:everwarp/);
    } finally {
      rmSync(elsewhere, { recursive: true });
    }
  });
});

describe("the native client of the package", () => {
  it("is ready made, and works where there is no compiler", async ({ skip }) => {
    if (spawnSync("cc", ["--version"]).error !== undefined) skip("no C compiler (cc) packs it here");
    const everwarp = join(project.path, "node_modules/everwarp/bin/everwarp.cjs");
    project.file("runtime/.keep", "");
    const alone = ["PATH=/nonexistent", `XDG_RUNTIME_DIR=${join(project.path, "runtime")}`];
    const inPlace = (words: readonly string[]): ReturnType<UserProject["run"]> =>
      project.run("/usr/bin/env", [...alone, ...words]);
    const installed = await inPlace([process.execPath, everwarp, "client", "install", "ew"]);
    const stderr = `everwarp: ${project.path} is not in PATH, so call it by its path\n`;
    expect(installed).toEqual({ end: 0, stdout: `${join(project.path, "ew")}\n`, stderr });
    // Without a daemon, it runs everwarp by Node's path; and with one, it has the answer from there.
    const search = [join(project.path, "ew"), "search", "-n", "const two", "test"];
    const answer = { end: 0, stdout: "test/b.js:1:const two = 2; // todo\n", stderr: "" };
    expect(await inPlace(search)).toEqual(answer);
    const daemon = spawn(process.execPath, [everwarp, "serve", project.path], {
      env: { PATH: "/nonexistent", XDG_RUNTIME_DIR: join(project.path, "runtime") },
      stdio: ["ignore", "ignore", "pipe"],
    });
    try {
      await once(daemon.stderr, "data");
      expect(await inPlace(search)).toEqual(answer);
      const status = await inPlace([process.execPath, everwarp, "serve", "--status", "--json"]);
      const { answered, declined } = (JSON.parse(status.stdout) as DaemonReport).searches;
      expect(answered + declined).toBe(1);
    } finally {
      daemon.kill();
      await once(daemon, "exit");
    }
  });
});

describe("the published package", () => {
  it("holds every file that its own pages link to", () => {
    const installed = join(project.path, "node_modules/everwarp");
    const pages = readdirSync(installed, { recursive: true, encoding: "utf8" }).filter((name) =>
      name.endsWith(".md"),
    );
    expect(pages).toEqual(expect.arrayContaining(["README.md", "CHANGELOG.md", "docs/residency.md"]));
    const lost: string[] = [];
    let linkCount = 0;
    for (const page of pages) {
      const text = readFileSync(join(installed, page), "utf8").replace(/^```[^]*?^```$/gm, "");
      for (const [, target = ""] of text.matchAll(/\]\(([^)\s]+)\)/g)) {
        if (/^(https?:|#)/.test(target)) continue;
        linkCount++;
        const file = join(installed, dirname(page), target.replace(/#.*/, ""));
        if (!file.startsWith(installed) || !existsSync(file)) lost.push(`${page}: ${target}`);
      }
    }
    expect(lost).toEqual([]);
    expect(linkCount).toBeGreaterThan(15);
  });

  it("names what npm shows and what npm checks", () => {
    const text = (folder: string): string => readFileSync(join(folder, "package.json"), "utf8");
    const manifest = JSON.parse(text(packageRoot())) as Record<string, unknown>;
    expect(manifest).toMatchObject({
      os: ["linux"],
      cpu: ["x64"],
      license: "MIT",
      author: "The everwarp authors",
    });
    expect(manifest["keywords"]).toContain("vulkan");
    // Files that do something by being loaded: a bundler must keep those alone.
    for (const glob of manifest["sideEffects"] as string[])
      expect(statSync(join(packageRoot(), glob.replace("/*", ""))).isDirectory(), glob).toBe(true);
    expect(readFileSync(join(packageRoot(), "LICENSE"), "utf8")).toContain(String(manifest["author"]));
  });
});
