/** The walk against ripgrep's own `--files`, over generated trees full of nasty names and ignore files. */

import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { rgPath } from "@vscode/ripgrep";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { propertyRuns } from "../support/property-runs.ts";
import { type DirectoryJob, DirectoryVisitor } from "../../src/search/walk/directory-visitor.ts";
import { type TypeChange, typeListLines, walk, type WalkOptions } from "../../src/search/walk/index.ts";

let scratch: string;
let made = 0;
const savedEnvironment = { HOME: process.env["HOME"], XDG_CONFIG_HOME: process.env["XDG_CONFIG_HOME"] };

beforeAll(() => {
  scratch = mkdtempSync(join(tmpdir(), "everwarp-walk-"));
  // No configuration of the machine takes part.
  process.env["HOME"] = join(scratch, "home");
  delete process.env["XDG_CONFIG_HOME"];
});
afterAll(() => {
  rmSync(scratch, { recursive: true, force: true });
  for (const [name, value] of Object.entries(savedEnvironment)) {
    if (value === undefined) delete process.env[name];
    else process.env[name] = value;
  }
});

/** A file per key; a key that ends with "/" is a directory; "-> target" makes a link. */
type Tree = Record<string, string | Buffer>;

function plant(tree: Tree): string {
  const root = join(scratch, `tree${made++}`);
  mkdirSync(root);
  for (const [path, content] of Object.entries(tree)) {
    const full = join(root, path);
    mkdirSync(path.endsWith("/") ? full : dirname(full), { recursive: true });
    if (path.endsWith("/")) continue;
    if (typeof content === "string" && content.startsWith("-> ")) symlinkSync(content.slice(3), full);
    else writeFileSync(full, content);
  }
  return root;
}

interface Seen {
  files: string[];
  errors: string[];
  failed: boolean;
}

function ours(cwd: string, paths: string[], options: WalkOptions): Seen {
  const errors: string[] = [];
  let failed = false;
  const files = [
    ...walk(paths, {
      ...options,
      cwd,
      onError: (error) => {
        errors.push(error.message);
        failed ||= error.kind === "path";
      },
    }),
  ].map((file) => file.pathBytes?.toString("latin1") ?? Buffer.from(file.path).toString("latin1"));
  return { files, errors, failed };
}

/** One run for each path: given several, ripgrep 15.0 applies the first one's parent rules to all (mended in later versions). */
function ripgreps(cwd: string, paths: string[], flags: string[]): Seen {
  if (paths.length < 2) return ripgrep(cwd, paths, flags);
  const runs = paths.map((path) => ripgrep(cwd, [path], flags));
  return {
    files: runs.flatMap((run) => run.files),
    errors: runs.flatMap((run) => run.errors),
    failed: runs.some((run) => run.failed),
  };
}

function ripgrep(cwd: string, paths: string[], flags: string[]): Seen {
  const run = spawnSync(rgPath, ["--no-config", "--files", "--null", ...flags, "--", ...paths], { cwd });
  const errors = run.stderr.toString("utf8").split("\n").filter(Boolean);
  return {
    files: run.stdout.toString("latin1").split("\0").filter(Boolean),
    errors: errors
      .filter((line) => !line.startsWith("rg: No files were"))
      .map((line) => line.replace(/^rg: /, "")),
    failed: run.status === 2,
  };
}

const sorted = (seen: Seen): Seen => ({ ...seen, files: seen.files.sort(), errors: seen.errors.sort() });

function expectSame(cwd: string, paths: string[], options: WalkOptions, flags: string[]): void {
  expect(sorted(ours(cwd, paths, options))).toEqual(sorted(ripgreps(cwd, paths, flags)));
}

const NASTY: Tree = {
  ".git/info/exclude": "excluded*\n",
  ".gitignore": [
    "# comment",
    "\\#sharp",
    "\\!bang",
    "*.o",
    "*.tar.gz",
    "!keep.o",
    "build/",
    "/anchored",
    "a/**/z",
    "**/deep",
    "docs/*.txt",
    "trail   ",
    "space\\ ",
    "[!a-c]x",
    "[^a]y",
    "q[]]w",
    "brace.{one,two}",
    "inside/**",
    "open[bracket",
    "Case.TXT",
    "?.q",
    "**/mid/**/leaf",
    "x/**",
    "!x/y/",
    "**/slash/",
    "a**b",
    "esc\\*aped",
    "",
    "   ",
  ].join("\n"),
  "#sharp": "",
  "!bang": "",
  "m.o": "",
  "keep.o": "",
  "p.tar.gz": "",
  "build/out": "",
  "sub/build": "",
  "sub/anchored": "",
  anchored: "",
  "a/z": "",
  "a/b/c/z": "",
  "sub/deep": "",
  "docs/a.txt": "",
  "docs/b/a.txt": "",
  trail: "",
  "space ": "",
  ax: "",
  dx: "",
  ay: "",
  by: "",
  "q]w": "",
  "brace.one": "",
  "brace.three": "",
  "inside/f": "",
  "open[bracket": "",
  "case.txt": "",
  "Case.TXT": "",
  "é.q": "",
  "e.q": "",
  "mid/leaf": "",
  "mid/1/2/leaf": "",
  "x/y/f": "",
  "x/g": "",
  "sub/slash": "",
  "slash/f": "",
  aXb: "",
  "esc*aped": "",
  escXaped: "",
  "excluded-file": "",
  ".hidden/f": "",
  ".hiddenfile": "",
  "nested/.gitignore": "!*.o\n/local\nkeep.o\n",
  "nested/a.o": "",
  "nested/local": "",
  "nested/keep.o": "",
  "nested/deeper/local": "",
  "nested/.ignore": "*.md\n!.wanted\n",
  "nested/x.md": "",
  "nested/.wanted": "",
  "nested/.rgignore": "!x.md\n",
  "inner/.git/": "",
  "inner/a.o": "",
  "inner/b.md": "",
  "inner/.gitignore": "*.md\n",
  "link-to-file": "-> keep.o",
  "link-to-directory": "-> nested",
  "broken-link": "-> nowhere",
  "loop/back": "-> ..",
  "big.bin": "0123456789".repeat(20),
  "src/main.rs": "",
  "src/main.py": "",
  "src/Makefile": "",
};

const CASES: [name: string, paths: string[], options: WalkOptions, flags: string[]][] = [
  ["no flags", [], {}, []],
  ["a dot", ["."], {}, []],
  ["a dot and a slash", ["./"], {}, []],
  ["a directory", ["nested"], {}, []],
  ["a directory with slashes", ["nested//"], {}, []],
  ["two levels down", ["nested/deeper"], {}, []],
  ["down and up again", ["nested/../a"], {}, []],
  ["an ignored directory by name", ["build", "x/y"], {}, []],
  ["ignored files by name", ["m.o", "anchored", ".hiddenfile", "link-to-file"], {}, []],
  ["a link to a directory by name", ["link-to-directory"], {}, []],
  ["a missing path", ["nope"], {}, []],
  ["an empty path", [""], {}, []],
  ["hidden", [], { hidden: true }, ["--hidden"]],
  ["no ignore", [], NO_IGNORE(), ["--no-ignore"]],
  ["no ignore, hidden", [], { ...NO_IGNORE(), hidden: true }, ["-uu"]],
  ["no vcs", [], { noIgnoreVcs: true }, ["--no-ignore-vcs"]],
  ["no dot", [], { noIgnoreDot: true }, ["--no-ignore-dot"]],
  ["no exclude", [], { noIgnoreExclude: true }, ["--no-ignore-exclude"]],
  ["no parent", ["nested", "src", "inner"], { noIgnoreParent: true }, ["--no-ignore-parent"]],
  ["parents count", ["nested", "src", "inner", "sub"], {}, []],
  ["depth 0", ["src", "m.o"], { maxDepth: 0 }, ["--max-depth", "0"]],
  ["depth 1", [], { maxDepth: 1 }, ["--max-depth", "1"]],
  ["depth 2", ["nested"], { maxDepth: 2 }, ["--max-depth", "2"]],
  ["size", [], { maxFilesizeBytes: 100 }, ["--max-filesize", "100"]],
  ["size of a named file", ["big.bin"], { maxFilesizeBytes: 100 }, ["--max-filesize", "100"]],
  ["follow", [], { follow: true }, ["-L"]],
  ["follow below a path", ["loop", "."], { follow: true }, ["-L"]],
  ["glob", [], { globs: ["*.o"] }, ["-g", "*.o"]],
  ["negated glob", [], { globs: ["!*.o", "!nested"] }, ["-g", "!*.o", "-g", "!nested"]],
  ["anchored glob", [], { globs: ["/src/*.rs", "/m.o"] }, ["-g", "/src/*.rs", "-g", "/m.o"]],
  ["glob below a path", ["src"], { globs: ["/src/*.rs"] }, ["-g", "/src/*.rs"]],
  ["last glob wins", [], { globs: ["*.o", "!m.o", "m.*"] }, ["-g", "*.o", "-g", "!m.o", "-g", "m.*"]],
  ["glob of a directory", [], { globs: ["src/**"] }, ["-g", "src/**"]],
  ["glob with braces", [], { globs: ["*.{rs,py}"] }, ["-g", "*.{rs,py}"]],
  ["glob and hidden", [], { globs: [".hidden*"] }, ["-g", ".hidden*"]],
  ["glob in any case", [], { iglobs: ["*.TXT", "[M-N]*.RS"] }, ["--iglob", "*.TXT", "--iglob", "[M-N]*.RS"]],
  ["type", [], { types: [{ kind: "select", name: "rust" }] }, ["-t", "rust"]],
  [
    "types",
    [],
    {
      types: [
        { kind: "select", name: "py" },
        { kind: "select", name: "make" },
      ],
    },
    ["-tpy", "-tmake"],
  ],
  ["not a type", [], { types: [{ kind: "negate", name: "rust" }] }, ["-T", "rust"]],
  [
    "a new type",
    [],
    {
      types: [
        { kind: "add", definition: "obj:*.o" },
        { kind: "select", name: "obj" },
      ],
    },
    ["--type-add", "obj:*.o", "-tobj"],
  ],
  ["all types", [], { types: [{ kind: "select", name: "all" }] }, ["-tall"]],
  ["no require git", [], { requireGit: false }, ["--no-require-git"]],
  ["case of ignore files", [], { ignoreFileCaseInsensitive: true }, ["--ignore-file-case-insensitive"]],
  ["one file system", [], { oneFileSystem: true }, ["--one-file-system"]],
  [
    "a named ignore file",
    ["."],
    { ignoreFiles: ["nested/.gitignore", "nested/.ignore"] },
    ["--ignore-file", "nested/.gitignore", "--ignore-file", "nested/.ignore"],
  ],
  ["a missing ignore file", ["src"], { ignoreFiles: ["nowhere"] }, ["--ignore-file", "nowhere"]],
  [
    "named ignore files do not count",
    ["."],
    { ignoreFiles: [".gitignore"], noIgnoreFiles: true },
    ["--ignore-file", ".gitignore", "--no-ignore-files"],
  ],
];

function NO_IGNORE(): WalkOptions {
  return {
    noIgnoreDot: true,
    noIgnoreVcs: true,
    noIgnoreGlobal: true,
    noIgnoreExclude: true,
    noIgnoreParent: true,
  };
}

describe("walk finds what rg --files finds", () => {
  let root: string;
  beforeAll(() => {
    root = plant(NASTY);
  });

  test.each(CASES)("%s", (_name, paths, options, flags) => expectSame(root, paths, options, flags));

  test.each(CASES)("%s, sorted by path", (_name, paths, options, flags) => {
    const mine = ours(root, paths, { ...options, sort: "path" });
    const theirs = ripgreps(root, paths, [...flags, "--sort", "path"]);
    expect(mine.files).toEqual(theirs.files);
    expect(mine.errors.sort()).toEqual(theirs.errors.sort());
  });

  test("a missing path among others", () => {
    const seen = sorted(ours(root, ["nope", "src"], {}));
    expect(seen).toEqual(sorted(ripgrep(root, ["nope", "src"], [])));
  });

  test("absolute paths", () => {
    expectSame(root, [root, join(root, "nested")], { globs: ["!/src"] }, ["-g", "!/src"]);
  });

  test("a pool of visitors that share jobs finds the same files as one", () => {
    const pool = [0, 1, 2].map(() => new DirectoryVisitor({ cwd: root }));
    const jobs: DirectoryJob[] = [];
    const files: string[] = [];
    const sink = {
      onFile: (file: { path: string }): void => void files.push(file.path),
      onDirectory: (job: DirectoryJob): void => void jobs.push(structuredClone(job)),
    };
    pool[0]?.roots([], sink);
    for (let turn = 0; jobs.length > 0; turn++) {
      pool[turn % pool.length]?.visit(jobs.pop() as DirectoryJob, sink);
    }
    expect(files.sort()).toEqual([...walk([], { cwd: root })].map((file) => file.path).sort());
  });
});

describe("walk", () => {
  test("keeps the bytes of names that are not UTF-8", () => {
    const root = plant({ plain: "", "dir/": "" });
    const bad = Buffer.from([0x62, 0xff, 0x64]);
    writeFileSync(Buffer.concat([Buffer.from(`${root}/`), bad]), "");
    const badDirectory = Buffer.concat([Buffer.from(`${root}/dir/`), bad]);
    mkdirSync(badDirectory);
    writeFileSync(Buffer.concat([badDirectory, Buffer.from("/inside")]), "");
    writeFileSync(Buffer.concat([badDirectory, Buffer.from("/skipped")]), "");
    writeFileSync(join(root, ".ignore"), "skipped\n");
    writeFileSync(Buffer.concat([badDirectory, Buffer.from("/.ignore")]), "local\n");
    writeFileSync(Buffer.concat([badDirectory, Buffer.from("/local")]), "");
    expectSame(root, [], {}, []);
    expectSame(root, ["dir"], { globs: ["b?d/*"] }, ["-g", "b?d/*"]);
    const file = [...walk([], { cwd: root })].find((found) => found.path.startsWith("b"));
    expect(file).toEqual({ path: "b\ufffdd", pathBytes: bad, explicit: false });
  });

  test("says what is wrong with a line of an ignore file, and goes on", () => {
    const root = plant({ ".ignore": "a{\nskipped\n", "sub/.ignore": "[z-a]\n", "sub/f": "", skipped: "" });
    expectSame(root, [], {}, []);
    expectSame(root, ["sub"], {}, []);
  });

  test("reads git's global excludes", () => {
    mkdirSync(join(scratch, "home/.config/git"), { recursive: true });
    const root = plant({
      ".git/": "",
      "a.global": "",
      "b.c": "",
      "sub/c.global": "",
      "sub/.gitignore": "!c.global",
    });
    const ignoreFile = join(scratch, "home/.config/git/ignore");
    writeFileSync(ignoreFile, "*.global\n");
    expectSame(root, [], {}, []);
    expectSame(root, [], { noIgnoreGlobal: true }, ["--no-ignore-global"]);
    expect(ours(root, [], {}).files).not.toContain("a.global");
    writeFileSync(join(scratch, "home/.gitconfig"), "[core]\n\texcludesFile = ~/other\n");
    writeFileSync(join(scratch, "home/other"), "b.c\n");
    expectSame(root, [], {}, []);
    expect(ours(root, [], {}).files).toContain("a.global");
    rmSync(join(scratch, "home"), { recursive: true });
  });

  test("knows a linked worktree's exclude file", () => {
    const root = plant({
      "main/.git/info/exclude": "private\n",
      "main/.git/worktrees/w/commondir": "../..\n",
      "w/private": "",
      "w/public": "",
    });
    writeFileSync(join(root, "w/.git"), `gitdir: ${root}/main/.git/worktrees/w\n`);
    expectSame(join(root, "w"), [], {}, []);
  });

  test.each([
    [{ globs: ["{a"] }, "error parsing glob '{a': unclosed alternate group"],
    [{ globs: ["[b-a]"] }, "error parsing glob '[b-a]': invalid range; 'b' > 'a'"],
    [{ globs: ["a]["] }, "unclosed character class; missing ']'"],
    [{ types: [{ kind: "select" as const, name: "foo" }] }, "unrecognized file type: foo"],
    [{ types: [{ kind: "add" as const, definition: "foo" }] }, "invalid definition"],
  ])("refuses %j", (options, message) => {
    expect(() => walk([], options)).toThrow(message);
  });
});

test("the type list is ripgrep's", () => {
  const run = spawnSync(rgPath, ["--no-config", "--type-list"], { encoding: "utf8" });
  expect(typeListLines()).toEqual(run.stdout.trimEnd().split("\n"));
  const changed = spawnSync(
    rgPath,
    [
      "--no-config",
      "--type-clear=c",
      "--type-add=web:*.{html,css}",
      "--type-add=all2:include:web,rust",
      "--type-list",
    ],
    { encoding: "utf8" },
  );
  const changes: TypeChange[] = [
    { kind: "clear", name: "c" },
    { kind: "add", definition: "web:*.{html,css}" },
    { kind: "add", definition: "all2:include:web,rust" },
  ];
  expect(typeListLines(changes)).toEqual(changed.stdout.trimEnd().split("\n"));
});

describe("random trees", () => {
  const name = fc.constantFrom("a", "b", "ab", "a.c", "b.c", "A", ".h", "é", "a b", "c.d.c", "[x]");
  const path = fc.array(name, { minLength: 1, maxLength: 4 }).map((parts) => parts.join("/"));
  const piece = fc.constantFrom(
    "a",
    "b",
    "*",
    "?",
    "**",
    "[ab]",
    "[!a]",
    "{a,b}",
    ".c",
    "c",
    ".",
    "é",
    "\\a",
    "A",
    "[a-",
    "]",
    " ",
  );
  const segment = fc.array(piece, { minLength: 1, maxLength: 3 }).map((parts) => parts.join(""));
  const line = fc
    .tuple(
      fc.constantFrom("", "", "", "!", "/", "!/", "**/", "#", "\\!"),
      fc.array(segment, { minLength: 1, maxLength: 3 }),
      fc.constantFrom("", "", "", "/", "/**", "/*", "  ", "\\ "),
    )
    .map(([before, segments, after]) => before + segments.join("/") + after);
  const ignoreFile = fc.record({
    directory: fc.array(name, { maxLength: 2 }).map((parts) => parts.join("/")),
    name: fc.constantFrom(".gitignore", ".gitignore", ".ignore", ".rgignore", ".git/info/exclude"),
    lines: fc.array(line, { minLength: 1, maxLength: 4 }),
  });
  const options = fc.record({
    hidden: fc.boolean(),
    requireGit: fc.boolean(),
    noIgnoreParent: fc.boolean(),
    ignoreFileCaseInsensitive: fc.boolean(),
    globs: fc.array(line, { maxLength: 2 }),
    iglobs: fc.array(line, { maxLength: 1 }),
    path: fc.constantFrom("", "", ".", "a", "b", "a/b"),
  });

  test("give the files that ripgrep gives", () => {
    fc.assert(
      fc.property(
        fc.array(path, { minLength: 1, maxLength: 12 }),
        fc.array(ignoreFile, { maxLength: 4 }),
        fc.boolean(),
        options,
        (paths, ignoreFiles, hasGit, { path: start, ...chosen }) => {
          const root = join(scratch, `tree${made++}`);
          mkdirSync(root);
          const place = (file: string, content: string): void => {
            try {
              mkdirSync(dirname(join(root, file)), { recursive: true });
              writeFileSync(join(root, file), content);
            } catch (error) {
              // A name that is a file already cannot be a directory too, nor the other way round.
              expect(["EEXIST", "ENOTDIR", "EISDIR"]).toContain((error as NodeJS.ErrnoException).code);
            }
          };
          if (hasGit) mkdirSync(join(root, ".git"));
          for (const file of paths) place(file, "");
          for (const file of ignoreFiles)
            place(join(file.directory, file.name), `${file.lines.join("\n")}\n`);
          const flags = [
            ...(chosen.hidden ? ["--hidden"] : []),
            ...(chosen.requireGit ? [] : ["--no-require-git"]),
            ...(chosen.noIgnoreParent ? ["--no-ignore-parent"] : []),
            ...(chosen.ignoreFileCaseInsensitive ? ["--ignore-file-case-insensitive"] : []),
            ...chosen.globs.map((glob) => `--glob=${glob}`),
            ...chosen.iglobs.map((glob) => `--iglob=${glob}`),
          ];
          const named = start === "" ? [] : [start];
          const theirs = sorted(ripgreps(root, named, flags));
          let mine: Seen;
          try {
            mine = sorted(ours(root, named, chosen));
          } catch (error) {
            mine = { files: [], errors: [(error as Error).message], failed: true };
          }
          // With --no-ignore-parent ripgrep still reads the files above, only to complain about their lines.
          if (chosen.noIgnoreParent) expect(mine.files).toEqual(theirs.files);
          else expect(mine).toEqual(theirs);
          rmSync(root, { recursive: true });
        },
      ),
      propertyRuns(150),
    );
  });
});
