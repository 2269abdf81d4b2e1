/** A working directory with a name that is not UTF-8. Node tells it with U+FFFD, and no such directory is there. */
import { rgPath } from "@vscode/ripgrep";
import { afterAll, beforeAll, expect, it } from "vitest";
import { bundledCommandLine } from "../support/cli-process.ts";
import { describeDifference, Dir, spawned } from "../support/cli.ts";

let tree: Dir;
let program: string;
beforeAll(async () => {
  program = await bundledCommandLine();
  tree = new Dir("bytes").file(".ignore", "/above\n");
  const made =
    "d=$(printf 'n\\xff'); mkdir -p $d/sub && cd $d && echo foo | tee f above ignored sub/g && echo ignored > .ignore";
  expect(spawned("/bin/bash", ["-c", made], tree.path).code).toBe(0);
});
afterAll(() => tree.remove());

it.each(["foo", "-c foo .", "foo f sub", "--files", "foo sub/..", "--files ../n*/sub"])("%s", (words) => {
  const inside = (command: string) =>
    spawned("/bin/bash", ["-c", `cd n* && ${command} --sort=path ${words}`], tree.path);
  const ours = inside(`'${process.execPath}' '${program}' search`);
  expect(describeDifference([words], ours, inside(`'${rgPath}'`))).toBeUndefined();
});
