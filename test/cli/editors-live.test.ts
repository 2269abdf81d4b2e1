/** Editors that are installed here, with everwarp in the place of ripgrep as docs/editors.md tells it. */
import { spawnSync } from "node:child_process";
import { chmodSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Dir, runRipgrep } from "../support/cli.ts";
import { bundledCommandLine } from "../support/cli-process.ts";

const project = new Dir("editors-live")
  .file("a.txt", "foo bar\nneedle foo foo\n")
  .file("lib/b c.ts", "const foo = 1;\n")
  .file("out/ignored.txt", "foo\n")
  .file(".ignore", "out\n")
  .file(".hidden", "foo\n");
const tools = new Dir("editors-tools");
const outcome = join(tools.path, "outcome");

beforeAll(async () => {
  // The wrapper of the page.
  const wrapper = join(tools.path, "bin", "rg");
  mkdirSync(join(tools.path, "bin"));
  writeFileSync(
    wrapper,
    `#!/bin/sh\nexec "${process.execPath}" "${await bundledCommandLine()}" search "$@"\n`,
  );
  chmodSync(wrapper, 0o755);
});
afterAll(() => {
  project.remove();
  tools.remove();
});

function has(program: string, feature: readonly string[]): boolean {
  return spawnSync(program, feature, { stdio: "ignore" }).status === 0;
}

/** Runs an editor with the wrapper first in its path. @returns what it wrote to the file `outcome` */
function run(program: string, args: readonly string[]): string[] {
  rmSync(outcome, { force: true });
  const { error, stderr } = spawnSync(program, args, {
    cwd: project.path,
    env: {
      PATH: `${join(tools.path, "bin")}:${process.env["PATH"] ?? ""}`,
      HOME: tools.path,
      TERM: "xterm",
      EVERWARP_OUTCOME: outcome,
    },
    stdio: ["ignore", "pipe", "pipe"],
  });
  if (error !== undefined) throw error;
  try {
    return readFileSync(outcome, "utf8").split("\n").filter(Boolean).toSorted();
  } catch {
    throw new Error(`${program} wrote nothing: ${stderr.toString()}`);
  }
}

const ripgrep = (args: readonly string[]): string[] =>
  runRipgrep(project.path, args).stdout.toString().split("\n").filter(Boolean).toSorted();

const QUICKFIX = [
  "-c",
  "silent grep! foo",
  "-c",
  "let hits = map(getqflist(), {_, e -> join([bufname(e.bufnr), e.lnum, e.col, e.text], ':')})",
  "-c",
  "call writefile(hits, $EVERWARP_OUTCOME)",
  "-c",
  "qa!",
];

describe("grepprg", () => {
  it.skipIf(!has("vim", ["-es", "-u", "NONE", "-c", "if !has('quickfix') | cquit | endif", "-c", "qa!"]))(
    "fills Vim's quickfix list (needs vim)",
    () => {
      const lines = run("vim", [
        "-es",
        "-u",
        "NONE",
        "-c",
        "set grepprg=rg\\ --vimgrep grepformat=%f:%l:%c:%m",
        ...QUICKFIX,
      ]);
      expect(lines).toEqual(ripgrep(["--vimgrep", "foo"]));
    },
  );

  it.skipIf(!has("nvim", ["--version"]))("fills Neovim's quickfix list (needs nvim)", () => {
    const lines = run("nvim", [
      "--headless",
      "-u",
      "NONE",
      "-c",
      "set grepprg=rg\\ --vimgrep\\ -uu grepformat=%f:%l:%c:%m",
      ...QUICKFIX,
    ]);
    expect(lines).toEqual(ripgrep(["--vimgrep", "-uu", "foo"]));
  });
});

describe("M-x grep", () => {
  it.skipIf(!has("emacs", ["--version"]))("fills Emacs's list of hits (needs emacs)", () => {
    const script = join(tools.path, "grep.el");
    writeFileSync(
      script,
      `(require 'grep)
       (grep "rg -n -H --no-heading -e foo .")
       (with-current-buffer "*grep*"
         (while (get-buffer-process (current-buffer)) (accept-process-output nil 0.05))
         (goto-char (point-min))
         (let (lines)
           (condition-case nil
               (while t
                 (compilation-next-error 1)
                 (push (buffer-substring-no-properties (line-beginning-position) (line-end-position)) lines))
             (error nil))
           (write-region (mapconcat #'identity lines "\\n") nil (getenv "EVERWARP_OUTCOME"))))`,
    );
    const lines = run("emacs", ["-Q", "--batch", "-l", script]);
    // Emacs takes the time in its own last line for a place in a file.
    expect(lines.filter((line) => !line.startsWith("Grep finished"))).toEqual(
      ripgrep(["-n", "-H", "--no-heading", "-e", "foo", "."]),
    );
  });
});

describe("fzf", () => {
  it.skipIf(!has("fzf", ["--version"]) || !has("script", ["--version"]))(
    "shows the hits of what is typed (needs fzf and script)",
    () => {
      const reload = "rg --column --line-number --no-heading --color=always --smart-case {q} || true";
      const binds = `--bind 'start:reload:${reload}' --bind 'load:select-all+accept'`;
      const command = `fzf --disabled --ansi --multi --query foo ${binds} > "$EVERWARP_OUTCOME"`;
      const lines = run("script", ["-qec", command, "/dev/null"]);
      expect(lines).toEqual(ripgrep(["--column", "--line-number", "--no-heading", "foo"]));
    },
  );
});
