/** A typed kernel on a device: its generated source, its instance, and copies of its memory. */
export {
  type KernelCapture,
  type KernelMemory,
  type KernelRecipe,
  KernelInstance,
  type KernelText,
  type KernelTotals,
  kernelKeyOf,
} from "./kernel-instance.ts";
export { type KernelTypes, REQUEST_WORDS_MAX, kernelTypes } from "./kernel-source.ts";
