/** What is said about a flag that does not exist, against ripgrep's own suggestions. */
import { spawnSync } from "node:child_process";
import { rgPath } from "@vscode/ripgrep";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { propertyRuns } from "../../../test/support/property-runs.ts";
import { parseFlags, similarNames } from "./parse.ts";
import { FLAGS } from "./table.ts";

/** Long names of the table that ripgrep has too. */
const OURS: ReadonlySet<string> = new Set(
  FLAGS.flatMap(({ long, negated, aliases = [] }) => [
    long,
    ...(negated === undefined ? [] : [negated]),
    ...aliases,
  ]),
);

/** What ripgrep suggests for `--name`, or undefined where ripgrep knows a flag of this name. */
function suggestionsOfRipgrep(name: string): string[] | undefined {
  const { stderr } = spawnSync(rgPath, ["--no-config", `--${name}`, "pattern", "/dev/null"], {
    encoding: "utf8",
  });
  if (!stderr.startsWith(`rg: unrecognized flag --${name}`)) return undefined;
  const list = /similar flags that are available: (.*)/.exec(stderr)?.[1];
  return list === undefined ? [] : list.split(", ").map((flag) => flag.slice(2));
}

/** ripgrep's flags that everwarp does not have, and the other way round. */
const NAMES_OF_RIPGREP: ReadonlySet<string> = new Set(
  spawnSync(rgPath, ["--generate", "complete-bash"], { encoding: "utf8" }).stdout.match(
    /(?<=--)[a-z0-9-]+/g,
  ) ?? [],
);

/** A name with one letter left out, doubled, exchanged with its neighbour, or replaced, or the beginning of a name. */
const typo = fc
  .tuple(
    fc.constantFrom(...OURS),
    fc.nat(),
    fc.constantFrom("leave out", "double", "exchange", "replace", "begin"),
  )
  .map(([name, where, what]) => {
    const at = where % name.length;
    const letter = name[at] as string;
    const before = name.slice(0, at);
    const after = name.slice(at + 1);
    if (what === "begin") return before;
    if (what === "leave out") return before + after;
    if (what === "double") return before + letter + letter + after;
    if (what === "exchange") return before + after.slice(0, 1) + letter + after.slice(1);
    return `${before}q${after}`;
  })
  .filter((name) => name.length > 1 && !OURS.has(name) && !name.startsWith("-"));

describe("suggestions for a mistyped flag", () => {
  it("are those of ripgrep, as far as both have the flags", () => {
    expect(NAMES_OF_RIPGREP.size).toBeGreaterThan(100);
    fc.assert(
      fc.property(typo, (name) => {
        const expected = suggestionsOfRipgrep(name);
        fc.pre(expected !== undefined);
        const both = (names: readonly string[]): string[] =>
          names.filter((each) => OURS.has(each) && NAMES_OF_RIPGREP.has(each)).toSorted();
        expect(both(similarNames(name))).toEqual(both(expected));
      }),
      propertyRuns(60),
    );
  });

  it("stand in the message, each with its dashes", () => {
    const messageOf = (name: string): string => {
      try {
        parseFlags([name]);
      } catch (error) {
        return (error as Error).message;
      }
      return "no error";
    };
    // What rg 15 says, word for word.
    expect(messageOf("--ignor-case")).toBe(
      "unrecognized flag --ignor-case\n\nsimilar flags that are available: --ignore-case",
    );
    expect(messageOf("--colum")).toBe(
      "unrecognized flag --colum\n\nsimilar flags that are available: --column, --no-column",
    );
    expect(messageOf("--nope")).toBe("unrecognized flag --nope");
  });
});
