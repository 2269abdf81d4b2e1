/** Finds the kernels that everwarp ships. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { EverwarpError, packageRoot } from "../../base/index.ts";

/**
 * The path of a shipped kernel: the source in a checkout, or the copy that the build made in an installed package.
 * @param name such as "search/kernels/scan"
 * @throws EW_PACKAGE_INCOMPLETE if neither exists
 */
export function kernelFile(name: string): string {
  const source = join(packageRoot(), "src", `${name}.comp`);
  if (existsSync(source)) return source;
  const copy = join(packageRoot(), "dist", `${name}.comp`);
  if (existsSync(copy)) return copy;
  throw new EverwarpError("EW_PACKAGE_INCOMPLETE", `the kernel ${copy} of everwarp is missing`, {
    remedy: "Install everwarp with npm; in a clone, run `npm run build`.",
  });
}
