/** Generated pages and completions have every flag, and shells take them. */
import { spawnSync } from "node:child_process";
import { describe, expect, it } from "vitest";
import type { Generated } from "./flag-values.ts";
import { generate } from "./generate.ts";
import { FLAGS } from "./table.ts";

const KINDS: readonly Generated[] = [
  "man",
  "complete-bash",
  "complete-zsh",
  "complete-fish",
  "complete-powershell",
];

const isInstalled = (program: string): boolean => spawnSync(program, ["--version"]).error === undefined;

describe.each(KINDS)("%s", (kind) => {
  it("is for everwarp, and has every flag and every way back", () => {
    const text = generate(kind).replaceAll("\\-", "-");
    expect(text.toLowerCase()).toContain("everwarp");
    for (const { long, negated } of FLAGS)
      for (const name of [long, ...(negated === undefined ? [] : [negated])])
        expect(text).toMatch(new RegExp(`(--|-l )${name}(?![a-z0-9-])`));
  });
});

/** What bash offers for a command line whose last word is being typed. */
function offered(...words: string[]): string[] {
  const script = `${generate("complete-bash")}
COMP_WORDS=(${words.map((word) => `'${word}'`).join(" ")}); COMP_CWORD=${words.length - 1}
_everwarp; printf '%s\\n' "\${COMPREPLY[@]}"`;
  const { status, stdout, stderr } = spawnSync("bash", ["-c", script], { encoding: "utf8" });
  expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
  return stdout.split("\n").filter((line) => line !== "");
}

describe("bash", () => {
  it("offers flags, values of flags, and nothing for other commands", () => {
    expect(offered("everwarp", "search", "--ignore-ca")).toEqual(["--ignore-case"]);
    expect(offered("everwarp", "search", "--color", "a")).toEqual(["auto", "always", "ansi"]);
    expect(offered("everwarp", "search", "wor")).toEqual([]);
    expect(offered("everwarp", "doctor", "--ignore-ca")).toEqual([]);
  });
});

const READERS: readonly (readonly [kind: Generated, shell: string, argument: string])[] = [
  ["complete-zsh", "zsh", "-n"],
  ["complete-fish", "fish", "--no-execute"],
];

for (const [kind, shell, argument] of READERS)
  it.skipIf(!isInstalled(shell))(`${kind} is read by its shell (where ${shell} is installed)`, () => {
    expect(spawnSync(shell, [argument, "/dev/stdin"], { input: generate(kind) }).status).toBe(0);
  });
