/** Short scripts of ours in processes of their own: bundled, run, removed. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { build } from "esbuild";
import { packageRoot } from "../../src/base/package-root.ts";

export interface ScriptEnd {
  /** Exit status, or the signal that ended it. */
  readonly end: number | string;
  readonly output: string;
}

/** A script that can be run any number of times; disposing removes it. */
export interface Script extends Disposable {
  run(words: readonly string[], environment?: Readonly<Record<string, string>>): Promise<ScriptEnd>;
}

let count = 0;

/** @param contents TypeScript, an ES module; paths of imports are relative to the repository */
export async function bundleScript(contents: string): Promise<Script> {
  const folder = join(packageRoot(), "node_modules", ".cache", "everwarp-test");
  mkdirSync(folder, { recursive: true });
  const outfile = join(folder, `script-${process.pid}-${++count}.mjs`);
  await build({
    stdin: { contents, resolveDir: packageRoot(), loader: "ts" },
    outfile,
    bundle: true,
    format: "esm",
    platform: "node",
    target: "node20.19",
    packages: "external",
    logLevel: "silent",
  });
  return {
    async run(words, environment = {}) {
      const child = spawn(process.execPath, [outfile, ...words], {
        env: { ...process.env, ...environment },
        stdio: ["ignore", "pipe", "inherit"],
      });
      const [output, [status, signal]] = await Promise.all([
        text(child.stdout),
        once(child, "exit") as Promise<[number | null, string | null]>,
      ]);
      return { end: signal ?? status ?? -1, output };
    },
    [Symbol.dispose]: () => rmSync(outfile, { force: true }),
  };
}
