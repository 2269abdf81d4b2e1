/** Options for opening a device, and for running work on it. */

import type { DeviceSelection, MemoryTypes } from "../instance/index.ts";
import type { Queue } from "../submit/index.ts";

/** The options of `Device.open`. */
export interface DeviceOptions {
  /** `"auto"` if not given. */
  select?: DeviceSelection;
  /** Lets `"auto"` and `"gpu"` choose a software device if there is no other. */
  allowSoftware?: boolean;
  /** Runs under the Khronos validation layer, which must be installed. */
  validation?: boolean;
  /** Memory types by role, from a device profile. A role without an entry gets a type by the usual rules. */
  memoryTypes?: Partial<MemoryTypes>;
  /**
   * `false` switches off the driver's own pipeline cache, if the driver allows that. Benchmarks use it to measure the
   * cost of pipelines without that cache.
   */
  driverCache?: boolean;
  /**
   * Maximum number of compute queues for `leaseComputeQueue`; 8 if not given. 0 suits programs with a single kernel.
   */
  queuesToLease?: number;
}

/** How long a call may wait. */
export interface TimeoutOptions {
  /** The timeout in milliseconds; 10,000 if not given. */
  timeoutMs?: number;
}

/** Options for one-time work. */
export interface RunOptions extends TimeoutOptions {
  /** The queue; the compute queue if not given. */
  queue?: Queue;
}
