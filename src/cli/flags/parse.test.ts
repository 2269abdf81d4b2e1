import { describe, expect, it } from "vitest";
import { CATEGORIES } from "./definition.ts";
import { longHelp, shortHelp } from "./help.ts";
import { contextLines, type FlagValues } from "./flag-values.ts";
import { parseFlags, similarNames } from "./parse.ts";
import { FLAGS } from "./table.ts";
import { REFUSED_FLAGS } from "./table-refused.ts";

const parse = (line: string): FlagValues => parseFlags(line === "" ? [] : line.split(" "));

describe("the flag table", () => {
  it("uses no name twice", () => {
    const names = [...FLAGS, ...REFUSED_FLAGS].flatMap((flag) => [
      flag.long,
      ...("aliases" in flag ? (flag.aliases ?? []) : []),
      ...(flag.negated === undefined ? [] : [flag.negated]),
    ]);
    expect(new Set(names).size).toBe(names.length);
    const letters = [...FLAGS, ...REFUSED_FLAGS].flatMap((flag) => flag.short ?? []);
    expect(new Set(letters).size).toBe(letters.length);
    expect(letters.every((letter) => letter.length === 1)).toBe(true);
  });

  it("has a way back for every value flag that has a negation", () => {
    for (const flag of FLAGS)
      if (flag.kind === "value" && flag.negated !== undefined) expect("reset" in flag, flag.long).toBe(true);
  });

  it.each(FLAGS.map((flag) => [flag.long, flag] as const))(
    "--%s is in both helps, under a category",
    (long, flag) => {
      expect(CATEGORIES).toContain(flag.category);
      const name = new RegExp(`--${long.replaceAll("-", "\\-")}(=|\\s)`);
      expect(shortHelp()).toMatch(name);
      expect(longHelp()).toMatch(name);
      expect(flag.help).toMatch(/\.$/);
    },
  );

  it.each(FLAGS.filter((flag) => flag.kind === "switch").map((flag) => flag.long))(
    "--%s changes something, and takes no value",
    (long) => {
      const prepared = long === "case-sensitive" ? ["--ignore-case"] : [];
      const before = parseFlags(prepared);
      const after = parseFlags([...prepared, `--${long}`]);
      expect(after).not.toEqual(before);
      expect(() => parseFlags([`--${long}=1`])).toThrow(/unexpected argument for option/);
    },
  );

  it.each(
    FLAGS.filter((flag) => flag.kind === "switch" && flag.negated !== undefined).map(
      (flag) => [flag.long, flag.negated] as const,
    ),
  )("--%s is taken back by --%s", (long, negated) => {
    expect(parseFlags([`--${long}`, `--${negated}`])).toEqual(parseFlags([`--${negated}`]));
  });

  it.each(
    FLAGS.filter((flag) => flag.kind === "value" || flag.kind === "repeatable").map((flag) => flag.long),
  )("--%s asks for its value", (long) => {
    expect(() => parseFlags([`--${long}`])).toThrow(`missing value for flag --${long}`);
  });
});

describe("parsing", () => {
  it("takes combined letters, with and without values", () => {
    const flags = parse("-nA3 foo");
    expect(flags.lineNumber).toBe(true);
    expect(flags.context).toEqual({ after: 3 });
    expect(flags.positional).toEqual(["foo"]);
    expect(parse("-A=3").context).toEqual({ after: 3 });
    expect(parse("-A 3").context).toEqual({ after: 3 });
    expect(parse("--context=3").context).toEqual({ both: 3 });
    expect(parse("--context 3").context).toEqual({ both: 3 });
    expect(parse("-inwefoo").patterns).toEqual([{ pattern: "foo" }]);
  });

  it("takes values that begin with a dash or are empty", () => {
    expect(parseFlags(["-e", "-foo", "-e", "--", "-e", "", "--regexp=-x"]).patterns).toEqual([
      { pattern: "-foo" },
      { pattern: "--" },
      { pattern: "" },
      { pattern: "-x" },
    ]);
    expect(parseFlags(["-e=x"]).patterns).toEqual([{ pattern: "x" }]);
  });

  it("ends at --, and takes - for a path", () => {
    expect(parse("-n - -- -v --json").positional).toEqual(["-", "-v", "--json"]);
  });

  it("lets the last one win", () => {
    expect(parse("-i -s").caseMode).toBe("sensitive");
    expect(parse("-s -S -i").caseMode).toBe("insensitive");
    expect(parse("-n -N").lineNumber).toBe(false);
    expect(parse("-c -l").mode).toEqual({ kind: "search", search: "filesWithMatches" });
    expect(parse("--files -c").mode).toEqual({ kind: "search", search: "count" });
    expect(parse("--sort path --sortr none").sort).toBeUndefined();
    expect(parse("-w -x").boundary).toBe("line");
    expect(parse("--color never --color ansi").color).toBe("ansi");
  });

  it("lets -A and -B win over -C, wherever they stand", () => {
    expect(contextLines(parse("-A1 -C5").context)).toEqual({ before: 5, after: 1 });
    expect(contextLines(parse("-C5 -B0").context)).toEqual({ before: 0, after: 5 });
    expect(contextLines(parse("-A1 --passthru -B2").context)).toEqual({ before: 2, after: 0 });
    expect(parse("-A1 --passthru").context).toBe("passthru");
  });

  it("counts -u", () => {
    expect(parse("-u").noIgnoreVcs).toBe(true);
    expect(parse("-u").hidden).toBe(false);
    expect(parse("-uu").hidden).toBe(true);
    expect(parse("-uuu").binary).toBe("searchAndSuppress");
    expect(() => parse("-uuuu")).toThrow("error parsing flag -u: flag can only be repeated up to 3 times");
  });

  it("reads sizes and separators", () => {
    expect(parse("--max-filesize 2K").maxFilesizeBytes).toBe(2048);
    expect(parse("--max-filesize=3G").maxFilesizeBytes).toBe(3 * 2 ** 30);
    expect(() => parse("--max-filesize 3T")).toThrow(/invalid size/);
    expect(parseFlags(["--context-separator=\\x00\\t\\\\é"]).contextSeparator).toBe("\0\t\\\xc3\xa9");
    expect(parse("--no-context-separator").contextSeparator).toBeUndefined();
    expect(() => parse("--max-count 18446744073709551616")).toThrow(/number too large/);
    expect(() => parse("-m -1")).toThrow(/invalid digit/);
  });

  it("knows everwarp's own flags", () => {
    const flags = parse("--device cpu --strategy persistent --persistent -j8");
    expect(flags).toMatchObject({ device: "cpu", strategy: "persistent", persistent: true, threads: 8 });
    expect(flags.polite).toBe(false);
    expect(parse("--polite").polite).toBe(true);
    expect(parse("--polite --no-polite").polite).toBe(false);
    expect(parse("-j0").threads).toBeUndefined();
  });

  it("names what it does not know, and what is like it", () => {
    const thrown = (line: string): unknown => {
      try {
        return parse(line);
      } catch (error) {
        return error;
      }
    };
    expect(thrown("--line-nummer")).toMatchObject({
      code: "EW_UNKNOWN_FLAG",
      message: expect.stringContaining("--line-number"),
    });
    expect(thrown("-%")).toMatchObject({ code: "EW_UNKNOWN_FLAG", message: "unrecognized flag -%" });
    expect(thrown("-n%")).toMatchObject({ code: "EW_UNKNOWN_FLAG" });
    expect(thrown("--color=blue")).toMatchObject({ code: "EW_BAD_FLAG_VALUE" });
    expect(similarNames("qqqqqq")).toEqual([]);
  });

  it.each(REFUSED_FLAGS.map((flag) => [flag.long, flag] as const))("refuses --%s", (long, flag) => {
    const { short, negated, instead } = flag;
    for (const name of [`--${long}`, ...(short === undefined ? [] : [`-${short}`])])
      expect(() => parseFlags([name])).toThrow(
        expect.objectContaining({
          code: "EW_UNKNOWN_FLAG",
          message: `unrecognized flag ${name}. ${instead}`,
        }),
      );
    if (negated !== undefined) expect(parseFlags([`--${negated}`])).toEqual(parseFlags([]));
  });

  it("takes the engines that are the one there is", () => {
    expect(parse("--engine auto foo").engine).toBe("auto");
    expect(parse("--engine=auto --engine=default foo").engine).toBe("default");
    expect(parse("--auto-hybrid-regex foo").engine).toBe("auto");
    expect(parse("--auto-hybrid-regex --no-auto-hybrid-regex foo").engine).toBe("default");
    expect(() => parse("--engine=pcre2")).toThrow(/^error parsing flag --engine: .*PCRE2/);
    expect(() => parse("--engine=other")).toThrow("unrecognized regex engine 'other'");
  });
});
