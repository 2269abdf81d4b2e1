/** Requests to the program cache, and how they are resolved to a source text and the parts of a key. */

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

/** Values of specialization constants, by constant_id or by their names in the source. Values are 32-bit words. */
export type ProgramConstants = Readonly<Record<string | number, number>>;

/** One of several ways to build a program. `tune` finds out which one is the best. */
export interface ProgramVariant {
  /** The name in figures and errors; the index in the list if not given. */
  readonly name?: string;
  readonly defines?: Readonly<Record<string, string | number | boolean>>;
  readonly constants?: ProgramConstants;
}

/** A source, and the options that turn it into a pipeline. */
export type ProgramRequest = SourceRequest & {
  constants?: ProgramConstants;
  /** The same as `constants`, under Vulkan's name. If both name a constant, `constants` wins. */
  specialization?: ProgramConstants;
  /** The entry point; `main` if not given. */
  entryPoint?: string;
  /** The name in errors and in messages of the validation layer. */
  label?: string;
  /** Ways to build the program. The first one is used until `tune` has found the best. */
  variants?: readonly ProgramVariant[];
};

/** The identity of a program, without its text. */
export interface ResolvedRequest {
  /** SHA-256 of the expanded source. */
  readonly sourceKey: string;
  readonly moduleId: string;
  readonly variantId: string;
  readonly entryPoint: string;
  readonly constants: ProgramConstants;
  /** The name for people. */
  readonly name: string;
  /** A key that stays the same when the source is edited. */
  readonly nameKey: string;
}

/** Applies a variant's defines and constants to a request. */
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
 * Reads the source with all its includes, and resolves the request.
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
    // A text without a name is identified by its content. So another text is another program, not an edited one.
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

/** All constants of a request, from both of its lists. */
export function constantsOf({ specialization, constants }: ProgramRequest): ProgramConstants {
  return { ...specialization, ...constants };
}

/** The name of a request's program, for people; undefined for a text without a name. */
export function nameOf(request: ProgramRequest): string | undefined {
  return request.label ?? ("file" in request ? request.file : request.name);
}

/** @throws EW_BAD_ARGUMENT if the kernel lacks the entry point; the error lists the kernel's entry points */
export function assertEntryPoint(module: SpirvModule, entryPoint: string, name: string): void {
  if (module.entryPoints.some(({ name: own, isCompute }) => isCompute && own === entryPoint)) return;
  const names = module.entryPoints.map(({ name: own }) => own).join(", ");
  throw new EverwarpError("EW_BAD_ARGUMENT", `${name} has no entry point ${entryPoint}`, {
    remedy: `It has ${names}.`,
  });
}

/**
 * Resolves constants to constant_ids. @throws EW_BAD_ARGUMENT for an unknown constant; the error lists the known ones
 */
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
