/** Compute pipelines, and the data that drivers give to make them again without compiling. */
export { PipelineCache } from "./pipeline-cache.ts";
export type { PipelineData, PipelineDataKind } from "./pipeline-data.ts";
export type { ComputePipelineOptions } from "./pipeline-options.ts";
export { pipelineDataKind } from "./pipeline-probe.ts";
export { pipelineSupport } from "./pipeline-support.ts";
export { ComputePipeline } from "./pipeline.ts";
