/** What a compute pipeline is made from. */

import type { PipelineCache } from "./pipeline-cache.ts";
import type { PipelineData } from "./pipeline-data.ts";

/** The kernel, its constants, and what is kept of the driver's work. */
export interface ComputePipelineOptions {
  /** A SPIR-V module. */
  spirv: Uint32Array;
  /** `main` if not given. */
  entryPoint?: string;
  /** Values of specialization constants by constant_id, as 32-bit words (a float as its bits, a bool as 0 or 1). */
  specialization?: Readonly<Record<number, number>>;
  /** Size of the push constants: a multiple of 4, within the device's limit. 0 for none. */
  pushConstantBytes: number;
  /**
   * What `extractData` gave for a pipeline of the same SPIR-V, entry point, constants and push constants on this device
   * and driver. The driver trusts it: make sure that it is whole before it comes here.
   */
  pipelineData?: PipelineData | undefined;
  /**
   * Keeps what the driver makes of the kernel until `extractData` is called. Nothing is kept of a pipeline made from
   * data.
   */
  captureData?: boolean | undefined;
  /** A cache of the driver's in memory, for pipelines without data of their own. */
  pipelineCache?: PipelineCache | undefined;
  /** Shown in errors and in messages of the validation layer. */
  label?: string | undefined;
}
