/** Finds out how a driver gives out pipeline data, by making a pipeline. */

import type { DeviceContext } from "../context/index.ts";
import { ComputePipeline } from "./pipeline.ts";
import type { PipelineDataKind } from "./pipeline-data.ts";
import { pipelineSupport } from "./pipeline-support.ts";

/**
 * The mechanism by which the driver gives out data: that of the last capture, or that of an empty kernel made for this.
 */
export function pipelineDataKind(context: DeviceContext): PipelineDataKind {
  const support = pipelineSupport(context);
  if (support.givesData === undefined) {
    const means = support.capturesBinaries ? 2 : 1;
    for (let i = 0; i < means && support.givesData !== true; i++) probe(context);
  }
  if (support.givesData !== true) return "none";
  return support.capturesBinaries ? "binary" : "cache";
}

function probe(context: DeviceContext): void {
  using pipeline = new ComputePipeline(context, {
    spirv: EMPTY_KERNEL,
    pushConstantBytes: 0,
    captureData: true,
    label: "empty",
  });
  pipeline.extractData();
}

/** `layout(local_size_x = 1) in; void main() {}`, as SPIR-V 1.0. */
const EMPTY_KERNEL = Uint32Array.from(
  [
    [0x07230203, 0x00010000, 0, 5, 0], // magic number, version, generator, bound of ids, schema
    [0x00020011, 1], // OpCapability Shader
    [0x0003000e, 0, 1], // OpMemoryModel Logical GLSL450
    [0x0005000f, 5, 1, 0x6e69616d, 0], // OpEntryPoint GLCompute %1 "main"
    [0x00060010, 1, 17, 1, 1, 1], // OpExecutionMode %1 LocalSize 1 1 1
    [0x00020013, 2], // %2 = OpTypeVoid
    [0x00030021, 3, 2], // %3 = OpTypeFunction %2
    [0x00050036, 2, 1, 0, 3], // %1 = OpFunction %2 None %3
    [0x000200f8, 4], // %4 = OpLabel
    [0x000100fd], // OpReturn
    [0x00010038], // OpFunctionEnd
  ].flat(),
);
