/** How flags, terminal and paths are combined. The expected values are those of ripgrep's manual. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { captured } from "../../../test/support/environment.ts";
import type { GrepOptions } from "../../search/index.ts";
import { toGrepOptions } from "./grep-options.ts";
import { parseFlags } from "./parse.ts";

const folder = mkdtempSync(join(tmpdir(), "everwarp-options-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const file = join(folder, "file");
writeFileSync(file, "");
mkdirSync(join(folder, "folder"));

function decide(args: string, surroundings: Parameters<typeof captured>[0] = {}): GrepOptions {
  const words = args.split(" ").map((word) => word.replace(/^(file|folder)$/, (name) => join(folder, name)));
  return toGrepOptions(parseFlags(words), captured(surroundings).environment);
}
const onTerminal = { stdoutIsTerminal: true };

describe("binary files", () => {
  it.each([
    // "--binary: ... search and suppress"; named files are always searched that way; "-a: as if it were text".
    ["x", "convert", "quit", false],
    ["--binary x", "convert", "convert", false],
    ["-a x", "none", "none", true],
    ["--binary --no-binary x", "convert", "quit", false],
  ])("%s: named files %s, found files %s", (args, explicit, implicit, allowNul) => {
    const { searcher, matcher } = decide(args).searcher;
    expect([searcher.binaryExplicit, searcher.binaryImplicit]).toEqual([explicit, implicit]);
    expect(matcher.allowNul).toBe(allowNul);
  });
});

describe("standard input", () => {
  it("is searched without a path, if there is something to read", () => {
    expect(decide("x", { stdinIsReadable: true }).paths).toEqual(["-"]);
    expect(decide("x").paths).toEqual([]);
    expect(decide("x folder", { stdinIsReadable: true }).paths).toEqual([join(folder, "folder")]);
    expect(decide("--files", { stdinIsReadable: true }).paths).toEqual([]);
    expect(decide("x", { stdinIsReadable: true }).implicitPath).toBe(true);
    expect(decide("x folder").implicitPath).toBe(false);
  });
});

describe("what is printed", () => {
  const printer = (args: string, surroundings = {}): GrepOptions["searcher"]["printer"] =>
    decide(args, surroundings).searcher.printer;

  it("has a path unless one file is searched", () => {
    expect(printer("x folder").withFilename).toBe(true);
    expect(printer("x file").withFilename).toBe(false);
    expect(printer("x -").withFilename).toBe(false);
    expect(printer("x file folder").withFilename).toBe(true);
    expect(printer("-H x file").withFilename).toBe(true);
    expect(printer("-I x folder").withFilename).toBe(false);
    expect(printer("--vimgrep x file").withFilename).toBe(true);
  });

  it("has headings on a terminal, or where they are wanted", () => {
    expect(printer("x folder").heading).toBe(false);
    expect(printer("x folder", onTerminal).heading).toBe(true);
    expect(printer("--heading x folder").heading).toBe(true);
    expect(printer("--no-heading x folder", onTerminal).heading).toBe(false);
    expect(printer("--vimgrep x folder", onTerminal).heading).toBe(false);
  });

  it("has line numbers on a terminal, with columns and with --json", () => {
    const numbered = (args: string, surroundings = {}): boolean =>
      decide(args, surroundings).searcher.searcher.lineNumber;
    expect(numbered("x folder")).toBe(false);
    expect(numbered("x folder", onTerminal)).toBe(true);
    expect(numbered("x -", onTerminal)).toBe(false);
    expect(numbered("--column x folder")).toBe(true);
    expect(numbered("--vimgrep x folder")).toBe(true);
    expect(numbered("--json x folder")).toBe(true);
    expect(numbered("-c x folder", onTerminal)).toBe(false);
    expect(numbered("-q x folder", onTerminal)).toBe(false);
    expect(numbered("-N x folder", onTerminal)).toBe(false);
    expect(numbered("-n x folder")).toBe(true);
  });

  it("has colour on a terminal that has some", () => {
    const able = { ...onTerminal, env: { TERM: "xterm" } };
    expect(printer("x folder", able).color).toBe(true);
    expect(printer("x folder", onTerminal).color).toBe(false);
    expect(printer("x folder", { ...onTerminal, env: { TERM: "dumb" } }).color).toBe(false);
    expect(printer("x folder", { ...onTerminal, env: { TERM: "xterm", NO_COLOR: "1" } }).color).toBe(false);
    expect(printer("x folder", { env: { TERM: "xterm" } }).color).toBe(false);
    expect(printer("--color=always x folder").color).toBe(true);
    expect(printer("--color=ansi x folder").color).toBe(true);
    expect(printer("--color=never x folder", able).color).toBe(false);
  });

  it("counts matches or lines as -c, -o and -v say together", () => {
    expect(printer("-c x folder").mode).toBe("count");
    expect(printer("-c -o x folder").mode).toBe("countMatches");
    expect(printer("--count-matches x folder").mode).toBe("countMatches");
    expect(printer("--count-matches -v x folder").mode).toBe("count");
  });

  it("separates files by an empty line under headings, else by the separator of contexts", () => {
    expect(decide("x folder").fileSeparator).toBeUndefined();
    expect(decide("-A1 x folder").fileSeparator).toBe("--");
    expect(decide("-B1 --context-separator=## x folder").fileSeparator).toBe("##");
    expect(decide("--heading x folder").fileSeparator).toBe("");
    expect(decide("--passthru x folder").fileSeparator).toBeUndefined();
    expect(decide("-c -A1 x folder").fileSeparator).toBeUndefined();
  });
});

describe("how files are searched", () => {
  it("in one piece where ripgrep maps them: up to ten named files", () => {
    const inOnePiece = (args: string): boolean => decide(args).searcher.searcher.asOnePiece;
    expect(inOnePiece("x file")).toBe(true);
    expect(inOnePiece("x folder")).toBe(false);
    expect(inOnePiece("x file folder")).toBe(false);
    expect(inOnePiece("x")).toBe(false);
    expect(inOnePiece(`x${" file".repeat(10)}`)).toBe(true);
    expect(inOnePiece(`x${" file".repeat(11)}`)).toBe(false);
    expect(inOnePiece("--mmap x folder")).toBe(true);
    expect(inOnePiece("--no-mmap x file")).toBe(false);
  });

  it("by one thread where one file is searched or order matters", () => {
    expect(decide("-j4 x folder")).toMatchObject({ threads: 4, workerThreads: 4 });
    expect(decide("-j4 x file")).toMatchObject({ threads: 1, workerThreads: 1 });
    expect(decide("-j4 --sort path x folder")).toMatchObject({ threads: 1, workerThreads: 4 });
  });

  it("not at all where nothing can match, and only to the first match where that is enough", () => {
    expect(decide("-m0 x folder").matchesPossible).toBe(false);
    expect(decide("-m1 x folder").matchesPossible).toBe(true);
    expect(decide("-q x folder").quitAfterMatch).toBe(true);
    expect(decide("-q --stats x folder").quitAfterMatch).toBe(false);
    expect(decide("x folder").quitAfterMatch).toBe(false);
  });
});

describe("messages", () => {
  it("are left out as --no-messages and --no-ignore-messages say", () => {
    expect(decide("x folder")).toMatchObject({ messages: true, ignoreMessages: true });
    expect(decide("--no-messages x folder")).toMatchObject({ messages: false, ignoreMessages: false });
    expect(decide("--no-ignore-messages x folder")).toMatchObject({ messages: true, ignoreMessages: false });
  });
});
