/** Runs everwarp's command line and ripgrep side by side on trees made for it. */
import { type SpawnSyncReturns, spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { rgPath } from "@vscode/ripgrep";
import { main } from "../../src/cli/command-line.ts";
import type { SearchOverrides } from "../../src/cli/commands/search.ts";
import { captured } from "./environment.ts";
import { daemonVariables, searchInTestDaemon } from "./through-daemon.ts";

/** A temporary directory with files. */
export class Dir {
  readonly path: string;

  constructor(name = "tree") {
    this.path = mkdtempSync(join(tmpdir(), `everwarp-${name}-`));
  }

  /** Writes a file, and its directories. Bytes in the name are given as a Buffer. */
  file(name: string | Buffer, content: string | Uint8Array): this {
    if (typeof name === "string") {
      mkdirSync(dirname(join(this.path, name)), { recursive: true });
      writeFileSync(join(this.path, name), content);
    } else writeFileSync(Buffer.concat([Buffer.from(`${this.path}/`), name]), content);
    return this;
  }

  directory(name: string): this {
    mkdirSync(join(this.path, name), { recursive: true });
    return this;
  }

  link(name: string, target: string): this {
    mkdirSync(dirname(join(this.path, name)), { recursive: true });
    symlinkSync(target, join(this.path, name));
    return this;
  }

  remove(): void {
    rmSync(this.path, { recursive: true, force: true });
  }
}

export interface Outcome {
  code: number | null;
  stdout: Buffer;
  stderr: string;
}

export interface RunOptions {
  /** Given as a pipe; without it standard input is /dev/null. */
  stdin?: string | Uint8Array;
  env?: Record<string, string>;
}

/** The environment of both programs: nothing of the developer's own. */
function environment(extra: Record<string, string> = {}): Record<string, string> {
  const own = { HOME: "/nonexistent", XDG_CONFIG_HOME: "/nonexistent", ...daemonVariables() };
  return { PATH: process.env["PATH"] ?? "", ...own, ...extra };
}

export function runRipgrep(dir: string, args: readonly string[], options: RunOptions = {}): Outcome {
  return spawned(rgPath, args, dir, options);
}

/** Runs any program as a real process. */
export function spawned(
  program: string,
  args: readonly string[],
  dir: string,
  options: RunOptions = {},
): Outcome {
  const result: SpawnSyncReturns<Buffer> = spawnSync(program, args, {
    cwd: dir,
    env: environment(options.env),
    stdio: [options.stdin === undefined ? "ignore" : "pipe", "pipe", "pipe"],
    ...(options.stdin === undefined ? {} : { input: options.stdin }),
    maxBuffer: 1 << 30,
  });
  // A program that has seen enough need not read all of its standard input.
  if (result.error !== undefined && (result.error as NodeJS.ErrnoException).code !== "EPIPE")
    throw result.error;
  return { code: result.status, stdout: result.stdout, stderr: result.stderr.toString("utf8") };
}

/** Runs everwarp in this process, which is faster by far; not for standard input. */
export async function runHere(
  dir: string,
  args: readonly string[],
  options: RunOptions = {},
  overrides: SearchOverrides = {},
): Promise<Outcome> {
  const before = process.cwd();
  const saved = { HOME: process.env["HOME"], XDG_CONFIG_HOME: process.env["XDG_CONFIG_HOME"] };
  Object.assign(process.env, { HOME: "/nonexistent", XDG_CONFIG_HOME: "/nonexistent" });
  process.chdir(dir);
  try {
    const { environment: given, outBytes, errors } = captured({ env: environment(options.env) });
    const answered = overrides.openEngine === undefined ? await searchInTestDaemon(args, given) : undefined;
    const code = answered ?? (await main(["search", ...args], given, overrides));
    return { code, stdout: outBytes(), stderr: errors() };
  } finally {
    process.chdir(before);
    for (const [name, value] of Object.entries(saved)) {
      if (value === undefined) delete process.env[name];
      else process.env[name] = value;
    }
  }
}

/** What no two runs share: times, and the bytes of messages that hold times. */
function withoutTimes(text: string): string {
  return text
    .replace(/"(secs|nanos)":\d+/g, '"$1":0')
    .replace(/"human":"[^"]*"/g, '"human":""')
    .replace(/^[\d.]+ (seconds .*)$/gm, "0 $1");
}

/** Comparable form of standard output. @param ordered files come in a fixed order */
export function normalizeOutput(stdout: Buffer, ordered: boolean): string {
  const text = withoutTimes(stdout.toString("latin1"));
  return ordered ? text : text.split(/\n|\0/).toSorted().join("\n");
}

/** Comparable form of standard error: one name for both programs, our codes left out, lines sorted. */
export function normalizeErrors(stderr: string): string {
  return (
    stderr
      .replace(/^(rg|everwarp): /gm, "")
      .replace(/ \[EW_[A-Z_]+\]$/gm, "")
      .replace(
        /^No files were searched, which means (ripgrep|everwarp) probably/m,
        "No files were searched, which means it probably",
      )
      // ripgrep's binary carries another C library, with other words for some errors.
      .replaceAll("Symbolic link loop", "Too many levels of symbolic links")
      .replace(/^In some shells on Windows .*\n/m, "")
      .split("\n")
      .toSorted()
      .join("\n")
  );
}

const bothCaches = new Map<string, Outcome>();

/** One difference, readable, or undefined where both programs agree. */
export async function difference(
  dir: Dir,
  args: readonly string[],
  options: RunOptions = {},
  overrides: SearchOverrides = {},
): Promise<string | undefined> {
  const key = JSON.stringify([dir.path, args, options]);
  let theirs = bothCaches.get(key);
  if (theirs === undefined) bothCaches.set(key, (theirs = runRipgrep(dir.path, args, options)));
  const ours = await runHere(dir.path, args, options, overrides);
  return describeDifference(args, ours, theirs);
}

/** Do files come in a fixed order? The last flag about it decides. */
function isOrdered(args: readonly string[]): boolean {
  const last = args.findLastIndex((arg) => /^--(no-)?sort/.test(arg));
  const flag = args[last];
  if (flag === undefined || flag === "--no-sort-files") return false;
  return (
    flag !== "--sort=none" && flag !== "--sortr=none" && (flag.includes("=") || args[last + 1] !== "none")
  );
}

export function describeDifference(
  args: readonly string[],
  ours: Outcome,
  theirs: Outcome,
): string | undefined {
  const ordered = isOrdered(args);
  const parts: string[] = [];
  const [our, their] = [normalizeOutput(ours.stdout, ordered), normalizeOutput(theirs.stdout, ordered)];
  if (our !== their) parts.push(`stdout\n${firstDifference(our, their)}`);
  if (ours.code !== theirs.code) parts.push(`exit code: ours ${ours.code}, theirs ${theirs.code}`);
  const [ourErrors, theirErrors] = [normalizeErrors(ours.stderr), normalizeErrors(theirs.stderr)];
  // Which files a quiet search saw before its first match is chance.
  const quiet = args.some((arg) => /^-\w*q\w*$|^--quiet$/.test(arg));
  if (ourErrors !== theirErrors && !quiet) parts.push(`stderr\n${firstDifference(ourErrors, theirErrors)}`);
  return parts.length === 0
    ? undefined
    : `${args.map((arg) => JSON.stringify(arg)).join(" ")}\n${parts.join("\n")}`;
}

/** The place where two texts part, with some text around it. */
function firstDifference(ours: string, theirs: string): string {
  let at = 0;
  while (at < ours.length && ours[at] === theirs[at]) at++;
  const around = (text: string): string => JSON.stringify(text.slice(Math.max(0, at - 120), at + 160));
  return `  at ${at} of ${ours.length} and ${theirs.length}\n  ours   ${around(ours)}\n  theirs ${around(theirs)}`;
}
