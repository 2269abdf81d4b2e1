/** Which files `everwarp lint` checks, and how each is read. */
import { readdirSync } from "node:fs";
import path from "node:path";
import { EverwarpError } from "../../base/index.ts";
import { type Finding, lintModule, lintSource } from "../../lint/index.ts";
import { prepareSource, type SourceRequest, variantsOf } from "../../programs/index.ts";
import { spirvWords } from "../../spirv/index.ts";
import { readRegularFileSync } from "../../storage/index.ts";
import { KERNEL_TYPES, kernelTypesText } from "./kernel-schemas.ts";

/** The macro by which a resident kernel reads the device's clock (glsl/residency.glsl). */
const CLOCK = "RESIDENCY_CLOCK";
/** Folders that hold no kernels of one's own. */
const SKIPPED = new Set(["node_modules", "dist"]);
const MODULE_BYTES_MAX = 64 << 20;

/** What was found in a file. */
export interface FileReport {
  readonly file: string;
  readonly findings: readonly Finding[];
  /** Why the file could not be checked. */
  readonly error?: EverwarpError;
}

/** The kernels below a folder: files that end in .comp. @throws EW_PATH_UNREADABLE */
export function kernelsBelow(folder: string): string[] {
  try {
    return readdirSync(folder, { withFileTypes: true })
      .toSorted((a, b) => (a.name < b.name ? -1 : 1))
      .flatMap((entry) => {
        const below = path.join(folder, entry.name);
        if (entry.isDirectory())
          return SKIPPED.has(entry.name) || entry.name.startsWith(".") ? [] : kernelsBelow(below);
        return entry.isFile() && entry.name.endsWith(".comp") ? [below] : [];
      });
  } catch (cause) {
    throw new EverwarpError("EW_PATH_UNREADABLE", `the folder ${folder} cannot be read`, {
      remedy: "Name the kernels that are to be checked.",
      cause,
    });
  }
}

/** Checks one file: GLSL, or SPIR-V where its name ends in .spv. Errors of the file become a part of the report. */
export async function checkFile(file: string): Promise<FileReport> {
  try {
    const findings = file.endsWith(".spv") ? lintModule(readModule(file)) : await lintShapes(file);
    return { file, findings };
  } catch (error) {
    if (!(error instanceof EverwarpError) || error.code === "EW_INTERNAL") throw error;
    return { file, findings: [], error };
  }
}

/** Checks a kernel in every shape that devices get, and names each place once. */
async function lintShapes(file: string): Promise<Finding[]> {
  const found = new Map<string, Finding>();
  for (const request of shapesOf(file))
    for (const finding of await lintSource(request)) {
      const { rule, location, message } = finding;
      found.set(`${rule} ${location?.file} ${location?.line} ${message}`, finding);
    }
  return [...found.values()];
}

/** One request for each variant line; kernels that can read the device's clock are compiled with and without it. */
function shapesOf(file: string): SourceRequest[] {
  const types = kernelTypesText(path.resolve(file));
  const request: SourceRequest = {
    file,
    ...(types === undefined ? {} : { virtualFiles: { [KERNEL_TYPES]: types } }),
  };
  const { text } = prepareSource(request);
  const clocks: Readonly<Record<string, number>>[] = text.includes(`#ifdef ${CLOCK}`)
    ? [{}, { [CLOCK]: 1 }]
    : [{}];
  return variantsOf(file).flatMap(({ defines }) =>
    clocks.map((clock) => ({ ...request, defines: { ...defines, ...clock } })),
  );
}

function readModule(file: string): Uint32Array {
  const answer = readRegularFileSync(file, MODULE_BYTES_MAX);
  if (answer.state === "read") return spirvWords(answer.bytes);
  const isAbsent = answer.state === "absent";
  throw new EverwarpError(
    isAbsent ? "EW_PATH_NOT_FOUND" : "EW_PATH_UNREADABLE",
    isAbsent ? `the module ${file} does not exist` : `the module ${file} cannot be read: ${answer.reason}`,
    { remedy: "Check its path." },
  );
}
