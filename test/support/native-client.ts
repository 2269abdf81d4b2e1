/** The native client, compiled for tests with all checks that the compiler has. */
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { packageRoot } from "../../src/base/package-root.ts";
import { packageVersion } from "../../src/base/version.ts";

const FLAGS = ["-g", "-O1", "-std=gnu11", "-Wall", "-Wextra", "-Werror"];
const CHECKS = ["-fsanitize=address,undefined", "-fno-sanitize-recover=all"];

/**
 * Compiles it.
 * @param program what it runs in its place, by Node
 * @returns why it cannot be compiled here, or undefined
 */
export function compileClient(output: string, program: string): string | undefined {
  const definitions = { NODE: process.execPath, PROGRAM: program, VERSION: packageVersion() };
  const words = Object.entries(definitions).map(([name, value]) => `-DEVERWARP_${name}="${value}"`);
  const source = join(packageRoot(), "client", "everwarp.c");
  const probe = spawnSync("cc", [...CHECKS, "-x", "c", "-o", "/dev/null", "-"], {
    input: "int main(void) { return 0; }",
    encoding: "utf8",
  });
  if (probe.error !== undefined) return "no C compiler (cc) is installed";
  if (probe.status !== 0) return "this C compiler has no address sanitizer";
  const built = spawnSync("cc", [...FLAGS, ...CHECKS, ...words, "-o", output, source], { encoding: "utf8" });
  if (built.status !== 0) throw new Error(`the native client does not compile:\n${built.stderr}`);
  return undefined;
}
