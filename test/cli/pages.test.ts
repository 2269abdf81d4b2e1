/** The pages name what there is: folders, files, variables, entries of the package. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { packageRoot } from "../../src/base/package-root.ts";

const root = packageRoot();
const read = (file: string): string => readFileSync(join(root, file), "utf8");
const docs = readdirSync(join(root, "docs")).filter((name) => name.endsWith(".md"));
const PAGES = [
  "README.md",
  "ARCHITECTURE.md",
  "CONTRIBUTING.md",
  "CHANGELOG.md",
  "bench/METHODOLOGY.md",
  "examples/README.md",
  "bench/record/README.md",
  "docs/decisions/README.md",
  ...docs.map((name) => `docs/${name}`),
];
/** Text without blocks of code. */
const prose = (page: string): string => read(page).replace(/^```[^]*?^```$/gm, "");

/** Every file of a folder of sources, without tests. */
function sourcesOf(folder: string): string[] {
  return readdirSync(join(root, folder), { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".ts") && !name.endsWith(".test.ts"))
    .map((name) => `${folder}/${name}`);
}

it.each(PAGES)("%s names files and folders that exist", (page) => {
  const lost = [...prose(page).matchAll(/`((?:src|test|scripts|glsl|bench|examples|docs)\/[\w./-]*)`/g)]
    .map(([, name = ""]) => name)
    .filter((name) => !existsSync(join(root, name)) && !/(?:DATE|NAME|SYSTEM)/.test(name));
  expect(lost).toEqual([]);
});

it.each(PAGES)("%s links to files and headings that exist", (page) => {
  const lost: string[] = [];
  for (const [, target = ""] of prose(page).matchAll(/\]\(([^)\s]+)\)/g)) {
    if (/^https?:/.test(target)) continue;
    const [name = "", heading] = target.split("#");
    const file = name === "" ? page : join(page, "..", name);
    if (!existsSync(join(root, file))) lost.push(target);
    else if (heading !== undefined && file.endsWith(".md")) {
      const anchors = [...prose(file).matchAll(/^#+ (.+)$/gm)].map(([, text = ""]) =>
        text
          .toLowerCase()
          .replace(/[^\w\s-]/g, "")
          .trim()
          .replace(/\s/g, "-"),
      );
      if (!anchors.includes(heading)) lost.push(target);
    }
  }
  expect(lost).toEqual([]);
});

it("docs/decisions/README.md lists every decision", () => {
  const files = readdirSync(join(root, "docs/decisions")).filter((name) => /^\d/.test(name));
  const listed = [...read("docs/decisions/README.md").matchAll(/\]\((\d[^)]+)\)/g)].map(([, name]) => name);
  expect(listed).toEqual(files.toSorted());
});

describe("docs/environment.md", () => {
  const page = read("docs/environment.md");
  const listed = [...page.matchAll(/^\| (`[^|]+)\|/gm)].flatMap(([, cell = ""]) =>
    [...cell.matchAll(/`(\w+)`/g)].map(([, name = ""]) => name),
  );

  it("lists the variables that the sources read, and no other", () => {
    const text = sourcesOf("src")
      .map((file) => read(file))
      .join("\n");
    const own = new Set(text.match(/\bEVERWARP_[A-Z_]+[A-Z]\b/g));
    const named = listed.filter((name) => name.startsWith("EVERWARP_"));
    expect(named.toSorted()).toEqual([...own].toSorted());
    for (const name of listed) expect(text, name).toMatch(new RegExp(`\\b${name}\\b`));
  });

  it("has one prefix for all of ours", () => {
    const text = sourcesOf("src")
      .map((file) => read(file))
      .join("\n");
    const others = [...text.matchAll(/\benv(?:ironment)?(?:\.|\[")(EW_\w+)/g)].map(([, name]) => name);
    expect(others).toEqual([]);
  });
});

describe("the entries of the package", () => {
  const manifest = JSON.parse(read("package.json")) as {
    exports: Record<string, { types: string; default: string } | string>;
    files: string[];
  };
  const entries = Object.entries(manifest.exports).filter(([, target]) => typeof target !== "string");
  const names = readdirSync(join(root, "src/public")).map((name) => name.replace(/\.ts$/, ""));

  it("are the files of src/public, and all of them together", () => {
    const wanted = [".", ...names.map((name) => `./${name}`)];
    expect(entries.map(([name]) => name).toSorted()).toEqual(wanted.toSorted());
    for (const [name, target] of entries) {
      const stem = name === "." ? "./dist/index" : `./dist/public/${name.slice(2)}`;
      expect(target, name).toEqual({ types: `${stem}.d.ts`, default: `${stem}.js` });
    }
    for (const name of names) expect(read("src/index.ts")).toContain(`"./public/${name}.ts"`);
  });

  it.each(["src/index.ts", ...names.map((name) => `src/public/${name}.ts`)])(
    "%s only re-exports, from doors",
    (file) => {
      const text = read(file).replace(/\/\*[^]*?\*\//g, "");
      const rest = text.replace(/export (?:\*|(?:type )?\{[^}]*\}) from "([^"]+)";/g, (_, from: string) =>
        /^\.\.\/\w+\/index\.ts$|^\.\/(?:public\/)?\w+\.ts$/.test(from) ? "" : from,
      );
      expect(rest.trim()).toBe("");
    },
  );
});
