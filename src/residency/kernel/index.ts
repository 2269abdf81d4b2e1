/** A typed kernel on a device: its generated source, its instance, and copies of its memory. */
export {
  type KernelCapture,
  type KernelMemory,
  KernelInstance,
  type KernelTotals,
} from "./kernel-instance.ts";
export { type KernelRecipe, type KernelText, kernelKeyOf } from "./kernel-recipe.ts";
export { type KernelTypes, REQUEST_WORDS_MAX, kernelTypes } from "./kernel-source.ts";
