/** Which files `everwarp lint` checks, and how each is read. */
import { realpathSync, statSync } from "node:fs";
import path from "node:path";
import { byteText, EverwarpError, systemPath } from "../../base/index.ts";
import { type Finding, lintModule, lintSource } from "../../lint/index.ts";
import { prepareSource, type SourceRequest, variantsOf } from "../../programs/index.ts";
import { walk, type WalkError } from "../../search/index.ts";
import { spirvWords } from "../../spirv/index.ts";
import { readRegularFileSync } from "../../storage/index.ts";
import { includes, KERNEL_LIBRARY, KERNEL_TYPES, kernelTypesText, noProgram } from "./kernel-schemas.ts";

/** The macro by which a resident kernel reads the device's clock (glsl/residency.glsl). */
const CLOCK = "RESIDENCY_CLOCK";
/** Folders that hold no kernels of one's own. */
const OTHERS_FOLDERS = ["!node_modules"];
const MODULE_BYTES_MAX = 64 << 20;

/** What was found in a file. */
export interface FileReport {
  readonly file: string;
  readonly findings: readonly Finding[];
  /** Why the file could not be checked. */
  readonly error?: EverwarpError;
}

/** A file that is to be checked, or a name that stands for none. */
export interface KernelFile {
  /** Byte text (see `byteText`). */
  readonly file: string;
  /** Why there is nothing to check. */
  readonly error?: EverwarpError;
}

/**
 * The files that a command line names, each once, whatever it is called. A folder stands for the kernels below it that
 * a search without flags would search: files that end in .comp. Without a name, that is the working directory.
 *
 * @param note is given what the walk says of rules that it cannot read
 */
export function kernelFiles(names: readonly string[], note: (message: string) => void): KernelFile[] {
  const files =
    names.length === 0 ? kernelsBelow(undefined, note) : names.flatMap((name) => filesOf(name, note));
  const seen = new Set<string>();
  return files.filter((each) => {
    const real = each.error === undefined ? realPath(each.file) : each.file;
    if (seen.has(real)) return false;
    seen.add(real);
    return true;
  });
}

function filesOf(name: string, note: (message: string) => void): KernelFile[] {
  if (isFolder(name)) return kernelsBelow(name, note);
  if (name !== "") return [{ file: name }];
  const remedy = "Name files or folders, or nothing for this folder.";
  return [{ file: '""', error: new EverwarpError("EW_PATH_NOT_FOUND", "a file has no name", { remedy }) }];
}

function kernelsBelow(folder: string | undefined, note: (message: string) => void): KernelFile[] {
  const files: KernelFile[] = [];
  const onError = ({ path: file, message, kind }: WalkError): void => {
    if (kind === "path") files.push({ file, error: unreadable(message) });
    else note(message);
  };
  const options = { sort: "path", globs: OTHERS_FOLDERS, onError } as const;
  for (const found of walk(folder === undefined ? [] : [folder], options)) {
    const file = found.pathBytes === undefined ? found.path : byteText(found.pathBytes);
    if (file.endsWith(".comp")) files.push({ file });
  }
  if (files.length > 0) return files;
  const where = folder === undefined ? "in this folder or below" : `below ${folder}`;
  const error = new EverwarpError("EW_BAD_ARGUMENT", `there are no kernels (*.comp) ${where}`, {
    remedy: "Name other files, modules (*.spv) and what ignore rules leave out, one by one.",
  });
  return [{ file: folder ?? ".", error }];
}

function unreadable(message: string): EverwarpError {
  return new EverwarpError("EW_PATH_UNREADABLE", message, {
    remedy: "Check who may read it, or name the kernels that are to be checked.",
  });
}

function isFolder(name: string): boolean {
  try {
    return statSync(systemPath(name)).isDirectory();
  } catch {
    return false; // it is told when it is read
  }
}

/** A path without links; as it is, where there is nothing. */
function realPath(name: string): string {
  try {
    return byteText(realpathSync(systemPath(name), "buffer"));
  } catch {
    return path.resolve(name); // it is told when it is read
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
  const { text, files } = prepareSource({ ...request, virtualFiles: { [KERNEL_TYPES]: types ?? "" } });
  if (types === undefined && includes(files, KERNEL_LIBRARY)) throw noProgram(file);
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
