/** Flag combinations over hand-made corner cases: what we print must be what ripgrep prints, byte for byte. */
import { utimesSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { difference, Dir } from "../support/cli.ts";
import { cornerCases, longLines } from "../support/cli-trees.ts";

/** One command line each, words parted by blanks; "␣" is a blank inside a word. */
const WHOLE_TREE = `
foo
foo .
foo ./
foo sub
foo sub plain.txt
foo sub ./sub
-F foo
-F a.b
-F [x]
-F $foo^
-F x*y -n
-F (paren
-F -e -dash
-e -dash
-e --double
-e foo -e bar
-e foo -e foo -c
-e foo -f patterns.txt
-f patterns.txt
-f patterns-crlf.txt
-f patterns-empty.txt
-f patterns-empty.txt -v -c
-i foo
-s -i foo
-i -s foo
-S foo
-S Foo
-S -s Foo
-i ünï
-i straSSe
-i k
-i ſ
ünï
日本
🦀
-w foo
-w foo -o
-wn foo_bar
-x foo
-xc foo
-w -x foo
-x -w foo
-x foo|bar
-v foo
-vc foo
-vn foo sub
-vl foo
-v foo -o
-v --count-matches foo
-c foo
-c --include-zero foo
-co foo
--count-matches foo
--count-matches --include-zero o
-l foo
-l foo -0
-l zzz
--files-without-match foo
--files-without-match zzz
--files-without-match foo -v
-q foo
-q zzz
-q foo --stats
-n foo
-N foo
-nN foo
-Nn foo
-H foo
-I foo
-IH foo
-HI foo
-In foo
-n --column foo
--column --no-column foo
--column -N foo
-b foo
-nb foo
-bo foo
--vimgrep o
--vimgrep foo -N
--vimgrep --no-column foo
-A1 foo
-A 1 foo
-A=1 foo
--after-context=1 foo
-B1 foo
-B 2 foo
-C1 foo
-C2 -n foo
-nA3 foo
-C1 -A0 foo
-A0 -C1 foo
-C3 -B0 foo
-C100 foo
-C1 --no-context-separator foo
-C1 --context-separator=@@ foo
-C1 --context-separator=\\x41\\t foo
-C1 --field-context-separator=~ --field-match-separator=# -n foo
-C1 -v foo
-A1 -o foo
-C1 -o -v foo
-A1 -m1 foo
-A3 -m1 foo
-C2 -m2 foo
-B2 -m1 -v foo
-m1 foo
-m 2 -c foo
-m0 foo
-m1 -v foo
-m3 -o foo
-o foo
-on foo
-o fo+|ba
-o x*
-o --column foo
-o \\w+
-ob foo
-a foo
-a -c foo
-a -n x
--binary foo
--binary -c foo
--binary -l foo
--binary --no-binary foo
-a --no-text foo
--hidden foo
-. foo
--hidden --no-hidden foo
-u foo
-uu foo
-uuu foo
-u -u -u foo
-uuuu foo
--no-ignore foo
--no-ignore --ignore foo
--no-ignore-vcs foo
--no-ignore-dot foo
--no-ignore-exclude foo
--no-ignore-parent foo sub
--no-ignore-global foo
--no-ignore-files --ignore-file extra-ignore foo
--ignore-file extra-ignore foo
--ignore-file extra-ignore --no-ignore foo
--ignore-file missing-ignore foo
--ignore-file EXTRA --ignore-file-case-insensitive foo
--no-require-git foo
-g *.txt foo
-g !*.txt foo
-g sub/** foo
-g *.txt -g !plain.txt foo
-g *.TXT --glob-case-insensitive foo
--iglob *.TXT foo
-g [ foo
-t rust foo
-trust -tpy foo
-T rust foo
-t c -T md foo
-t all foo
-t nosuchtype foo
--type-add web:*.md -t web foo
--type-clear rust -t rust foo
--max-depth 1 foo
--max-depth=0 foo
-d2 foo
--maxdepth 1 foo
--max-filesize 100 foo
--max-filesize 1K foo
--max-filesize 1X foo
-L foo
--follow --no-follow foo
-L foo link-to-sub
foo link-to-sub
foo link-to-file
foo broken-link
foo missing
foo missing plain.txt
foo missing also-missing
--no-messages foo missing
--no-messages --messages foo missing
--one-file-system foo
--sort path foo
--sort=path -n foo
--sortr path foo
--sort none foo
--sort path --sort none foo
--sort-files foo
--sort modified -l foo plain.txt
--sort bogus foo
--json foo
--json -v foo
--json -C1 foo
--json -o foo
--json -m1 foo
--json zzz
--json -q foo
--json --stats foo
--json --no-json foo
--json -c foo
-c --json foo
--json -a foo
--json --binary foo
--json -r X foo
--json x*
--json -N foo
--color=always foo
--color=always -n --column foo
--color=ansi -o foo
--color always -C1 foo
--color always -v foo
--color always -l foo
--color always -c foo
--color always --heading -n foo
--color always --vimgrep foo
--color always x*
--color always -b foo
--color never foo
--color bogus foo
--color always --colors match:none foo
--color always --colors match:fg:blue --colors match:style:nobold foo
--color always --colors path:bg:12 --colors line:fg:0xff,3,5 -n foo
--color always --colors highlight:bg:yellow foo
--color always --colors match:style:intense --colors match:style:underline foo
--colors bogus foo
--colors match:fg:nocolor foo
-p foo
-pv foo
--heading foo
--heading -n -C1 foo
--heading --no-heading foo
--heading -0 foo
--heading -l foo
--stats foo
--stats -c foo
--stats -l foo
--stats -o foo
--stats -v foo
--stats --heading foo
--stats -C1 foo
--stats zzz
--stats --no-stats foo
-0 foo
-0 -c foo
-0 --files
--path-separator=: foo
--path-separator=ab foo
--trim foo
--trim -C1 foo
--trim --color always foo
--trim -o \\s+foo
-M 20 foo
-M 20 -n -C1 foo
-M 60 --max-columns-preview foo
-M 60 --max-columns-preview --color always foo
--vimgrep -M 60 --max-columns-preview foo
--vimgrep -M 5 --max-columns-preview --color always foo
-o -M 2 --max-columns-preview --color always foo
-M 3 -o foo
-M 0 foo
--passthru foo sub
--passthru -n foo plain.txt
--passthru -c foo
--passthru -v foo sub
--passthrough --color always foo plain.txt
-C1 --passthru foo sub
--passthru -C1 foo sub
--stop-on-nonmatch foo
--stop-on-nonmatch -C1 foo
-r bar foo
-r <$0> foo
-r $$ -o foo
-r ${0}! fo+
-r X --color always foo
-r X -o -n --column foo
-r X -v foo
--crlf foo$
--crlf -x foo
--crlf -n -C1 bar
--crlf --no-crlf foo$
-E utf-16le foo
-E none foo
--encoding=latin1 foo
-E utf-8 foo
-E bogus foo
--no-encoding foo
-E utf-16le --no-encoding foo
--no-mmap foo plain.txt nul-middle.bin
--mmap foo
-j1 foo
-j 1 -C1 foo
-j1 --heading foo
-j1 --stats -C1 foo
-j0 foo
--threads=2 foo
--files
--files sub
--files -g *.rs
--files --hidden
--files -q
--files -t py
--files missing
--files --sort path
--files --sortr path
--files --color always
--files --path-separator=%
--files -l foo
-l --files foo
--type-list
--no-config foo
--no-unicode \\w+ unicode.txt
--no-unicode -i ü
^foo
foo$
^$
^
$
\\bfoo\\b
(?i)foo
(foo|bar)+
[^a]foo
\\w+\\s+foo
.
.*
x*
foo( bar)?
(
a{,2}
[z-a]
\\
-- foo
-- -dash
-n -- foo sub
-- foo -n
--line-buffered foo
--block-buffered foo
-e foo -- sub
-cn foo
-lc foo
-cl foo
-c --files-with-matches --count-matches foo
--unknown foo
-% foo
--no-config=3 foo
-n=3 foo
-A foo
-A x foo
-A -1 foo
-m
--context= foo
--glob
`;

/** Single files: here ripgrep looks at the file as one piece of memory. */
const SINGLE_FILES = `
plain.txt
no-final-newline.txt
single-line
crlf.txt
mixed-endings.txt
empty
newline-only
newlines
utf8-bom.txt
utf16le.txt
utf16be.txt
utf16-odd.txt
unicode.txt
invalid-utf8.txt
nul-early.bin
nul-first-line.bin
nul-middle.bin
nul-late.bin
nul-very-late.bin
context.txt
repeat.txt
long-line.txt
with:colon.txt
sub/x.log
.hidden-file
`;

const SINGLE_FLAGS = `
foo
-n foo
-c foo
-l foo
-o foo
-nb foo
-vn foo
-C1 foo
-m1 foo
--no-mmap -n foo
--no-mmap -C2 foo
--no-mmap -vc foo
-H foo
--json foo
--stats foo
--color=always --column foo
-x foo
x*
-o x*
-ao x*
--passthru foo
`;

const lines = (text: string): string[] => text.split("\n").filter((line) => line !== "");
const words = (line: string): string[] => line.split(" ").map((word) => word.replaceAll("␣", " "));

let corners: Dir;
let long: Dir;
beforeAll(() => {
  corners = cornerCases();
  long = longLines();
});
afterAll(() => {
  corners.remove();
  long.remove();
});

/** Sorted, the order of files and what stands between them is compared too; every second line is enough for that. */
const inOrder = lines(WHOLE_TREE).filter((line, index) => index % 2 === 0 && !line.includes("--sort"));

describe("a tree of corner cases", () => {
  it.each(lines(WHOLE_TREE))("%s", async (line) => {
    expect(await difference(corners, words(line))).toBeUndefined();
  });

  it.each(inOrder)("in order: %s", async (line) => {
    expect(await difference(corners, ["--sort=path", ...words(line)])).toBeUndefined();
  });
});

describe.each(lines(SINGLE_FILES))("one file: %s", (file) => {
  it.each(lines(SINGLE_FLAGS))("%s", async (line) => {
    expect(await difference(corners, [...words(line), file])).toBeUndefined();
  });
});

describe("files of different times", () => {
  it.each(["--sort=modified", "--sortr=modified"])("%s", async (flag) => {
    const dir = new Dir("times").link("link", "c.txt").link("gone", "nowhere");
    ["b.txt", "c.txt", "a.txt", "sub/d.txt"].forEach((name, index) => {
      dir.file(name, "foo\n");
      utimesSync(join(dir.path, name), 1_700_000_000, 1_700_000_000 + index * 7);
    });
    expect(await difference(dir, [flag, "foo"])).toBeUndefined();
    expect(await difference(dir, [flag, "-l", "foo", "sub", "a.txt", "link", "b.txt"])).toBeUndefined();
    expect(await difference(dir, [flag, "--files"])).toBeUndefined();
    dir.remove();
  });
});

describe("lines that do not fit a read buffer", () => {
  const flags = [
    "foo",
    "-n foo",
    "-c foo",
    "-l foo",
    "-o foo",
    "-vc foo",
    "--json foo",
    "--stats foo",
    "-b -C1 -o foo",
    "-m1 foo",
    "--binary -n -o foo",
  ];
  it.each(flags)("%s", async (line) => {
    expect(await difference(long, ["--sort=path", ...words(line)])).toBeUndefined();
  });
  it.each(flags)("as pieces: %s", async (line) => {
    expect(
      await difference(long, [...words(line), "a-before.bin", "b-long.txt", "d-far.bin", "--sort=path"]),
    ).toBeUndefined();
  });
});
