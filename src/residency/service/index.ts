/** The resident kernel that users hold. */
export type { KernelOptions, RestoreOptions } from "./kernel-options.ts";
export type { KernelInfo, KernelStats } from "./kernel-stats.ts";
export { type CheckpointInfo, ResidentKernel } from "./resident-kernel.ts";
