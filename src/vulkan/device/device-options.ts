/** How a device is opened, and how work on it is run. */

import type { DeviceSelection, MemoryTypes } from "../instance/index.ts";
import type { Queue } from "../submit/index.ts";

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
   * `false` switches off the pipeline cache that the driver keeps by itself, where it can be switched off: to measure
   * what pipelines cost without it.
   */
  driverCache?: boolean;
  /**
   * Compute queues for `leaseComputeQueue`, at most; 8 if not given. 0 for programs that keep no kernels side by side.
   */
  queuesToLease?: number;
}

/** How work that happens once is run. */
export interface RunOptions {
  /** The compute queue if not given. */
  queue?: Queue;
  /** 10 s if not given. */
  timeoutMs?: number;
}
