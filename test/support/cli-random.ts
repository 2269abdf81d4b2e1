/** Random trees, patterns and flags for comparing the command line with ripgrep. */
import { Dir } from "./cli.ts";
import type { Random } from "./cli-random-source.ts";

const WORDS = [
  "foo",
  "bar",
  "Foo",
  "FOO",
  "foobar",
  "x",
  "xx",
  "a",
  "ab",
  "TODO",
  "ünï",
  "ß",
  "日本",
  "_",
  "-",
  "  ",
  "\t",
  ".",
  "(",
  "0",
  "42",
];
const ENDINGS = ["\n", "\n", "\n", "\n", "\r\n", "\n\n"];

function randomText(random: Random): string {
  let text = "";
  for (let lines = random.below(random.once(6) ? 300 : 14); lines > 0; lines--) {
    for (let words = random.below(7); words > 0; words--)
      text += random.pick(WORDS) + (random.once(3) ? "" : " ");
    text += random.pick(ENDINGS);
  }
  return random.once(3) ? text + random.pick(WORDS) : text;
}

function randomContent(random: Random): Buffer {
  let text = randomText(random);
  if (random.once(9)) text = `\ufeff${text}`;
  if (random.once(12)) {
    const bytes = Buffer.from(`\ufeff${text}`, "utf16le");
    return random.once(2) ? bytes.swap16() : bytes;
  }
  const bytes = Buffer.from(text);
  for (let holes = random.once(6) ? 1 + random.below(3) : 0; holes > 0 && bytes.length > 0; holes--)
    bytes[random.below(bytes.length)] = random.once(3) ? 0xff : 0;
  return bytes;
}

const NAMES = [
  "a.txt",
  "b.txt",
  "c.rs",
  "d.py",
  "e.md",
  ".hidden",
  "f g.txt",
  "Makefile",
  "ü.txt",
  "z.bin",
  "x.log",
  "README.md",
];
const RULES = [
  "*.log",
  "!x.log",
  "/a.txt",
  "sub/",
  "*.md",
  "!README.md",
  "b.*",
  "**/deep",
  "# nothing",
  "d?.py",
  "[ab].txt",
];

function randomLines(random: Random): string {
  return `${Array.from({ length: 1 + random.below(3) }, () => random.pick(RULES)).join("\n")}\n`;
}

/** A tree of up to four levels with ignore files, links and files of all kinds. */
export function randomTree(random: Random): Dir {
  const dir = new Dir("random");
  const folders = ["", "sub/", "sub/deep/", "other/", ".dot/", "sub/deep/er/"];
  for (const folder of folders) {
    if (folder !== "" && random.once(4)) continue;
    for (const name of NAMES) if (random.once(2)) dir.file(folder + name, randomContent(random));
    if (random.once(3))
      dir.file(`${folder}${random.pick([".gitignore", ".ignore", ".rgignore"])}`, randomLines(random));
  }
  if (random.once(2)) dir.file(".git/HEAD", "ref: refs/heads/main\n");
  if (random.once(2)) dir.link("link.txt", "a.txt");
  if (random.once(2)) dir.link("link-sub", "sub");
  if (random.once(3)) dir.link("sub2/up", "..");
  if (random.once(3)) dir.file("rules", randomLines(random));
  return dir;
}

const PATTERNS = [
  "foo",
  "bar",
  "Foo",
  "x",
  "o",
  "fo+",
  "^foo",
  "foo$",
  "^$",
  "foo|bar",
  "f(o)(o)",
  "\\bfoo\\b",
  "\\w+",
  "[a-f]+",
  "(?i)todo",
  "ünï",
  "ÜNÏ",
  "x*",
  ".",
  "b.r",
  "\\s+",
  "nothing at all",
  "日",
  "4?2",
  "foo bar",
  "\\.",
  "-",
  "[^\\n]x",
];

/** Flags that change what is found or printed; each is one or two words. */
const FLAGS = [
  "-n",
  "-N",
  "-H",
  "-I",
  "-c",
  "-l",
  "-o",
  "-v",
  "-i",
  "-s",
  "-S",
  "-w",
  "-x",
  "-q",
  "-a",
  "-m1",
  "-m 2",
  "-m7",
  "-A1",
  "-B1",
  "-C2",
  "-A3",
  "-B9",
  "-C 0",
  "-C99",
  "--column",
  "--no-column",
  "--heading",
  "--no-heading",
  "--color=always",
  "--color never",
  "--color=ansi",
  "--json",
  "--no-json",
  "--stats",
  "-b",
  "--vimgrep",
  "-0",
  "--trim",
  "--passthru",
  "--count-matches",
  "--files-without-match",
  "--include-zero",
  "--hidden",
  "-.",
  "--no-hidden",
  "-u",
  "-uu",
  "-uuu",
  "--no-ignore",
  "--no-ignore-vcs",
  "--no-ignore-dot",
  "--no-ignore-exclude",
  "--no-ignore-parent",
  "--no-require-git",
  "--ignore-file=rules",
  "-g*.txt",
  "-g !*.md",
  "--iglob *.TXT",
  "-trust",
  "-Tpy",
  "-t md",
  "--max-depth=1",
  "-d 2",
  "-L",
  "--binary",
  "--max-filesize=200",
  "-M30",
  "-M20 --max-columns-preview",
  "--context-separator=XX",
  "--no-context-separator",
  "--field-match-separator=::",
  "-r R",
  "-r <$0>",
  "-p",
  "--mmap",
  "--no-mmap",
  "-j1",
  "-j3",
  "--encoding=none",
  "-E utf-16be",
  "--crlf",
  "--stop-on-nonmatch",
  "--no-messages",
  "-F",
  "-nH",
  "-cv",
  "-ov",
  "-e bar",
  "--colors=match:bg:blue",
  "--colors path:none",
  "--files",
  "--sortr=path",

  "--byte-offset",
  "--path-separator=%",
];
const PATHS = [
  "",
  "",
  "",
  ".",
  "./",
  "sub",
  "a.txt",
  "sub a.txt",
  "b.txt c.rs",
  "missing",
  "a.txt missing",
  "link.txt",
  "link-sub",
  "sub/deep",
  ".hidden",
  "z.bin",
  "z.bin sub",
];

/** One command line. */
export function randomArguments(random: Random): string[] {
  const args: string[] = random.once(3) ? [] : ["--sort=path"];
  for (let count = random.below(5); count > 0; count--) args.push(...random.pick(FLAGS).split(" "));
  args.push("-e", random.pick(PATTERNS));
  args.push(
    ...random
      .pick(PATHS)
      .split(" ")
      .filter((path) => path !== ""),
  );
  return args;
}
