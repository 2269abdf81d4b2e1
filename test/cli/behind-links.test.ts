/** Named paths with ".." behind a link: they lead where the system says, and not to the folder that has the link. */
import { afterAll, beforeAll, expect, it } from "vitest";
import { describeDifference, Dir, runHere, runRipgrep } from "../support/cli.ts";

let tree: Dir;
beforeAll(() => {
  tree = new Dir("behind")
    .file("far/below/f", "foo\n")
    .file("far/f", "foo of far\n")
    .file("far/.ignore", "ignored\n")
    .file("far/ignored", "foo\n")
    .file("near/f", "foo of near\n")
    .file("near/ignored", "foo\n")
    .link("near/link", "../far/below")
    .link("near/file", "f");
});
afterAll(() => tree.remove());

it.each([
  ["near/link/.."],
  ["near/link/../"],
  ["near/link/../f"],
  ["./near/link/../../near"],
  ["near/link/../../near/link/..", "near"],
  ["near/f/.."],
  ["near/file/.."],
  ["near/missing/.."],
  ["near/../near//f", "near/./f"],
])("%s", async (...paths) => {
  for (const args of [
    ["--sort=path", "-n", "foo", ...paths],
    ["--sort=path", "--files", ...paths],
  ]) {
    const ours = await runHere(tree.path, args);
    expect(describeDifference(args, ours, runRipgrep(tree.path, args))).toBeUndefined();
  }
});

it("an ignore file that is named so", async () => {
  const args = ["--sort=path", "--files", "--ignore-file", "near/link/../.ignore", "near"];
  expect(
    describeDifference(args, await runHere(tree.path, args), runRipgrep(tree.path, args)),
  ).toBeUndefined();
});
