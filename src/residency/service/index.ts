/** The resident kernel that users hold. */
export type { KernelStats } from "./kernel-stats.ts";
export { ResidentKernel } from "./resident-kernel.ts";
