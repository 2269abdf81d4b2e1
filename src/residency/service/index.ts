/** The resident kernel that users hold. */
export type { KernelOptions, RestoreOptions } from "./kernel-options.ts";
export type { CheckpointInfo, KernelInfo, KernelStats } from "./kernel-stats.ts";
export { ResidentKernel } from "./resident-kernel.ts";
