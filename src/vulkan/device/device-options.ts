/** How a device is opened. */

import type { DeviceSelection, MemoryTypes } from "../instance/index.ts";

/** What `Device.open` takes. */
export interface DeviceOptions {
  /** `"auto"` if not given. */
  select?: DeviceSelection;
  /** Lets `"auto"` and `"gpu"` take a software device where there is no other. */
  allowSoftware?: boolean;
  /** Runs under the Khronos validation layer, which must be installed. */
  validation?: boolean;
  /** Memory types by role, for those that a device profile has decided. */
  memoryTypes?: Partial<MemoryTypes>;
  /**
   * `false` switches off the pipeline cache that the driver keeps by itself, where it can be switched off: to measure what
   * pipelines cost without it.
   */
  driverCache?: boolean;
  /** Compute queues for `leaseComputeQueue`, at most; 8 if not given. 0 for programs that keep no kernels side by side. */
  queuesToLease?: number;
}
