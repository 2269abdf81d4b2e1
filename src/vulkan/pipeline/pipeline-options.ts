/** The options of a compute pipeline. */

import type { PipelineCache } from "./pipeline-cache.ts";
import type { PipelineData } from "./pipeline-data.ts";

/** A kernel, its constants, and the handling of pipeline data. */
export interface ComputePipelineOptions {
  /** A SPIR-V module. */
  spirv: Uint32Array;
  /** The entry point; `main` if not given. */
  entryPoint?: string;
  /** Values of specialization constants by constant_id, as 32-bit words: a float as its bits, a bool as 0 or 1. */
  specialization?: Readonly<Record<number, number>>;
  /** Size of the push constants: a multiple of 4 within the device's limit, or 0. */
  pushConstantBytes: number;
  /**
   * Data that `extractData` gave for a pipeline with the same SPIR-V, entry point, constants and push constants, on
   * this device and driver. The driver trusts the data blindly, so the caller must check that it is intact.
   */
  pipelineData?: PipelineData | undefined;
  /** Keeps the driver's data until `extractData` is called. A pipeline that is made from data keeps nothing. */
  captureData?: boolean | undefined;
  /** A pipeline cache in memory, for a pipeline without data of its own. */
  pipelineCache?: PipelineCache | undefined;
  /** The pipeline's name in errors and in messages of the validation layer. */
  label?: string | undefined;
}
