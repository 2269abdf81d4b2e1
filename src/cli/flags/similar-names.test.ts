/** A mistyped flag is answered with the flags that ripgrep suggests. */
import { spawnSync } from "node:child_process";
import { rgPath } from "@vscode/ripgrep";
import { expect, it } from "vitest";
import { parseFlags, similarNames } from "./parse.ts";

const ripgrep = (...words: string[]) => spawnSync(rgPath, words, { encoding: "utf8" });
const flagsIn = (text: string): string[] =>
  [...text.matchAll(/--([a-z0-9][a-z0-9-]+)/g)].map(([, name]) => name);
const ripgrepFlags = new Set(flagsIn(ripgrep("--generate=complete-bash").stdout));

/** What ripgrep suggests, without the flags that everwarp does not have. */
function ripgrepSuggests(name: string): string[] {
  const { stderr } = ripgrep(`--${name}`, "x");
  const [first, ...rest] = stderr.split("\n");
  expect(first).toBe(`rg: unrecognized flag --${name}`);
  // A flag that everwarp has is like itself.
  return flagsIn(rest.join("\n")).filter((each) => similarNames(each).includes(each));
}

/** Names with a letter missing, doubled or replaced, beginnings, and nonsense. */
const mistyped = [...ripgrepFlags]
  .flatMap((name, index) => {
    const at = (index * 7) % name.length;
    const [before, after] = [name.slice(0, at), name.slice(at + 1)];
    return [
      before + after,
      `${before}${name[at]}${name[at]}${after}`,
      `${before}x${after}`,
      name.slice(0, at),
    ];
  })
  .filter((name, index) => index % 9 === 0 && !ripgrepFlags.has(name) && name.length > 1)
  .concat("xyz", "qqqqqq", "ignore-", "line-nummer", "no-line-nummer");

it.each(mistyped)("--%s", (name) => {
  const suggested = similarNames(name).filter((each) => ripgrepFlags.has(each));
  expect(suggested.sort()).toEqual(ripgrepSuggests(name).sort());
});

it("is told with each of them", () => {
  expect(() => parseFlags(["--ignore-cas", "x"])).toThrow(
    "unrecognized flag --ignore-cas\n\nsimilar flags that are available: " +
      similarNames("ignore-cas")
        .map((name) => `--${name}`)
        .join(", "),
  );
});

it("is not like what shares little with it", () => {
  expect(similarNames("ignore-cas")).toContain("ignore-case");
  expect(similarNames("ignore-cas")).not.toContain("ignore-file-case-insensitive");
});
