/** This repository's own tree, beside ripgrep: a copy of it, since others may write files here while the tests run. */
import { cpSync } from "node:fs";
import path from "node:path";
import { afterAll, expect, it } from "vitest";
import { packageRoot } from "../../src/base/package-root.ts";
import { Dir, describeDifference, runHere, runRipgrep } from "../support/cli.ts";

const LEFT_OUT = new Set(["node_modules", "dist", ".git"]);
// Ignore rules count where there is a .git, and what they hide must be there to be hidden.
const copy = new Dir("repository")
  .directory(".git")
  .file("node_modules/package/package.json", '{ "version": "1.0.0" }\n')
  .file("dist/index.js", 'export const version = "1.0.0";\n');
cpSync(packageRoot(), copy.path, {
  recursive: true,
  filter: (source) => !LEFT_OUT.has(path.relative(packageRoot(), source)),
});
afterAll(() => copy.remove());

const QUERIES = [
  "export",
  "-n function src",
  "-c import",
  "-l EverwarpError",
  "-i todo",
  "-w const -tts",
  "-nC2 throw src/cli",
  "--json -tts class src",
  "-o \\bEW_[A-Z_]+\\b",
  "-v . src -c",
  "--files",
  "--files --hidden -g !.git",
  "--files-without-match import",
  "--heading -n async src",
  "--vimgrep => src/cli",
  "--stats import src",
  "--color=always -n interface src",
  "-e ^import -e ^export -c",
  "-F () -c",
  "-uu -g *.json version --max-depth 2",
  "--max-count=1 -n \\{$",
  "[A-Za-z]{20,} -o src",
];

it.each(QUERIES)("%s", async (query) => {
  const words = ["--sort=path", ...query.split(" ")];
  const ours = await runHere(copy.path, words);
  expect(describeDifference(words, ours, runRipgrep(copy.path, words))).toBeUndefined();
});
