/** A NUL in a file of patterns, beside ripgrep: it is refused where patterns are parsed, and a byte like any other where they are text. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { difference, Dir, runHere } from "../support/cli.ts";

const PATTERNS: [string, string][] = [
  ["one of two lines", "abc\0\nxyz\n"],
  ["alone", "abc\0\n"],
  ["nothing else", "\0\nxyz"],
  ["before CR", "xyz\0\r\nabc\n"],
  ["in the middle", "a\0b\nxyz\n"],
  ["beside an escape", "a\\.b\0\nxyz\n"],
  ["in a class", "[\0x]yz\nq"],
  ["in a group", "(a\0|b)\n"],
  ["beside other letters", "é\0\nabc"],
];
const FLAGS = ["", "-F", "-w", "-x", "-a", "-v", "-i", "-F -i", "-S", "-o", "-c", "--json", "-F -w", "-F -x"];
const MORE_FLAGS = ["--crlf", "-e abc", "-e ab+c", "--binary", "-r X", "--no-unicode", "--no-mmap -F"];

let dir: Dir;
beforeAll(() => {
  const text = "abc\nxyz\nab\0c\nabc\0d\nfoo bar\nxyz\0\n";
  dir = new Dir("pattern-nul").file("tree/one", text).file("tree/two", "abc xyz\n").file("text", text);
  PATTERNS.forEach(([, patterns], index) => dir.file(`patterns-${index}`, patterns));
});
afterAll(() => {
  dir.remove();
});

describe("a NUL in a pattern file", () => {
  it.each(PATTERNS.map(([name], index) => [name, index] as const))("%s", async (_name, index) => {
    for (const flags of [...FLAGS, ...MORE_FLAGS])
      for (const paths of [["text"], ["tree"], ["text", "tree/two"]]) {
        const words = flags.split(" ").filter((word) => word !== "");
        const args = ["--sort=path", ...words, "-f", `patterns-${index}`, ...paths];
        expect(await difference(dir, args), args.join(" ")).toBeUndefined();
      }
  });

  it("does not keep the other patterns from being found", async () => {
    for (const flag of ["-s", "-F", "-w"]) {
      const { code, stdout } = await runHere(dir.path, [flag, "-f", "patterns-0", "tree/two"]);
      expect(stdout.toString()).toBe("abc xyz\n");
      expect(code).toBe(0);
    }
  });
});
