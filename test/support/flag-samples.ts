/**
 * Ways to use each flag, for tests that compare every flag with ripgrep. A flag that has no entry here fails those
 * tests.
 */
import { gzipSync } from "node:zlib";
import type { Flag } from "../../src/cli/flags/definition.ts";
import { FLAGS } from "../../src/cli/flags/table.ts";
import type { Dir } from "./cli.ts";
import { cornerCases } from "./cli-trees.ts";

/** One command line each, words parted by blanks. A flag that needs another one to show itself brings it along. */
const SAMPLES: Readonly<Record<string, readonly string[]>> = {
  "after-context": ["-A1", "--after-context=3", "-A 0"],
  "auto-hybrid-regex": ["--auto-hybrid-regex"],
  "before-context": ["-B1", "--before-context 2"],
  binary: ["--binary", "--binary -c"],
  "block-buffered": ["--block-buffered"],
  "byte-offset": ["-b", "--byte-offset -o"],
  "case-sensitive": ["-s", "-i --case-sensitive"],
  color: ["--color=always", "--color never", "--color ansi", "--color auto", "--color bogus"],
  colors: ["--color=always --colors match:fg:blue", "--colors path:none -p", "--colors bogus"],
  column: ["--column", "-n --column"],
  context: ["-C1", "--context=2 -n", "-C 0"],
  "context-separator": ["-C1 --context-separator=##", "-A1 --context-separator=\\x41\\t"],
  count: ["-c", "--count -v"],
  "count-matches": ["--count-matches", "--count-matches -v"],
  crlf: ["--crlf", "--crlf -x"],
  "dfa-size-limit": ["--dfa-size-limit 10K", "--dfa-size-limit=1X"],
  encoding: ["-E utf-16le", "--encoding=none", "-E latin1", "-E auto", "-E bogus"],
  engine: ["--engine default", "--engine=auto", "--engine bogus"],
  "field-context-separator": ["-nC1 --field-context-separator=~~"],
  "field-match-separator": ["-n --field-match-separator=\\t"],
  file: ["-f patterns.txt", "--file=patterns-crlf.txt", "-f patterns-empty.txt", "-f missing"],
  files: ["--files"],
  "files-with-matches": ["-l", "--files-with-matches -v"],
  "files-without-match": ["--files-without-match", "--files-without-match -v"],
  "fixed-strings": ["-F", "--fixed-strings -w"],
  follow: ["-L", "--follow"],
  glob: ["-g *.txt", "--glob=!*.txt", "-g sub/**", "-g ["],
  "glob-case-insensitive": ["--glob-case-insensitive -g *.TXT"],
  heading: ["--heading", "--heading -n -C1"],
  hidden: ["--hidden", "-."],
  "hostname-bin": [
    "--hostname-bin=uname --hyperlink-format=file -p",
    "--hostname-bin false --hyperlink-format file://{host}:{path} --color=always",
  ],
  "hyperlink-format": [
    "--hyperlink-format=default --color=always",
    "--hyperlink-format kitty -p",
    "--hyperlink-format vscode --color=ansi -C1 --column",
    "--hyperlink-format=file --color=always -c",
    "--hyperlink-format=vscodium --color=always -l",
    "--hyperlink-format=none --color=always",
    "--hyperlink-format=grep+ --color=always --files",
    "--hyperlink-format=x:{{{path}}} --heading --color=always -b",
    "--hyperlink-format=macvim --color=always --vimgrep -0",
    "--hyperlink-format=vscode --color=always -N",
    "--hyperlink-format=",
    "--hyperlink-format=bogus",
    "--hyperlink-format=x:{path",
    "--hyperlink-format=x:}",
    "--hyperlink-format=x:{no}",
    "--hyperlink-format=x:{host}",
    "--hyperlink-format=x:{path}{column}",
    "--hyperlink-format={path}",
    "--hyperlink-format=:{path}",
  ],
  iglob: ["--iglob *.TXT", "--iglob=!*.TXT"],
  "ignore-case": ["-i", "--ignore-case -o"],
  "ignore-file": ["--ignore-file extra-ignore", "--ignore-file=missing"],
  "ignore-file-case-insensitive": [
    "--ignore-file-case-insensitive",
    "--ignore-file-case-insensitive -g !*.MD",
  ],
  "include-zero": ["-c --include-zero", "--include-zero --count-matches"],
  "invert-match": ["-v", "--invert-match -n"],
  json: ["--json", "--json -C1"],
  "line-buffered": ["--line-buffered"],
  "line-number": ["-n", "--line-number -o"],
  "line-regexp": ["-x", "--line-regexp -c"],
  "max-columns": ["-M 20", "--max-columns=3 -o", "-M0"],
  "max-columns-preview": ["-M 20 --max-columns-preview", "-M 60 --max-columns-preview --color always"],
  "max-count": ["-m1", "--max-count=2 -A1", "-m 0"],
  "max-depth": ["-d1", "--max-depth 2", "--maxdepth=0"],
  "max-filesize": ["--max-filesize 100", "--max-filesize=1K", "--max-filesize 1X"],
  mmap: ["--mmap", "--mmap -c"],
  multiline: ["-U", "-U -e foo\\nbar", "--multiline -v -e o\\s+f", "-U -C1 -n -e \\n"],
  "multiline-dotall": ["-U --multiline-dotall -e f.*b", "--multiline-dotall"],
  "no-config": ["--no-config"],
  "no-filename": ["-I", "--no-filename -n"],
  "no-ignore": ["--no-ignore", "--no-ignore --ignore-file extra-ignore"],
  "no-ignore-dot": ["--no-ignore-dot"],
  "no-ignore-exclude": ["--no-ignore-exclude"],
  "no-ignore-files": ["--no-ignore-files --ignore-file extra-ignore"],
  "no-ignore-global": ["--no-ignore-global"],
  "no-ignore-messages": ["--no-ignore-messages --ignore-file missing"],
  "no-ignore-parent": ["--no-ignore-parent"],
  "no-ignore-vcs": ["--no-ignore-vcs"],
  "no-line-number": ["-N", "-n --no-line-number"],
  "no-messages": ["--no-messages", "--no-messages missing"],
  "no-pcre2-unicode": ["--no-pcre2-unicode", "--no-pcre2-unicode -i"],
  "no-require-git": ["--no-require-git"],
  "no-unicode": ["--no-unicode", "--no-unicode -i"],
  "null-data": ["--null-data", "--null-data -c", "--null-data -v"],
  null: ["-0", "--null -l", "-0c"],
  "one-file-system": ["--one-file-system"],
  "only-matching": ["-o", "--only-matching -v"],
  passthru: ["--passthru", "--passthrough -n"],
  "path-separator": ["--path-separator=:", "--path-separator ab", "--path-separator="],
  pre: [
    "--pre tac",
    "--pre=cat -c",
    "--pre wc",
    "--pre false",
    "--pre nosuchprogram",
    "--files-without-match --pre nosuchprogram",
    "-c --include-zero --pre nosuchprogram",
    "--pre=",
    "--pre plain.txt",
  ],
  "pre-glob": ["--pre tac --pre-glob *.txt", "--pre wc --pre-glob !*.txt", "--pre-glob ["],
  pretty: ["-p", "--pretty -C1"],
  quiet: ["-q", "--quiet --stats"],
  regexp: ["-e bar", "--regexp=o -e f", "-e -foo"],
  replace: ["-r X", "--replace=<$0> -o", "-r $$"],
  "regex-size-limit": ["--regex-size-limit 1M", "--regex-size-limit=10 -e \\w+", "--regex-size-limit=1X"],
  "search-zip": ["-z", "--search-zip -c", "-z --pre tac", "--pre tac -z", "-z --stats"],
  "smart-case": ["-S", "--smart-case -e Foo"],
  // ripgrep's binary cannot tell when a file was made, so nothing is compared of `created`.
  sort: ["--sort path", "--sort=none", "--sort none", "--sort bogus"],
  "sort-files": ["--sort-files"],
  sortr: ["--sortr=path", "--sortr none"],
  stats: ["--stats", "--stats -c"],
  "stop-on-nonmatch": ["--stop-on-nonmatch", "--stop-on-nonmatch -C1"],
  text: ["-a", "--text -c"],
  threads: ["-j1", "--threads=2", "-j 0"],
  trim: ["--trim", "--trim -C1"],
  type: ["-trust", "--type=py", "-t nosuchtype"],
  "type-add": ["--type-add web:*.md -t web", "--type-add bogus"],
  "type-clear": ["--type-clear rust -t rust", "--type-clear rust"],
  "type-list": ["--type-list"],
  "type-not": ["-Trust", "--type-not=py"],
  unrestricted: ["-u", "-uu", "-uuu", "--unrestricted"],
  vimgrep: ["--vimgrep", "--vimgrep -m1"],
  "with-filename": ["-H", "--with-filename --heading"],
  "word-regexp": ["-w", "--word-regexp -o"],
};

/** A tree that every flag has something to do in. */
export function flagTree(): Dir {
  const text = Buffer.from("foo packed\nbar\nlast foo");
  const packed = gzipSync(text);
  return cornerCases()
    .file("packed/a.gz", packed)
    .file("packed/b.tgz", gzipSync(""))
    .file("packed/cut.gz", packed.subarray(0, packed.length - 9))
    .file("packed/text.gz", "foo, but not packed\n")
    .file("packed/nul.gz", gzipSync("foo\n\0\nfoo\n"))
    .file("packed/wide.gz", gzipSync(Buffer.from("\ufefffoo wide\n", "utf16le")))
    .file(Buffer.from("packed/\xff.gz", "latin1"), packed);
}

/** Flags of ripgrep whose output is about the program itself, so it cannot be the same. */
const ABOUT_THE_PROGRAM: ReadonlySet<string> = new Set(["debug", "generate", "help", "trace", "version"]);

/** True for a flag that ripgrep has not. */
export const isOwn = (flag: Flag): boolean => flag.category === "everwarp";

/** The flags whose output must be that of ripgrep. */
export const COMPARED_FLAGS: readonly Flag[] = FLAGS.filter(
  (flag) => !isOwn(flag) && !ABOUT_THE_PROGRAM.has(flag.long),
);

/** Ways to use a flag: words each, the way back included. @throws where the flag has no sample */
export function samplesOf(flag: Flag): string[][] {
  const samples = SAMPLES[flag.long];
  if (samples === undefined) throw new Error(`test/support/flag-samples.ts has no sample of --${flag.long}`);
  const back = flag.negated === undefined ? [] : [`--${flag.negated}`, `${samples[0]} --${flag.negated}`];
  return [...samples, ...back].map((sample) => sample.split(" "));
}
