/** `everwarp live` in a real terminal: keys in, screen out. */
import { execFileSync, spawnSync } from "node:child_process";
import { chmodSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { rgPath } from "@vscode/ripgrep";
import { afterEach, describe, expect, it } from "vitest";
import { bundledCommandLine } from "../support/cli-process.ts";
import { eachInFreshFolder } from "../support/fresh-folder.ts";
import { multiplexerMissing, Window } from "../support/multiplexer.ts";
import { until } from "../support/patience.ts";

const program = await bundledCommandLine();
let folder: string;
eachInFreshFolder("live", (fresh) => {
  folder = fresh;
  mkdirSync(join(folder, "tree", "sub"), { recursive: true });
  const lines = ["first Needle here", "nothing", "\tneedle and needle", "\x1b]0;evil\x07 needle \x1b[2J"];
  write("a.txt", `${lines.join("\n")}\n`);
  write("sub/b.txt", "one\ntwo needles\n");
  write(".hidden", "hidden needle\n");
});
const windows: Window[] = [];
afterEach(() => windows.splice(0).forEach((window) => window.close()));

const write = (name: string, text: string): void => writeFileSync(join(folder, "tree", name), text);

/** The command, for a shell. */
const live = (...words: string[]): string =>
  [process.execPath, program, "live", "--device", "cpu", ...words].map((word) => `'${word}'`).join(" ");

/** A window in which a command runs in the tree. */
function open(command: string, env: Record<string, string> = {}): Window {
  const state = { XDG_STATE_HOME: join(folder, "state"), ...env };
  const window = new Window(`cd '${join(folder, "tree")}'; ${command}; echo "code $?"`, state);
  windows.push(window);
  return window;
}

/** A window with the tree loaded. */
async function loaded(...words: string[]): Promise<Window> {
  const window = open(live(...words));
  await window.untilShown(/\d files?, /);
  return window;
}

const status = (rows: readonly string[]): string => rows.at(-1) ?? "";
/** The number of hits that the status line tells. */
const hitsOf = (rows: readonly string[]): string | undefined =>
  /^[\d,]+ hits?\b.*? files?\b/.exec(status(rows))?.[0];

/** The terminal has no other screen, no mouse and a cursor: as it was before. */
const modes = (window: Window): string =>
  window.about("screen #{alternate_on} mouse #{mouse_any_flag} wrap #{wrap_flag} cursor #{cursor_flag}");
const PLAIN_MODES = "screen 0 mouse 0 wrap 1 cursor 1";

// With the patterns and flags of the screen, ripgrep finds so many.
function ripgrepHits(...words: string[]): number {
  const flags = ["--no-config", "--count-matches", "--no-filename"];
  const { stdout } = spawnSync(rgPath, [...flags, ...words, "./"], {
    cwd: join(folder, "tree"),
    encoding: "utf8",
  });
  return stdout.split("\n").reduce((sum, line) => sum + Number(line), 0);
}

describe.skipIf(multiplexerMissing !== undefined)(`in a terminal (${multiplexerMissing ?? "tmux"})`, () => {
  it("searches at every key, and shows hits, files, a preview and times", async () => {
    const window = await loaded();
    window.keys("needle");
    const rows = await window.until(
      (screen) => hitsOf(screen) === `${ripgrepHits("-S", "needle")} hits in 2 files`,
    );
    expect(rows[0]).toBe("> needle");
    expect(rows[2]).toBe("a.txt");
    expect(rows[3]).toBe("▌   1: first Needle here");
    expect(rows.find((row) => row.startsWith("─ a.txt:1 ─"))).toBeDefined();
    expect(status(rows)).toMatch(/ · engine \d+ (µs|ms) · frame [\d.]+ ms · 2 files, /);
    // What a file has is text, and no order to the terminal.
    expect(rows.some((row) => row.includes("^[]0;evil^G needle ^[[2J"))).toBe(true);
    window.keys("s");
    await window.until((screen) => hitsOf(screen) === `${ripgrepHits("-S", "needles")} hit in 1 file`);
    window.keys("BSpace", "Tab");
    const files = await window.untilShown(/^▌ +4 a\.txt/);
    expect(files[3]).toMatch(/^ +1 sub\/b\.txt$/);
  });

  it("switches case, words, regex, hidden files and globs, as ripgrep has them", async () => {
    const window = await loaded();
    window.keys("needle");
    const shows = async (words: string[], files: string): Promise<void> => {
      const count = ripgrepHits(...words, "needle");
      await window.until((rows) => hitsOf(rows) === `${count} hits in ${files}`);
    };
    await shows(["-S"], "2 files");
    window.keys("M-c");
    await shows(["-s"], "2 files");
    window.keys("M-c", "M-w");
    await shows(["-i", "-w"], "1 file");
    window.keys("M-w", "M-h");
    await shows(["-i", "-."], "3 files");
    window.keys("M-g");
    window.type("*.txt !sub");
    window.keys("Enter");
    await shows(["-i", "-.", "-g*.txt", "-g!sub"], "1 file");
    window.keys("M-r", "C-u");
    window.type(".*");
    await window.until((rows) => rows[0] === "> .*" && hitsOf(rows) === "0 hits in 0 files");
  });

  it("says what is wrong with a pattern, and keeps the hits", async () => {
    const window = await loaded();
    window.keys("needle");
    await window.untilShown("Needle here");
    window.type("(");
    const rows = await window.untilShown(/unclosed group/);
    expect(rows[3]).toBe("▌   1: first Needle here");
    window.keys("BSpace");
    await window.until((screen) => hitsOf(screen) !== undefined);
  });

  it("prints the hit with Enter, when the terminal is as it was", async () => {
    const window = await loaded();
    window.keys("needle");
    await window.untilShown("Needle here");
    window.keys("Down", "Enter");
    const rows = await window.untilShown("code 0");
    expect(rows.slice(0, 2)).toEqual(["a.txt:3:2", "code 0"]);
    expect(modes(window)).toBe(PLAIN_MODES);
  });

  it("draws on standard error where standard output is no terminal", async () => {
    const window = open(`hit=$(${live()}); echo "got <$hit>"`);
    await window.untilShown(/\d files?, /);
    window.keys("needles", "Enter");
    await window.untilShown("got <sub/b.txt:2:5>");
  });

  it("leaves with Escape and Ctrl-C", async () => {
    for (const key of ["Escape", "C-c"]) {
      const window = await loaded();
      window.keys(key);
      await window.untilShown("code 130");
      expect(modes(window)).toBe(PLAIN_MODES);
    }
  });

  it("gives the terminal back when it is killed", async () => {
    for (const [signal, code] of [
      ["TERM", 143],
      ["HUP", 129],
      ["INT", 130],
    ] as const) {
      const killed = open(`sh -c 'echo $$ >../pid; exec "$@"' - ${live()}`);
      await killed.untilShown(/\d files?, /);
      process.kill(Number(readFileSync(join(folder, "pid"), "utf8")), `SIG${signal}`);
      await killed.untilShown(`code ${code}`);
      expect(modes(killed)).toBe(PLAIN_MODES);
    }
  });

  it("follows the size of the terminal", async () => {
    const window = await loaded();
    window.keys("needle");
    await window.untilShown("Needle here");
    window.resize(50, 12);
    // Twelve rows have no preview.
    await window.until((rows) => rows.length === 12 && status(rows).startsWith("5 hits"));
    expect(window.rows.some((row) => row.startsWith("─"))).toBe(false);
    window.resize(18, 4);
    await window.untilShown(/^too small: 18×4/);
    window.resize(100, 30);
    const rows = await window.until((screen) => screen.length === 30 && status(screen).startsWith("5 hits"));
    expect(rows[3]).toBe("▌   1: first Needle here");
    expect(status(rows)).toMatch(/ · key to frame [\d.]+ ms · 2 files, \d\.\d MB, /);
  });

  it("takes clicks and the wheel", async () => {
    const window = await loaded();
    window.keys("needle");
    await window.untilShown("Needle here");
    window.type("\x1b[<0;10;5M");
    await window.until((rows) => rows[4]?.startsWith("▌   3:") === true);
    window.type("\x1b[<64;1;1M");
    await window.until((rows) => rows[3]?.startsWith("▌   1:") === true);
    window.type("\x1b[<0;13;2M"); // the second toggle
    await window.until((rows) => rows[1]?.includes("[x]word") === true);
  });

  it("takes one line of what is pasted", async () => {
    const window = await loaded();
    window.paste("two needles\nrm -rf\n");
    const rows = await window.untilShown("only the first of 2 pasted lines was taken");
    expect(rows[0]).toBe("> two needles");
  });

  it("shows what changes on disk", async () => {
    const window = await loaded();
    window.keys("needle");
    await window.until((rows) => hitsOf(rows) === "5 hits in 2 files");
    write("sub/c.txt", "a needle\n");
    await window.until((rows) => hitsOf(rows) === "6 hits in 3 files");
    mkdirSync(join(folder, "tree", "new"));
    write("new/d.txt", "a needle\n");
    await window.until((rows) => hitsOf(rows) === "7 hits in 4 files");
    rmSync(join(folder, "tree", "sub"), { recursive: true });
    await window.until((rows) => hitsOf(rows) === "5 hits in 2 files");
    write("a.txt", "x\nmoved needle\n");
    await window.until(
      (rows) => hitsOf(rows) === "2 hits in 2 files" && /^▌ {3}2: moved/.test(rows[3] ?? ""),
    );
  });

  it("lets a glob be corrected that is none", async () => {
    const window = open(live("-g", "{"));
    await window.untilShown("unclosed alternate group");
    window.keys("needle", "M-g", "BSpace");
    window.type("*.txt");
    window.keys("Enter");
    await window.until((rows) => hitsOf(rows) === "5 hits in 2 files");
  });

  it("refuses a path that is not there, when the terminal is as it was", async () => {
    const window = open(live("nowhere"));
    const rows = await window.untilShown("code 2");
    expect(rows.join("")).toMatch(/nowhere does not exist.*\[EW_PATH_NOT_FOUND\]/);
    expect(modes(window)).toBe(PLAIN_MODES);
  });

  it("opens the editor at the line", async () => {
    const editor = join(folder, "vim");
    writeFileSync(editor, `#!/bin/sh\nprintf '%s\\n' "$@" >'${join(folder, "words")}'\n`);
    chmodSync(editor, 0o755);
    const window = open(live("--open"), { EDITOR: editor, VISUAL: "" });
    await window.untilShown(/\d files?, /);
    window.keys("needles");
    await window.untilShown("two needles");
    window.keys("Enter");
    await window.untilShown("code 0");
    expect(readFileSync(join(folder, "words"), "utf8")).toBe("+call cursor(2,5)\nsub/b.txt\n");
  });

  it("remembers the patterns that found something", async () => {
    const first = await loaded();
    first.keys("needles");
    await first.untilShown("two needles");
    first.keys("Enter");
    await first.untilShown("code 0");
    await until(() => existsSync(join(folder, "state", "everwarp", "live-history")));
    const second = await loaded();
    second.keys("x", "C-p");
    await second.until((rows) => rows[0] === "> needles" && hitsOf(rows) === "1 hit in 1 file");
    second.keys("C-n");
    await second.until((rows) => rows[0] === "> x");
  });

  it("stops with Ctrl-Z, and goes on with fg", async () => {
    const window = open("PS1='$ ' ENV= sh -i");
    await window.untilShown("$");
    window.type(`${live()}\n`);
    await window.untilShown(/\d files?, /);
    window.keys("needle");
    await window.untilShown("Needle here");
    window.keys("C-z");
    await window.untilShown(/Stopped|suspended/i);
    expect(modes(window)).toBe(PLAIN_MODES);
    window.type("fg\n");
    await window.untilShown("Needle here");
    window.keys("C-u", "needles");
    await window.until((rows) => hitsOf(rows) === "1 hit in 1 file");
  });

  it("uses no colours where NO_COLOR is set", async () => {
    for (const value of ["1", ""]) {
      const window = open(live(), { NO_COLOR: value });
      await window.untilShown(/\d files?, /);
      window.keys("needle");
      await window.untilShown("Needle here");
      // Colours are the parameters 30 to 37, 40 to 47 and 90 to 107.
      const pieces = window.colored.split("\x1b[").slice(1);
      const hasColours = pieces.some((piece) => /^(?:\d+;)*(?:[349][0-7]|10[0-7])(?:;\d+)*m/.test(piece));
      expect(hasColours).toBe(value === "");
    }
  });

  it("refuses a terminal whose cursor cannot be moved", async () => {
    const window = open(live(), { TERM: "dumb" });
    const rows = await window.untilShown("code 2");
    expect(rows.join("")).toMatch(/TERM is "dumb".*\[EW_NO_TERMINAL\]/);
  });
});

it("refuses what is no terminal", () => {
  const { status: code, stderr } = spawnSync(process.execPath, [program, "live"], { encoding: "utf8" });
  expect(code).toBe(2);
  expect(stderr).toMatch(
    /^everwarp: everwarp live needs a terminal: standard input is not .*\[EW_NO_TERMINAL\]\n$/,
  );
});

it("needs an editor for --open, and takes no arguments that it does not know", () => {
  const run = (...words: string[]): string => {
    const { VISUAL: _, EDITOR: __, ...env } = process.env;
    return spawnSync(process.execPath, [program, "live", ...words], { encoding: "utf8", env }).stderr;
  };
  expect(run("--open")).toMatch(/neither VISUAL nor EDITOR is set.*\[EW_BAD_ARGUMENT\]/);
  expect(run("--nonsense")).toMatch(/--nonsense.*\[EW_BAD_ARGUMENT\]/s);
  expect(run("--threads", "many")).toMatch(/--threads is "many".*\[EW_BAD_ARGUMENT\]/);
});

it("prints its help", () => {
  const help = execFileSync(process.execPath, [program, "live", "--help"], { encoding: "utf8" });
  expect(help).toMatch(/^everwarp live \[PATH…\] \[OPTIONS\]\n/);
});
