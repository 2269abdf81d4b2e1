/** The version, from package.json. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { packageRoot } from "./package-root.ts";

/** As in "0.1.0". */
export function packageVersion(): string {
  const { version } = JSON.parse(readFileSync(join(packageRoot(), "package.json"), "utf8")) as {
    version: string;
  };
  return version;
}

/** "everwarp 0.1.0" and a line feed. */
export function versionText(): string {
  return `everwarp ${packageVersion()}\n`;
}
