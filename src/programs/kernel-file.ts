/** Where the kernels that everwarp ships lie. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { packageRoot } from "../base/package-root.ts";

/**
 * The path of a shipped kernel: in a checkout its source, in an installed package the copy that the build made.
 * @param name as "search/kernels/scan"
 */
export function kernelFile(name: string): string {
  const source = join(packageRoot(), "src", `${name}.comp`);
  return existsSync(source) ? source : join(packageRoot(), "dist", `${name}.comp`);
}
