/** The command line as users have it: bundled, in a process of its own. */
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { build } from "esbuild";
import { COMMAND_LINE_OPTIONS, COMMAND_LINE_SOURCES } from "../../src/threads/bundle-options.ts";
import { packageRoot } from "../../src/base/package-root.ts";

let bundle: Promise<string> | undefined;

async function bundleCommandLine(): Promise<string> {
  const directory = join(packageRoot(), "node_modules", ".cache", "everwarp-test", String(process.pid));
  mkdirSync(directory, { recursive: true });
  await build({
    ...COMMAND_LINE_OPTIONS,
    absWorkingDir: packageRoot(),
    entryPoints: COMMAND_LINE_SOURCES,
    outdir: directory,
    logLevel: "silent",
  });
  return join(directory, "main.cjs");
}

/** Path of the bundle that is run; built once per test process. Run it as `node PATH search …`. */
export function bundledCommandLine(): Promise<string> {
  return (bundle ??= bundleCommandLine());
}
