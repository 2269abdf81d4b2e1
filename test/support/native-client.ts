/** The native client, compiled for tests with all checks that the compiler has. */
import { spawnSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { packageRoot } from "../../src/base/package-root.ts";
import { packageVersion } from "../../src/base/version.ts";
import { CLIENT_MARK, CLIENT_SETTINGS } from "../../src/daemon/protocol/index.ts";

const FLAGS = ["-g", "-O1", "-std=gnu11", "-Wall", "-Wextra", "-Werror"];
const CHECKS = ["-fsanitize=address,undefined", "-fno-sanitize-recover=all"];

/**
 * Compiles it.
 * @param program what it runs in its place, by Node
 * @returns why it cannot be compiled here, or undefined
 */
export function compileClient(output: string, program: string): string | undefined {
  const source = join(packageRoot(), "client", "everwarp.c");
  const probe = spawnSync("cc", [...CHECKS, "-x", "c", "-o", "/dev/null", "-"], {
    input: "int main(void) { return 0; }",
    encoding: "utf8",
  });
  if (probe.error !== undefined) return "no C compiler (cc) is installed";
  if (probe.status !== 0) return "this C compiler has no address sanitizer";
  const built = spawnSync("cc", [...FLAGS, ...CHECKS, "-o", output, source], { encoding: "utf8" });
  if (built.status !== 0) throw new Error(`the native client does not compile:\n${built.stderr}`);
  writeSettings(output, { node: process.execPath, program, version: packageVersion() });
  return undefined;
}

/** Writes the settings of a client as `everwarp client install` does. */
function writeSettings(
  file: string,
  settings: Readonly<Record<"node" | "program" | "version", string>>,
): void {
  const client = readFileSync(file);
  let at = client.indexOf(CLIENT_MARK);
  for (const [name, length] of Object.entries(CLIENT_SETTINGS)) {
    if (name !== "mark") client.fill(0, at, at + length).write(settings[name as keyof typeof settings], at);
    at += length;
  }
  writeFileSync(file, client);
}
