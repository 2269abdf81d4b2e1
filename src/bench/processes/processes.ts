/** Whole processes as contenders: started, their output read through a pipe to its end, waited for. */
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";
import { EverwarpError, packageRoot } from "../../base/index.ts";
import { skip, type Contender, expectResult } from "../measure/index.ts";

const OUTPUT_BYTES_MAX = 2 ** 31;

export interface ProcessResult {
  readonly code: number | null;
  readonly stdout: Buffer;
}

/** A program and what stands behind its name. */
export type CommandLine = readonly [program: string, ...args: string[]];

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

/** @param check looks at the output, outside the time */
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
 * ripgrep: the one on the PATH, else the one of the npm package @vscode/ripgrep.
 * @throws EW_BENCH_SKIPPED where there is neither
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
 * @throws EW_BENCH_SKIPPED where it is not built
 */
export function everwarpCommand(): CommandLine {
  const main = path.join(packageRoot(), "dist", "cli", "main.cjs");
  if (!existsSync(main)) throw skip(`${path.relative(packageRoot(), main)} is not built: npm run build`);
  return [process.execPath, main];
}

/** What every program on Node pays first. */
export const BARE_NODE: CommandLine = [process.execPath, "-e", "0"];
