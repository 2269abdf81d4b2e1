/**
 * The structs of a kernel that includes kernel.glsl: they are defined by the program that opens it. That program is
 * looked for beside the kernel, and its `struct("Request", { … })` is read as text: nothing is executed.
 */
import { readdirSync } from "node:fs";
import path from "node:path";
import { EverwarpError, systemPath } from "../../base/index.ts";
import { kernelTypes } from "../../residency/index.ts";
import {
  array,
  f32,
  i32,
  struct,
  type StructLayout,
  u32,
  u64,
  type UndocumentedType,
} from "../../schema/index.ts";
import { readRegularFileSync } from "../../storage/index.ts";

/** The name that kernel.glsl includes the structs by. */
export const KERNEL_TYPES = "kernel-types.glsl";

/** The file that kernels include which programs open. */
export const KERNEL_LIBRARY = "kernel.glsl";

const SOURCE_BYTES_MAX = 4 << 20;
/** A section of unknown size. The analysis does not depend on it. */
const STATE_BYTES = 1 << 20;
const SCALARS = { u32, i32, f32, u64 } as const;

/** What a program says of the kernel that it opens. */
export interface KernelProgram {
  readonly request: StructLayout;
  readonly response: StructLayout;
  /** Bytes of the sections of the state. */
  readonly state: Readonly<Record<string, number>>;
  /** Threads of a workgroup, where the program names a number. */
  readonly workgroupSize: number | undefined;
}

/** The error for a kernel that includes kernel.glsl, and has no program beside it. */
export function noProgram(kernel: string): EverwarpError {
  return new EverwarpError(
    "EW_BAD_ARGUMENT",
    `no program beside ${kernel} tells the structs of its requests and responses`,
    {
      remedy:
        `Put the program that opens the kernel beside it (*.ts or *.js). It must name "${path.basename(kernel)}", ` +
        'and have request: struct("Name", { … }) and response: struct("Name", { … }).',
    },
  );
}

/** Whether a file of this name is among the files of a kernel. */
export function includes(files: readonly string[], name: string): boolean {
  return files.some((file) => path.basename(file) === name);
}

/** The text of kernel-types.glsl; undefined where no program beside the kernel tells. */
export function kernelTypesText(kernel: string): string | undefined {
  const program = kernelProgram(kernel);
  return program === undefined ? undefined : kernelTypes(program).glsl;
}

/** What the program beside a kernel says of it; undefined where there is none. */
export function kernelProgram(kernel: string): KernelProgram | undefined {
  const folder = path.dirname(kernel);
  const name = path.basename(kernel);
  for (const file of programsIn(folder)) {
    const answer = readRegularFileSync(path.join(folder, file), SOURCE_BYTES_MAX);
    if (answer.state !== "read") continue;
    const text = Buffer.from(answer.bytes).toString();
    if (!text.includes(`"${name}"`) && !text.includes(`'${name}'`)) continue;
    const request = schemaOf(text, "request");
    const response = schemaOf(text, "response");
    if (request === undefined || response === undefined) continue;
    const [, threads] = /\bworkgroupSize\s*[:=]\s*(\d+)/.exec(text) ?? [];
    return {
      request,
      response,
      state: stateOf(text),
      workgroupSize: threads === undefined ? undefined : Number(threads),
    };
  }
  return undefined;
}

function programsIn(folder: string): string[] {
  let names: string[];
  try {
    names = readdirSync(systemPath(folder));
  } catch {
    return []; // the kernel cannot be read either, or it needs no program
  }
  return names.filter((name) => /\.[cm]?[jt]s$/.test(name) && !/\.(test|reference)\./.test(name)).toSorted();
}

/** `request: struct("Request", { … })`, or `request: NAME` with `const NAME = struct(…)`. */
function schemaOf(text: string, role: string): StructLayout | undefined {
  const [, value] = new RegExp(`\\b${role}:\\s*(\\w+)`).exec(text) ?? [];
  if (value === undefined) return undefined;
  const start = value === "struct" ? `\\b${role}:\\s*` : `\\bconst ${value}\\s*=\\s*`;
  const [, name, fields] =
    new RegExp(`${start}struct\\(\\s*["'](\\w+)["'],\\s*\\{([^{}]*)\\}`).exec(text) ?? [];
  if (name === undefined || fields === undefined) return undefined;
  const types: Record<string, UndocumentedType> = {};
  for (const [, field = "", of = "", , element = "", count = ""] of fields.matchAll(
    /(\w+):\s*((\w+)(?:\((\w+),\s*(\d+)\))?)/g,
  )) {
    const scalar = element === "" ? of : element;
    if (!isScalar(scalar)) return undefined;
    types[field] = element === "" ? SCALARS[scalar] : array(SCALARS[scalar], Number(count));
  }
  return struct(name, types);
}

const isScalar = (name: string): name is keyof typeof SCALARS => Object.hasOwn(SCALARS, name);

/** The sections of the state. */
function stateOf(text: string): Record<string, number> {
  const [, sections = ""] = /\bstate:\s*\{([^{}]*)\}/.exec(text) ?? [];
  return Object.fromEntries(
    [...sections.matchAll(/(?:^|[{,])\s*(\w+)\s*(?:(?=[,}])|$|:\s*(\d+)\s*(?:(?=[,}])|$))?/g)].map(
      ([, name, bytes]) => [name, bytes === undefined ? STATE_BYTES : Number(bytes)],
    ),
  );
}
