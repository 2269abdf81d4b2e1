/** Runs whole processes as contenders: starts them, reads their output to the end, and waits for them. */
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";
import { EverwarpError, packageRoot } from "../../base/index.ts";
import { skip, type Contender, expectResult } from "../measure/index.ts";

const OUTPUT_BYTES_MAX = 2 ** 31;

/** What a process left. */
export interface ProcessResult {
  readonly code: number | null;
  readonly stdout: Buffer;
}

/** A program and its arguments. */
export type CommandLine = readonly [program: string, ...args: string[]];

/** Runs a program. @throws EW_BENCH_SKIPPED if it does not start, EW_BENCH_WRONG_RESULT if it fails */
export function runProcess([program, ...args]: CommandLine, cwd?: string): ProcessResult {
  const { status, stdout, stderr, error } = spawnSync(program, args, {
    stdio: ["ignore", "pipe", "pipe"],
    maxBuffer: OUTPUT_BYTES_MAX,
    ...(cwd === undefined ? {} : { cwd }),
  });
  if (error !== undefined) throw skip(`${program} does not run: ${error.message}`);
  if (status === null || status > 1) {
    throw new EverwarpError(
      "EW_BENCH_WRONG_RESULT",
      `${program} ended with ${status ?? "a signal"}: ${stderr.toString("utf8").slice(0, 300)}`,
    );
  }
  return { code: status, stdout };
}

/**
 * Makes a contender of a program.
 * @param check checks the output, outside the timed part
 */
export function processContender(
  command: CommandLine,
  expectedCode: number,
  check: (stdout: Buffer) => void = () => undefined,
  cwd?: string,
): Contender {
  let result: ProcessResult;
  return {
    run: () => void (result = runProcess(command, cwd)),
    check() {
      expectResult(`exit code of ${path.basename(command[0])}`, result.code, expectedCode);
      check(result.stdout);
    },
  };
}

/**
 * Makes a contender of a program whose output goes to /dev/null: the program at its quickest, without what a reader
 * of its output costs. It must end with 0 or 1, as a search does.
 */
export function silentContender([program, ...args]: CommandLine): Contender {
  let code: number | null;
  return {
    run() {
      const { status, error } = spawnSync(program, args, { stdio: "ignore" });
      if (error !== undefined) throw skip(`${program} does not run: ${error.message}`);
      code = status;
    },
    check: () => expectResult(`${path.basename(program)} ends with 0 or 1`, code === 0 || code === 1, true),
  };
}

/**
 * The path of ripgrep: on the PATH, else in the npm package @vscode/ripgrep.
 * @throws EW_BENCH_SKIPPED if there is neither
 */
export function findRipgrep(): string {
  for (const folder of (process.env["PATH"] ?? "").split(path.delimiter)) {
    const candidate = path.join(folder, "rg");
    if (folder !== "" && existsSync(candidate)) return candidate;
  }
  const require = createRequire(path.join(packageRoot(), "package.json"));
  const name = `@vscode/ripgrep-${process.platform}-${process.arch}`;
  for (const [specifier, file] of [
    [`${name}/package.json`, "bin/rg"],
    ["@vscode/ripgrep/package.json", "bin/rg"],
  ] as const) {
    try {
      const candidate = path.join(path.dirname(require.resolve(specifier)), file);
      if (existsSync(candidate)) return candidate;
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code !== "MODULE_NOT_FOUND" && code !== "ERR_PACKAGE_PATH_NOT_EXPORTED") throw error;
    }
  }
  throw skip("rg is neither on the PATH nor installed as @vscode/ripgrep");
}

/**
 * The built command line, as `npx everwarp` runs it.
 * @throws EW_BENCH_SKIPPED if it is not built
 */
export function everwarpCommand(): CommandLine {
  const main = path.join(packageRoot(), "dist", "cli", "main.cjs");
  if (!existsSync(main)) throw skip(`${path.relative(packageRoot(), main)} is not built: npm run build`);
  return [process.execPath, main];
}

/** What every program on Node costs first. */
export const BARE_NODE: CommandLine = [process.execPath, "-e", "0"];
