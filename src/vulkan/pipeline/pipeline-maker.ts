/** Makes a compute pipeline: from pipeline data if there is data and the driver accepts it, otherwise from SPIR-V. */

import { nowMs } from "../../base/index.ts";
import { checkResult, resultName } from "../calls/index.ts";
import type { DeviceContext } from "../context/index.ts";
import { type Frame, inFrame, type NativeStruct, writeStruct } from "../native/index.ts";
import {
  VkComputePipelineCreateInfo,
  VkPipelineBinaryInfoKHR,
  VkPipelineCreateFlagBits2,
  VkPipelineCreateFlags2CreateInfo,
  VkPipelineCreationFeedback,
  VkPipelineCreationFeedbackCreateInfo,
  VkPipelineCreationFeedbackFlagBits as Feedback,
  VkResult,
  VkShaderModuleCreateInfo,
  VkShaderStageFlagBits,
  VkSpecializationInfo,
  VkSpecializationMapEntry,
} from "../generated/index.ts";
import type { ComputePipelineOptions } from "./pipeline-options.ts";
import { pipelineSupport } from "./pipeline-support.ts";
import { PipelineCache } from "./pipeline-cache.ts";
import { objectionTo, type PipelineData } from "./pipeline-data.ts";

/** The source of a pipeline's data: the pipeline itself, or the cache that it was made with. */
export type Capture = "binary" | PipelineCache;

/** A pipeline, and how it was made. */
export interface MadePipeline {
  /** The VkPipeline. */
  readonly handle: bigint;
  readonly origin: "data" | "spirv";
  /** Why the given data was not used. */
  readonly refusal: string | undefined;
  /** The total time of the driver's calls, in milliseconds. */
  readonly driverMs: number;
  readonly capture: Capture | undefined;
}

/** The result of one attempt with data. */
type Attempt =
  | { readonly handle: bigint; readonly origin: "data" }
  | {
      readonly handle: bigint;
      readonly origin: "spirv";
      readonly refusal: string;
      readonly capture?: Capture;
    }
  | { readonly handle: undefined; readonly refusal: string };

/**
 * Makes the pipeline and counts it. @throws EW_DEVICE_LOST; EW_VULKAN or a related code if the driver refuses the
 * kernel
 */
export function makePipeline(
  context: DeviceContext,
  layout: bigint,
  options: ComputePipelineOptions,
): MadePipeline {
  const { counters } = context;
  const startMs = nowMs();
  const made = inFrame((frame) => {
    const shader = createShader(context, frame, options);
    try {
      const call = new CreateCall(context, createInfo(frame, shader, layout, options), options);
      const attempt = options.pipelineData && fromData(call, options.pipelineData);
      if (attempt?.handle !== undefined) return attempt;
      return { ...fromSpirv(call), refusal: attempt?.refusal };
    } finally {
      context.commands.vkDestroyShaderModule(context.handle, shader, null);
    }
  });
  const driverMs = nowMs() - startMs;
  if (made.origin === "data") {
    counters.pipelinesFromData++;
    return { ...made, refusal: undefined, capture: undefined, driverMs };
  }
  counters.pipelinesFromSpirv++;
  if (made.refusal !== undefined) counters.pipelineDataRefused++;
  return { capture: undefined, ...made, driverMs };
}

/** A call of vkCreateComputePipelines for one pipeline, with a chain of structs. */
class CreateCall {
  readonly context: DeviceContext;
  readonly options: ComputePipelineOptions;
  readonly #info: NativeStruct<typeof VkComputePipelineCreateInfo>;

  constructor(
    context: DeviceContext,
    info: NativeStruct<typeof VkComputePipelineCreateInfo>,
    options: ComputePipelineOptions,
  ) {
    this.context = context;
    this.options = options;
    this.#info = info;
  }

  /** The name of the call for messages, with the name of the kernel. */
  get name(): string {
    const { label } = this.options;
    return `vkCreateComputePipelines${label === undefined ? "" : ` of "${label}"`}`;
  }

  /**
   * @param pNext first struct of the chain
   * @param cache a VkPipelineCache
   */
  make(pNext: bigint, cache: bigint): { result: number; handle: bigint } {
    const { context } = this;
    writeStruct(this.#info.view, 0, VkComputePipelineCreateInfo, { pNext });
    return inFrame((frame) => {
      const out = frame.bytes(8);
      const result =
        context.answerAt("create-pipeline") ??
        context.commands.vkCreateComputePipelines(
          context.handle,
          cache,
          1,
          this.#info.address,
          null,
          out.address,
        );
      if (result === VkResult.VK_ERROR_DEVICE_LOST) context.check(result, this.name);
      return { result, handle: out.u64() };
    });
  }
}

function fromSpirv(call: CreateCall): { handle: bigint; origin: "spirv"; capture: Capture | undefined } {
  const { context, options } = call;
  const { captureData = false, pipelineCache } = options;
  const origin = "spirv";
  if (captureData && pipelineSupport(context).capturesBinaries) {
    return inFrame((frame) => {
      const flags = frame.struct(VkPipelineCreateFlags2CreateInfo, {
        flags: VkPipelineCreateFlagBits2.VK_PIPELINE_CREATE_2_CAPTURE_DATA_BIT_KHR,
      });
      const { result, handle } = call.make(flags.address, 0n);
      context.check(result, call.name);
      return { handle, origin, capture: "binary" };
    });
  }
  const own = captureData ? new PipelineCache(context) : undefined;
  try {
    const { result, handle } = call.make(0n, (own ?? pipelineCache)?.handle ?? 0n);
    context.check(result, call.name);
    return { handle, origin, capture: own };
  } catch (error) {
    own?.[Symbol.dispose]();
    throw error;
  }
}

function fromData(call: CreateCall, data: PipelineData): Attempt {
  const refusal = objectionTo(data, call.context.physical.info);
  if (refusal !== undefined) return { handle: undefined, refusal };
  return data.kind === "binary" ? fromBinaries(call, data) : fromCache(call, data);
}

function fromBinaries(call: CreateCall, data: PipelineData): Attempt {
  const { binaries } = pipelineSupport(call.context);
  if (binaries === undefined) return { handle: undefined, refusal: "this driver takes no pipeline binaries" };
  const made = binaries.with(data, (frame, pPipelineBinaries, binaryCount) => {
    const info = frame.struct(VkPipelineBinaryInfoKHR, { binaryCount, pPipelineBinaries });
    return call.make(info.address, 0n);
  });
  if (typeof made === "string") return { handle: undefined, refusal: made };
  if (made.result === VkResult.VK_SUCCESS && made.handle !== 0n)
    return { handle: made.handle, origin: "data" };
  return { handle: undefined, refusal: `${call.name} from binaries: ${resultName(made.result)}` };
}

function fromCache(call: CreateCall, data: PipelineData): Attempt {
  const { context, options } = call;
  const bytes = data.bytes[0] ?? new Uint8Array();
  const cache = new PipelineCache(context, bytes);
  let capture: Capture | undefined;
  try {
    return inFrame((frame): Attempt => {
      const feedback = new CreationFeedback(context, frame);
      const { result, handle } = call.make(feedback.address, cache.handle);
      if (result !== VkResult.VK_SUCCESS || handle === 0n)
        return { handle: undefined, refusal: `${call.name} with cache data: ${resultName(result)}` };
      // Drivers without feedback: if the cache has grown, the driver has compiled something into it.
      if (feedback.isHit() ?? cache.data().length === bytes.length) return { handle, origin: "data" };
      capture = options.captureData === true ? cache : undefined;
      const refusal = "the driver compiled in spite of its cache data";
      return { handle, origin: "spirv", refusal, ...(capture && { capture }) };
    });
  } finally {
    if (capture === undefined) cache[Symbol.dispose]();
  }
}

/** The driver's feedback on how it made a pipeline (Vulkan 1.3). */
class CreationFeedback {
  /** The address of the struct to chain; 0 if the driver gives no feedback. */
  readonly address: bigint;
  readonly #whole: NativeStruct<typeof VkPipelineCreationFeedback>;

  constructor(context: DeviceContext, frame: Frame) {
    this.#whole = frame.struct(VkPipelineCreationFeedback);
    const [major = 0, minor = 0] = context.physical.info.apiVersion.split(".").map(Number);
    this.address =
      major > 1 || minor >= 3
        ? frame.struct(VkPipelineCreationFeedbackCreateInfo, {
            pPipelineCreationFeedback: this.#whole.address,
            pipelineStageCreationFeedbackCount: 1,
            pPipelineStageCreationFeedbacks: frame.struct(VkPipelineCreationFeedback).address,
          }).address
        : 0n;
  }

  /** Whether the given cache saved the driver the compilation; undefined if the driver does not say. */
  isHit(): boolean | undefined {
    const { flags } = this.#whole.read();
    if ((flags & Feedback.VK_PIPELINE_CREATION_FEEDBACK_VALID_BIT) === 0) return undefined;
    return (flags & Feedback.VK_PIPELINE_CREATION_FEEDBACK_APPLICATION_PIPELINE_CACHE_HIT_BIT) !== 0;
  }
}

function createShader(context: DeviceContext, frame: Frame, options: ComputePipelineOptions): bigint {
  const { spirv, label } = options;
  const code = new Uint8Array(spirv.buffer, spirv.byteOffset, spirv.byteLength);
  const module = frame.struct(VkShaderModuleCreateInfo, { codeSize: code.length, pCode: frame.copy(code) });
  const out = frame.bytes(8);
  checkResult(
    context.commands.vkCreateShaderModule(context.handle, module.address, null, out.address),
    `vkCreateShaderModule${label === undefined ? "" : ` of "${label}"`}`,
  );
  return out.u64();
}

function createInfo(
  frame: Frame,
  module: bigint,
  layout: bigint,
  { entryPoint = "main", specialization = {} }: ComputePipelineOptions,
): NativeStruct<typeof VkComputePipelineCreateInfo> {
  const constants = Object.entries(specialization);
  const entries = frame.structs(
    VkSpecializationMapEntry,
    constants.map(([id], index) => ({ constantID: Number(id), offset: index * 4, size: 4 })),
  );
  return frame.struct(VkComputePipelineCreateInfo, {
    stage: {
      stage: VkShaderStageFlagBits.VK_SHADER_STAGE_COMPUTE_BIT,
      module,
      pName: frame.text(entryPoint),
      pSpecializationInfo:
        constants.length === 0
          ? 0n
          : frame.struct(VkSpecializationInfo, {
              mapEntryCount: constants.length,
              pMapEntries: entries.address,
              dataSize: constants.length * 4,
              pData: frame.u32s(constants.map(([, value]) => value)),
            }).address,
    },
    layout,
    basePipelineIndex: -1,
  });
}
