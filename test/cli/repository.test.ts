/** This repository's own tree, beside ripgrep. */
import { expect, it } from "vitest";
import { packageRoot } from "../../src/base/package-root.ts";
import { describeDifference, runHere, runRipgrep } from "../support/cli.ts";

/** Others may write files here while the tests run, so a difference must show twice. */
async function lastingDifference(args: string[]): Promise<string | undefined> {
  for (let attempt = 0; ; attempt++) {
    const ours = await runHere(packageRoot(), args);
    const found = describeDifference(args, ours, runRipgrep(packageRoot(), args));
    if (found === undefined || attempt === 2) return found;
  }
}

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
  expect(await lastingDifference(["--sort=path", ...query.split(" ")])).toBeUndefined();
});
