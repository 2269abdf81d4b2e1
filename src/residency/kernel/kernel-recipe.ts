/** How to make a kernel, and the text of its source: read once, for every device that it is made on. */
import { createHash } from "node:crypto";
import { fileURLToPath } from "node:url";
import { prepareSource, type SourceRequest } from "../../programs/index.ts";
import type { StrategyName } from "../strategies/index.ts";
import { KERNEL_TYPES_FILE } from "./kernel-names.ts";
import type { KernelTypes } from "./kernel-source.ts";

/** Where a kernel's source is: a path, a file URL, or the text itself. */
export type KernelText = string | URL | { readonly text: string };

/** How to make a kernel, on any device. */
export interface KernelRecipe {
  readonly source: KernelText;
  readonly includeRoots: readonly string[];
  readonly types: KernelTypes;
  readonly label: string;
  readonly strategy: StrategyName | "auto";
  readonly workgroups: number;
  readonly workgroupSize: number;
  readonly maxInFlight: number;
  readonly leaseMs: number | undefined;
  readonly idle: { readonly dozeAfterMs?: number; readonly parkAfterMs?: number };
  /** May change while the kernel runs. */
  dutyCycle: number;
  /** Its source as it was first read. A file may change or go, and the folder of the process may change. */
  readText?: { readonly expanded: string; readonly key: string };
}

/**
 * What tells one kernel from another in a checkpoint: its text with all includes, and its workgroup. (Its SPIR-V would
 * differ with the features of the device.)
 * @throws EW_PATH_NOT_FOUND, EW_COMPILE for includes that are missing
 */
export function kernelKeyOf(recipe: KernelRecipe): string {
  return readTextOf(recipe).key;
}

/** The source as it was when it was first asked for. @throws as `kernelKeyOf` */
export function readTextOf(recipe: KernelRecipe): { readonly expanded: string; readonly key: string } {
  if (recipe.readText !== undefined) return recipe.readText;
  const request = sourceOf(recipe);
  const { text: expanded } = prepareSource(request);
  // Without what is made from the schemas: that is the layout's affair.
  const { text } = prepareSource({ ...request, virtualFiles: { [KERNEL_TYPES_FILE]: "" } });
  const key = createHash("sha256").update(`${text}\0${recipe.workgroupSize}`).digest("hex");
  return (recipe.readText = { expanded, key });
}

/** Where the source is now. */
export function sourceOf({ source, includeRoots, types, label }: KernelRecipe): SourceRequest {
  const text =
    typeof source === "object" && "text" in source
      ? { source: source.text, name: label }
      : { file: source instanceof URL ? fileURLToPath(source) : source };
  return { ...text, includeRoots, virtualFiles: { [KERNEL_TYPES_FILE]: types.glsl } };
}
