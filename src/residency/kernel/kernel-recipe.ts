/** The recipe of a kernel, and its source text, which is read once for all devices. */
import { createHash } from "node:crypto";
import { fileURLToPath } from "node:url";
import { prepareSource, type SourceRequest } from "../../programs/index.ts";
import type { StrategyName } from "../strategies/index.ts";
import { KERNEL_TYPES_FILE } from "./kernel-names.ts";
import type { KernelTypes } from "./kernel-source.ts";

/** A kernel's source: a path, a file URL, or the text itself. */
export type KernelText = string | URL | { readonly text: string };

/** Everything that is needed to make a kernel on any device. */
export interface KernelRecipe {
  readonly source: KernelText;
  readonly includeRoots: readonly string[];
  readonly types: KernelTypes;
  readonly label: string;
  readonly strategy: StrategyName | "auto";
  readonly workgroups: number;
  readonly workgroupSize: number;
  readonly maxInFlight: number;
  /** Opened although it breaks a rule of `everwarp lint`. */
  readonly isUnsafe?: boolean;
  readonly leaseMs: number | undefined;
  readonly idle: { readonly dozeAfterMs?: number; readonly parkAfterMs?: number };
  /** May change while the kernel runs. */
  dutyCycle: number;
  /** The source as it was first read. Later, the file or the folder of the process may change. */
  readText?: { readonly expanded: string; readonly key: string };
}

/**
 * The identity of a kernel in checkpoints: its text with all includes, and its workgroups. The SPIR-V would not do: it
 * depends on the features of the device.
 * @throws EW_PATH_NOT_FOUND, EW_COMPILE for missing includes
 */
export function kernelKeyOf(recipe: KernelRecipe): string {
  return readTextOf(recipe).key;
}

/** The source as it was at the first call. @throws as `kernelKeyOf` */
export function readTextOf(recipe: KernelRecipe): { readonly expanded: string; readonly key: string } {
  if (recipe.readText !== undefined) return recipe.readText;
  const request = sourceOf(recipe);
  const { text: expanded } = prepareSource(request);
  // Without the text that is generated from the schemas: the layout hash covers it.
  const { text } = prepareSource({ ...request, virtualFiles: { [KERNEL_TYPES_FILE]: "" } });
  const key = createHash("sha256").update(`${text}\0${recipe.workgroupSize}`).digest("hex");
  return (recipe.readText = { expanded, key });
}

/** The current location of the source. */
export function sourceOf({ source, includeRoots, types, label }: KernelRecipe): SourceRequest {
  const text =
    typeof source === "object" && "text" in source
      ? { source: source.text, name: label }
      : { file: source instanceof URL ? fileURLToPath(source) : source };
  return { ...text, includeRoots, virtualFiles: { [KERNEL_TYPES_FILE]: types.glsl } };
}
