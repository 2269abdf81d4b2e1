/** Where the kernels that everwarp ships lie. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { EverwarpError, packageRoot } from "../../base/index.ts";

/**
 * The path of a shipped kernel: in a checkout its source, in an installed package the copy that the build made.
 * @param name as "search/kernels/scan"
 * @throws EW_PACKAGE_INCOMPLETE where neither is there
 */
export function kernelFile(name: string): string {
  const source = join(packageRoot(), "src", `${name}.comp`);
  if (existsSync(source)) return source;
  const copy = join(packageRoot(), "dist", `${name}.comp`);
  if (existsSync(copy)) return copy;
  throw new EverwarpError("EW_PACKAGE_INCOMPLETE", `${copy}, a kernel of everwarp's, is not there`, {
    remedy: "Install everwarp with npm; in a clone, run `npm run build`.",
  });
}
