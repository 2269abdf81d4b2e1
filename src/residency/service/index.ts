/** The resident kernel that users hold. */
export type { KernelStats } from "./kernel-stats.ts";
export { ResidentKernel, type CheckpointInfo } from "./resident-kernel.ts";
export type { KernelOptions } from "./kernel-options.ts";
