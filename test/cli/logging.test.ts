/** What --debug and --trace tell, on standard error; standard output stays that of ripgrep. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Dir, normalizeOutput, type Outcome, runHere, runRipgrep } from "../support/cli.ts";

let dir: Dir;
beforeAll(() => {
  dir = new Dir("logging")
    .file("kept.txt", "foo\n")
    .file("large.txt", "foo\n".repeat(1000))
    .file("other.rs", "foo\n")
    .file("ruled.txt", "foo\n")
    .file("late.txt", "foo\n")
    .file(".hidden", "foo\n")
    .file(".ignore", "ruled.txt\n")
    .file("rules", "late.txt\n")
    .link("link", "kept.txt");
});
afterAll(() => {
  dir.remove();
});

const ours = (...args: string[]): Promise<Outcome> => runHere(dir.path, ["--sort=path", ...args]);

describe("--debug", () => {
  it.each([
    [["foo"], "./.hidden", "it is hidden, and --hidden is not given"],
    [["foo"], "./link", "it is a symbolic link, and -L is not given"],
    [["foo"], "./ruled.txt", "a rule of an ignore file leaves it out"],
    [["foo", "."], "./ruled.txt", "a rule of an ignore file leaves it out"],
    [["foo", "--ignore-file=rules"], "./late.txt", "a rule of --ignore-file or of git's"],
    [["foo", "-g!*.rs"], "./other.rs", "a glob of the command line leaves it out"],
    [["foo", "-Trust"], "./other.rs", "its file type leaves it out"],
    [["foo", "--max-filesize=100"], "./large.txt", "it has more than 100 bytes"],
    [["--files"], "./ruled.txt", "a rule of an ignore file leaves it out"],
  ])("%s: why %s is ignored", async (args, path, reason) => {
    const { stderr } = await ours("--debug", ...args);
    expect(stderr).toContain(`everwarp: DEBUG|walk: ignoring ${path}: ${reason}`);
    expect(stderr).not.toContain("kept.txt");
  });

  it.each([
    ["foo", "literals"],
    ["fo+ bar", "filter"],
    ["\\w", "whole"],
  ])("%s: which plan is followed", async (pattern, kind) => {
    expect((await ours("--debug", pattern)).stderr).toMatch(
      new RegExp(`^everwarp: DEBUG\\|plan: ${kind}: `, "m"),
    );
  });

  it("leaves output and exit code as they are", async () => {
    for (const args of [["foo"], ["nothing"], ["--files"], ["foo", "missing"]]) {
      const [here, theirs] = [await ours("--debug", ...args), runRipgrep(dir.path, ["--sort=path", ...args])];
      expect(normalizeOutput(here.stdout, true)).toBe(normalizeOutput(theirs.stdout, true));
      expect(here.code).toBe(theirs.code);
    }
  });
});

describe("--trace", () => {
  it("also tells of each file that is found", async () => {
    const { stderr } = await ours("--trace", "foo", "kept.txt", ".");
    expect(stderr).toContain("everwarp: TRACE|walk: found kept.txt, which was named\n");
    expect(stderr).toContain("everwarp: TRACE|walk: found ./late.txt\n");
    expect(stderr).toContain("everwarp: DEBUG|walk: ignoring ./.hidden");
    expect((await ours("--trace", "--debug", "foo")).stderr).not.toContain("TRACE");
  });
});
