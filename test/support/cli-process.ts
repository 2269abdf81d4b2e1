/** The command line as users have it: one bundled file in a process of its own. */
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { build } from "esbuild";
import { BUNDLE_OPTIONS } from "../../src/threads/bundle-options.ts";
import { packageRoot } from "../../src/base/package-root.ts";

let bundle: Promise<string> | undefined;

async function bundleCommandLine(): Promise<string> {
  const directory = join(packageRoot(), "node_modules", ".cache", "everwarp-test", String(process.pid));
  mkdirSync(directory, { recursive: true });
  const outfile = join(directory, "main.cjs");
  await build({
    ...BUNDLE_OPTIONS,
    entryPoints: [join(packageRoot(), "src", "cli", "main.ts")],
    outfile,
    logLevel: "silent",
  });
  return outfile;
}

/** Path of the bundle; built once per test process. Run it as `node PATH search …`. */
export function bundledCommandLine(): Promise<string> {
  return (bundle ??= bundleCommandLine());
}
