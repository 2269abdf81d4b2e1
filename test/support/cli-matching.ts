/** Trees, patterns and flags about what a match may be: several lines, groups, bytes, other ends of lines. */
import { Dir } from "./cli.ts";
import type { Random } from "./cli-random-source.ts";

/** A tree with texts in which matches of several lines begin and end in all kinds of places. */
export function matchingTree(): Dir {
  const poem = "one two\ntwo three\n\nthree four\nfour\n";
  return new Dir("matching")
    .file("poem.txt", poem)
    .file("open.txt", poem.trimEnd())
    .file("overlap.txt", "xxx\nabc\ndefxxxabc\ndefabc\ndefxxx\nxxx")
    .file("blank.txt", "\n\n\none\n\n  two\n\n")
    .file("crlf.txt", poem.replaceAll("\n", "\r\n"))
    .file("mixed.txt", "one\r\ntwo\nthree\rfour\n\r\n")
    .file("empty.txt", "")
    .file("line-feed.txt", "\n")
    .file("dates.txt", "on 2024-05-17 and\n1999-12-31, not 12-31\nfn alpha(beta: int)\nfn gamma(x: y)\n")
    .file("unicode.txt", "é one\nzwei ünï\n日本 two\n\u{1f980}three \u212Aelvin\n")
    .file("bytes.txt", Buffer.from("a\xffb one\n\xe2\x82 two\n\xc3\xa9\xff\xfe\nthree\x80\n", "latin1"))
    .file("nul.bin", "one\0two\nthree\0four one\n\0\n")
    .file("late-nul.bin", `${"one two\n".repeat(9000)}three\0four\n`)
    .file("list.nul", "first one\nline two\0second\nthree\0\0third one\0")
    .file("bom.txt", "\ufeffone\ntwo\nthree\n")
    .file("wide.txt", Buffer.from("\ufeffone\ntwo\nthree\n", "utf16le"))
    .file("long.txt", `${"one ".repeat(60)}\ntwo ${"x".repeat(300)}\n`);
}

/** Patterns that can match the ends of lines, or ask for them. */
export const TEXT_PATTERNS = [
  String.raw`two\nt`,
  String.raw`one[^x]+?two`,
  String.raw`\s+`,
  String.raw`abc\ndef`,
  String.raw`(?s)one.+three`,
  String.raw`one.+three`,
  "^$",
  "^",
  "$",
  String.raw`\n`,
  String.raw`\n\n`,
  String.raw`\Aone`,
  String.raw`three\z`,
  String.raw`(?m)^t\w+$`,
  String.raw`o\r?\n`,
  String.raw`[\s\S]*two`,
  String.raw`\bt\w+\W+\w`,
  String.raw`(one|two)\s*(\w*)`,
  "x*",
  "",
  String.raw`four$|\Aabc`,
  "(?-m)^one",
  "(?-m)three$",
  String.raw`e\n|^\n`,
  "one",
  "zzz",
  String.raw`two\b\s\bt`,
  String.raw`(?-u:\xff)`,
  String.raw`(?-u)[^a]b`,
  String.raw`e(?-u:[\x80-\xff]*)\n`,
];

/** Flags that change what is printed of matches, or what counts as one. */
export const MATCHING_FLAGS: readonly (readonly string[])[] = [
  ["-n"],
  ["-o"],
  ["-c"],
  ["--count-matches"],
  ["-v"],
  ["-l"],
  ["--files-without-match"],
  ["-q"],
  ["-b"],
  ["--column"],
  ["--vimgrep"],
  ["--json"],
  ["--passthru"],
  ["-A1"],
  ["-B2"],
  ["-C1"],
  ["-m1"],
  ["-m2"],
  ["-r", "<$0>"],
  ["-r", "[$1|$2]"],
  ["-r", ""],
  ["--crlf"],
  ["-i"],
  ["-w"],
  ["-x"],
  ["-F"],
  ["-a"],
  ["--binary"],
  ["--trim"],
  ["-M12"],
  ["-M9", "--max-columns-preview"],
  ["--color=always"],
  ["--color=always", "--colors=match:none"],
  ["--color=always", "--colors=highlight:bg:blue"],
  ["--stop-on-nonmatch"],
  ["--no-unicode"],
  ["--multiline-dotall"],
  ["--heading"],
  ["--stats"],
  ["--mmap"],
  ["--no-mmap"],
  ["-N"],
  ["-E", "latin1"],
  ["--include-zero"],
  ["--null-data"],
  ["--regex-size-limit=10M"],
  ["--dfa-size-limit=1K"],
];

/** A command line of up to three flags beside -U, --null-data or a replacement. */
export function randomMatching(random: Random): string[] {
  const mode = random.pick([["-U"], ["-U"], ["-U"], ["-U", "--multiline-dotall"], ["--null-data"], []]);
  const flags = Array.from({ length: random.below(4) }, () => random.pick(MATCHING_FLAGS)).flat();
  // Lines that end in NUL are long, and one that is printed for each of its matches fills the memory.
  const isVast = [...mode, ...flags].includes("--null-data") && flags.includes("--vimgrep");
  const trees = [[], [], ["."], ["nul.bin", "late-nul.bin"]];
  const files = [["poem.txt"], ["crlf.txt", "bytes.txt"], ["list.nul", "dates.txt"]];
  const paths = random.pick(isVast ? files : [...trees, ...files]);
  return [...mode, ...flags, "-e", random.pick(TEXT_PATTERNS), ...paths];
}
