/** What is asked of the program cache, and what it comes to: a text, and the parts of a key. */

import { EverwarpError } from "../../base/index.ts";
import type { SpirvModule } from "../../spirv/index.ts";
import { digits, moduleIdOf, variantIdOf } from "../entries/index.ts";
import {
  type ExpandedSource,
  prepareSource,
  showPath,
  sourceKey,
  type SourceRequest,
} from "../sources/index.ts";

/** Values of specialization constants: by constant_id, or by their names in the source; 32-bit words. */
export type ProgramConstants = Readonly<Record<string | number, number>>;

/** One of several ways to build a program; which is best is for `tune` to find out. */
export interface ProgramVariant {
  /** What figures and errors call it; its place in the list if not given. */
  readonly name?: string;
  readonly defines?: Readonly<Record<string, string | number | boolean>>;
  readonly constants?: ProgramConstants;
}

/** A source with what turns it into a pipeline. */
export type ProgramRequest = SourceRequest & {
  constants?: ProgramConstants;
  /** The same under its name in Vulkan; where both name a constant, `constants` decides. */
  specialization?: ProgramConstants;
  /** `main` if not given. */
  entryPoint?: string;
  /** Shown in errors and in messages of the validation layer. */
  label?: string;
  /** Ways to build it, the first of which is taken until `tune` has found the best. */
  variants?: readonly ProgramVariant[];
};

/** What names a program, without its text. */
export interface ResolvedRequest {
  /** SHA-256 of the expanded source. */
  readonly sourceKey: string;
  readonly moduleId: string;
  readonly variantId: string;
  readonly entryPoint: string;
  readonly constants: ProgramConstants;
  /** What people call it. */
  readonly name: string;
  /** What stays the same when the source is edited. */
  readonly nameKey: string;
}

/** Puts a variant's defines and constants over those of its request. */
export function withVariant(request: ProgramRequest, variant: ProgramVariant | undefined): ProgramRequest {
  const { variants: _variants, ...plain } = request;
  if (variant === undefined) return plain as ProgramRequest;
  return {
    ...plain,
    defines: { ...request.defines, ...variant.defines },
    constants: { ...constantsOf(request), ...variant.constants },
  } as ProgramRequest;
}

/**
 * Reads the source with all it includes and names what is asked for.
 *
 * @throws EW_COMPILE, EW_PATH_NOT_FOUND, EW_BAD_ARGUMENT
 */
export function resolveRequest(request: ProgramRequest): {
  resolved: ResolvedRequest;
  expanded: ExpandedSource;
} {
  const expanded = prepareSource(request);
  const entryPoint = request.entryPoint ?? "main";
  const constants = constantsOf(request);
  const name = nameOf(request);
  const moduleId = moduleIdOf(expanded.text);
  const resolved = {
    moduleId,
    sourceKey: sourceKey(expanded.text),
    variantId: variantIdOf(entryPoint, constants),
    entryPoint,
    constants,
    name: "file" in request ? fileName(request.file, request.label) : (name ?? "(source text)"),
    // A text without a name is its own name: another text is another program, and not an edited one.
    nameKey: digits(16, [
      name ?? moduleId,
      "file" in request ? request.file : "",
      request.defines ?? {},
      entryPoint,
      constants,
    ]),
  };
  return { resolved, expanded };
}

function fileName(file: string, label: string | undefined): string {
  return label === undefined ? showPath(file) : `${showPath(file)} (${label})`;
}

/** All constants of a request, whichever of its two lists names them. */
export function constantsOf({ specialization, constants }: ProgramRequest): ProgramConstants {
  return { ...specialization, ...constants };
}

/** What people call the program of a request; undefined for a text without a name. */
export function nameOf(request: ProgramRequest): string | undefined {
  return request.label ?? ("file" in request ? request.file : request.name);
}

/** @throws EW_BAD_ARGUMENT for a kernel without that entry point, naming those that it has */
export function assertEntryPoint(module: SpirvModule, entryPoint: string, name: string): void {
  if (module.entryPoints.some(({ name: own, isCompute }) => isCompute && own === entryPoint)) return;
  const names = module.entryPoints.map(({ name: own }) => own).join(", ");
  throw new EverwarpError("EW_BAD_ARGUMENT", `${name} has no entry point ${entryPoint}`, {
    remedy: `It has ${names}.`,
  });
}

/** Constants by constant_id. @throws EW_BAD_ARGUMENT for one that the kernel does not have, naming those that it has */
export function resolveConstants(
  module: SpirvModule,
  constants: ProgramConstants,
  kernel: string,
): Record<number, number> {
  const known = module.specConstants;
  const resolved: Record<number, number> = {};
  for (const [name, value] of Object.entries(constants)) {
    const constant = known.find(({ specId, name: own }) => own === name || String(specId) === name);
    if (constant === undefined) {
      const list = known.map(({ specId, name: own }) => `${own} (${specId})`).join(", ");
      throw new EverwarpError("EW_BAD_ARGUMENT", `${kernel} has no specialization constant ${name}`, {
        remedy: known.length === 0 ? "It has none at all." : `It has ${list}.`,
      });
    }
    resolved[constant.specId] = value;
  }
  return resolved;
}
