/** The kernels that everwarp ships, as programs with names. */

import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { EverwarpError, packageRoot } from "../../base/index.ts";
import { variantsOf } from "../sources/index.ts";
import type { ProgramRequest } from "./program-request.ts";

/** A kernel of the package, and the request for it. */
export interface ShippedProgram {
  /** Such as "search/scan". A variant's defines follow the name: "search/scan UNROLL=4". */
  readonly name: string;
  readonly request: ProgramRequest;
}

const SUFFIX = ".comp";

/** All shipped programs, with each `// variant:` line of their files, in the order of their names. */
export function shippedPrograms(): ShippedProgram[] {
  const source = join(packageRoot(), "src");
  // An installed package contains no sources. The build copied the kernels to dist.
  const root = existsSync(source) ? source : join(packageRoot(), "dist");
  return readdirSync(root, { recursive: true, encoding: "utf8" })
    .filter((path) => path.endsWith(SUFFIX))
    .toSorted()
    .flatMap((path) => programsOf(path.slice(0, -SUFFIX.length).replace("/kernels/", "/"), join(root, path)));
}

function programsOf(kernel: string, file: string): ShippedProgram[] {
  return variantsOf(file).map((request) => {
    const defines = Object.entries(request.defines ?? {}).map(([name, value]) => `${name}=${value}`);
    const name = [kernel, ...defines].join(" ");
    return { name, request: { ...request, label: name } };
  });
}

/**
 * The programs of a name: one program, all variants of a kernel ("search/scan"), or all kernels of a system ("search").
 *
 * @throws EW_BAD_ARGUMENT for an unknown name
 */
export function shippedProgramsNamed(
  name: string,
  all: readonly ShippedProgram[] = shippedPrograms(),
): ShippedProgram[] {
  const wanted = name.replace("/kernels/", "/");
  const found = all.filter(
    ({ name: own }) => own === wanted || own.startsWith(`${wanted} `) || own.startsWith(`${wanted}/`),
  );
  if (found.length > 0) return found;
  throw new EverwarpError("EW_BAD_ARGUMENT", `there is no program "${name}"`, {
    remedy: `There is ${[...new Set(all.map(({ name: own }) => own.split(" ")[0]))].join(", ")}.`,
  });
}
