/**
 * The command lines with which editors call ripgrep, as they are in the editors' sources, run with everwarp and with
 * ripgrep. docs/editors.md tells how an editor is made to call everwarp.
 */
import { afterAll, describe, expect, it } from "vitest";
import { Dir, difference, runHere, runRipgrep } from "../support/cli.ts";
import { cornerCases } from "../support/cli-trees.ts";

const project = new Dir("editors")
  .file("src/main.ts", "export const foo = 1;\r\nfoo();\r\nconst bar = foo + fooBar;\r\n")
  .file("src/deep/other.ts", "// TODO: foo\nlet x = 'naïve foo';\nFOO\nlook(foo)\n")
  .file("lib/foo.js", "foo\n\nbar\nfoo bar\n")
  .file("docs/a b.md", "A foo, and [foo](foo.md).\n--\n")
  .file("node_modules/dep/index.js", "foo\n")
  .file("dist/out.js", `${"x".repeat(2_000)}foo\n`)
  .file(".gitignore", "dist\n")
  .file(".git/config", "foo\n")
  .file(".hidden/foo.txt", "foo\n")
  .file("packed.bin", "foo\0foo\n")
  .link("linked", "lib");
const corners = cornerCases();
afterAll(() => {
  project.remove();
  corners.remove();
});

const words = (text: string): string[] => text.split(" ");

/** VS Code leaves these out, wherever a search begins. */
const EXCLUDES = ["**/.git", "**/.svn", "**/.hg", "**/.DS_Store", "**/node_modules", "/*.code-search"];
const excludes = EXCLUDES.flatMap((glob) => ["-g", `!${glob}`]);

/** What stands before and behind the pattern, of `getRgArgs` in ripgrepTextSearchEngine.ts. */
const code = (
  before: readonly string[],
  pattern: readonly string[],
  after: readonly string[] = [],
): string[] => ["--hidden", "--no-require-git", ...before, "--crlf", ...pattern, "--no-config", ...after];
const plain = (text: string, before: readonly string[], after: readonly string[] = []): string[] =>
  code(before, ["--fixed-strings"], [...after, "--json", "--", text, "."]);
const regex = (text: string, before: readonly string[], after: readonly string[] = []): string[] =>
  code(before, ["--engine", "auto", "--regexp", text], ["--no-ignore-global", "--json", ...after, "--", "."]);

const NO_REGEX = "a regex that is none";
const VS_CODE_TEXT: Record<string, readonly string[]> = {
  "a word": plain("foo", ["--ignore-case", ...excludes, "--no-ignore-parent"], ["--no-ignore-global"]),
  "with parent and global ignore files": plain("foo", ["--ignore-case", ...excludes]),
  "case counts": plain("FOO", ["--case-sensitive", ...excludes, "--no-ignore-parent"]),
  "without ignore files": plain("foo", ["--ignore-case", ...excludes, "--no-ignore"]),
  "links followed": plain("foo", ["--ignore-case", ...excludes, "--no-ignore-parent", "--follow"]),
  "a size and threads": plain("foo", [
    "--ignore-case",
    "--max-filesize",
    "1000",
    "--no-ignore",
    "--threads",
    "2",
  ]),
  "an encoding": plain("ünï", ["--ignore-case", "--no-ignore-parent", "--encoding", "windows-1252"]),
  "files to include: src": plain("foo", [
    "--ignore-case",
    ...words("-g !* -g /src -g /src/**"),
    ...excludes,
    "--no-ignore-parent",
  ]),
  "files to include: **/*.ts": plain("foo", ["--ignore-case", "-g", "**/*.ts", ...excludes, "--no-ignore"]),
  "files to include, some levels": plain("foo", [
    "--ignore-case",
    ...words("-g !* -g /src -g /src/*ep -g /src/*ep/other.ts -g /src/*ep/other.ts/**"),
    "--no-ignore-parent",
  ]),
  "a pattern that begins with a dash": plain("-", ["--ignore-case", "--no-ignore-parent"]),
  "dashes alone": regex("\\-\\-", ["--ignore-case", "--no-ignore-parent"]),
  "a search editor with context": [
    ...plain("foo", ["--ignore-case", ...excludes, "--no-ignore-parent"]).slice(0, -3),
    ...words("--before-context 2 --after-context 2 -- foo ."),
  ],
  "a regex": regex("fo+\\b|TODO", ["--ignore-case", ...excludes, "--no-ignore-parent"]),
  "a whole word": code(
    ["--ignore-case", ...excludes, "--no-ignore-parent"],
    ["--regexp", "\\bfoo\\b"],
    ["--json", "--", "."],
  ),
  "a regex for the end of lines": regex(";$", ["--case-sensitive", "--no-ignore"]),
  "a regex with an escape": regex("na\\x{00ef}ve", ["--case-sensitive", "--no-ignore"]),
  "a regex over lines": regex("foo\\r?\\n\\r?\\nbar", ["--case-sensitive", "--no-ignore"], ["--multiline"]),
  [NO_REGEX]: regex("foo(", ["--case-sensitive", "--no-ignore"]),
};

/** `getRgArgs` of ripgrepFileSearch.ts: the files that quick open knows. */
const files = (before: readonly string[], after: readonly string[] = []): string[] => [
  ...words("--files --hidden --case-sensitive --no-require-git"),
  ...before,
  ...after,
  "--no-config",
];
const VS_CODE_FILES: Record<string, readonly string[]> = {
  "quick open": [...files([...excludes, "--no-ignore-parent", "--follow"]), "--no-ignore-global"],
  "without ignore files": files([...excludes, "--no-ignore", "--follow"]),
  "some files": files(["-g", "/src/**/*.ts", ...excludes, "--no-ignore-parent"]),
  "without regard to case": files(
    ["--glob-case-insensitive", "--ignore-file-case-insensitive", "-g", "**/MAIN.*", ...excludes],
    ["--no-ignore-parent", "--no-ignore-vcs", "--ignore-file", ".gitignore", "--threads", "2"],
  ),
  "is there any": files(["-g", "**/*.md", "--no-ignore"], ["--quiet"]),
  "is there none": files(["-g", "**/*.none", "--no-ignore"], ["--quiet"]),
};

const TELESCOPE = [
  "--color=never",
  "--no-heading",
  "--with-filename",
  "--line-number",
  "--column",
  "--smart-case",
];
const DEADGREP = ["--with-filename", "--no-column", "--no-heading", "--line-number", "--color=ansi"];
const RG_EL = [
  ...words("--color=always --colors=match:fg:red --colors=path:fg:magenta --colors=line:fg:green"),
  ...words("--colors=column:none -n --column"),
];
const CONSULT = [
  ...words("--null --line-buffered --color=never --max-columns=1000 --path-separator / --smart-case"),
  ...words("--no-heading --with-filename --line-number"),
];
const FZF = ["--column", "--line-number", "--no-heading", "--color=always", "--smart-case"];

const OTHERS: Record<string, readonly string[]> = {
  "Vim's grepprg": ["--vimgrep", "foo"],
  "Neovim's grepprg": ["--vimgrep", "-uu", "foo"],
  "telescope live_grep": [...TELESCOPE, "--", "foo"],
  "telescope live_grep, a type and globs": [
    ...TELESCOPE,
    "--type=ts",
    "--glob=!*.md",
    "--hidden",
    "--",
    "FOO",
    ".",
  ],
  "telescope grep_string": [...TELESCOPE, "-w", "--", "foo"],
  "telescope grep_string, nothing given": [...TELESCOPE, "-v", "--", "^[[:space:]]*$"],
  "telescope find_files": ["--files", "--color", "never"],
  "telescope find_files, hidden": ["--files", "--color", "never", "--hidden", "--no-ignore"],
  "deadgrep, text": [...DEADGREP, "--fixed-strings", "--smart-case", "--glob=!/.git", "--", "foo", "."],
  "deadgrep, words": [
    ...DEADGREP,
    "--fixed-strings",
    "--word-regexp",
    "--ignore-case",
    "--type=js",
    "--glob=!/.git",
    ...words("-- foo ."),
  ],
  "deadgrep, a regex with context": [
    ...DEADGREP,
    "--case-sensitive",
    "--glob=*.ts",
    "--before-context=2",
    "--after-context=1",
    "--hidden",
    ...words("--no-ignore-vcs -- fo+$|TODO ."),
  ],
  "rg.el": [...RG_EL, "-i", "--heading", "--no-config", "--type=ts", "-e", "foo"],
  "rg.el, a type of one's own": [
    ...RG_EL,
    "--type-add=gyp:*.gyp",
    "--type-add=gyp:*.gypi",
    "--hidden",
    "--heading",
    "--no-config",
    "--type-add=custom:*.js",
    "--fixed-strings",
    "--type=custom",
    "-e",
    "foo bar",
  ],
  "rg.el, everything, without headings": [...RG_EL, "--no-heading", "-e", "foo"],
  "consult-ripgrep": [...CONSULT, "-e", "foo", "."],
  "consult-ripgrep as it comes": [...CONSULT, "--search-zip", "-e", "foo", "."],
  "consult-ripgrep, two words": [...CONSULT, "-i", "-e", "foo.*bar|bar.*foo", "."],
  "fzf reload": [...FZF, "foo"],
  "fzf reload, nothing typed": [...FZF, ""],
};

describe.for([
  ["a project", project],
  ["hard files", corners],
] as const)("in %s", ([, dir]) => {
  describe.for([
    ["VS Code's text search", VS_CODE_TEXT],
    ["VS Code's file search", VS_CODE_FILES],
    ["others", OTHERS],
  ] as const)("%s", ([, lines]) => {
    it.for(Object.entries(lines))("%s", async ([name, args]) => {
      if (name !== NO_REGEX) return expect(await difference(dir, args)).toBeUndefined();
      const { code: exit, stdout, stderr } = await runHere(dir.path, args);
      const theirs = runRipgrep(dir.path, args);
      // ripgrep tells what each of its two engines said. everwarp has one.
      for (const errors of [stderr, theirs.stderr])
        expect(errors).toMatch(/^regex parse error:[^]*unclosed group/m);
      expect([exit, stdout]).toEqual([theirs.code, theirs.stdout]);
    });
  });
});

/** Lines with which ripgrep is not to find anything in the project. */
const OTHER_EXITS: Record<string, number> = {
  "is there none": 1,
  "an encoding": 1,
  "a regex that is none": 2,
};

describe("the lines find something", () => {
  it.for(Object.entries({ ...VS_CODE_TEXT, ...VS_CODE_FILES, ...OTHERS }))("%s", ([name, args]) => {
    const { code: exit } = runRipgrep(project.path, args);
    expect(exit).toBe(OTHER_EXITS[name] ?? 0);
  });
});
