/** Compute pipelines. There are no descriptor sets: a kernel gets device addresses in its push constants. */

import { EverwarpError } from "../base/errors.ts";
import { checkResult } from "./check-result.ts";
import type { DeviceContext } from "./context.ts";
import { inFrame } from "./frame.ts";
import { VkObjectType, VkShaderStageFlagBits } from "./generated/constants.ts";
import {
  VkComputePipelineCreateInfo,
  VkPipelineLayoutCreateInfo,
  VkPushConstantRange,
  VkShaderModuleCreateInfo,
  VkSpecializationInfo,
  VkSpecializationMapEntry,
} from "./generated/structs.ts";
import type { PipelineCache } from "./pipeline-cache.ts";

export interface ComputePipelineOptions {
  /** A SPIR-V module. */
  spirv: Uint32Array;
  /** `main` if not given. */
  entryPoint?: string;
  /** Values of specialization constants by constant_id, as 32-bit words (a float as its bits, a bool as 0 or 1). */
  specialization?: Readonly<Record<number, number>>;
  /** Size of the push constants: a multiple of 4, within the device's limit. 0 for none. */
  pushConstantBytes: number;
  pipelineCache?: PipelineCache | undefined;
  /** Shown in errors and in messages of the validation layer. */
  label?: string | undefined;
}

export class ComputePipeline implements Disposable {
  /** The VkPipeline. */
  readonly handle: bigint;
  /** The VkPipelineLayout, of this pipeline alone. */
  readonly layout: bigint;
  readonly pushConstantBytes: number;
  readonly label: string | undefined;
  readonly #context: DeviceContext;
  #disposed = false;

  /** @throws EW_BAD_ARGUMENT for push constants beyond the limit, EW_VULKAN when the driver refuses the kernel */
  constructor(context: DeviceContext, options: ComputePipelineOptions) {
    context.assertOpen();
    const { pushConstantBytes, label } = options;
    const limit = context.physical.info.limits.maxPushConstantsBytes;
    if (pushConstantBytes % 4 !== 0 || pushConstantBytes < 0 || pushConstantBytes > limit) {
      throw new EverwarpError("EW_BAD_ARGUMENT", `${pushConstantBytes} bytes of push constants`, {
        remedy: `Give a multiple of 4 up to ${limit}, this device's limit.`,
      });
    }
    this.#context = context;
    this.pushConstantBytes = pushConstantBytes;
    this.label = label;
    this.layout = createLayout(context, pushConstantBytes);
    try {
      this.handle = createPipeline(context, this.layout, options);
    } catch (error) {
      context.commands.vkDestroyPipelineLayout(context.handle, this.layout, null);
      throw error;
    }
    context.name(VkObjectType.VK_OBJECT_TYPE_PIPELINE, this.handle, label);
    context.track("pipeline", this);
  }

  /** Destroys the pipeline; nothing that uses it may be running. A second call does nothing. */
  [Symbol.dispose](): void {
    if (this.#disposed) return;
    this.#disposed = true;
    this.#context.release("pipeline", this, (commands, device) => {
      commands.vkDestroyPipeline(device, this.handle, null);
      commands.vkDestroyPipelineLayout(device, this.layout, null);
    });
  }
}

function createLayout(context: DeviceContext, pushConstantBytes: number): bigint {
  return inFrame((frame) => {
    const range = frame.struct(VkPushConstantRange, {
      stageFlags: VkShaderStageFlagBits.VK_SHADER_STAGE_COMPUTE_BIT,
      size: pushConstantBytes,
    });
    const info = frame.struct(VkPipelineLayoutCreateInfo, {
      pushConstantRangeCount: pushConstantBytes === 0 ? 0 : 1,
      pPushConstantRanges: range.address,
    });
    const out = frame.bytes(8);
    const { commands, handle } = context;
    checkResult(
      commands.vkCreatePipelineLayout(handle, info.address, null, out.address),
      "vkCreatePipelineLayout",
    );
    return out.u64();
  });
}

function createPipeline(context: DeviceContext, layout: bigint, options: ComputePipelineOptions): bigint {
  const { commands, handle: device } = context;
  const { spirv, entryPoint = "main", specialization = {}, pipelineCache, label } = options;
  const of = label === undefined ? "" : ` of "${label}"`;
  return inFrame((frame) => {
    const code = new Uint8Array(spirv.buffer, spirv.byteOffset, spirv.byteLength);
    const module = frame.struct(VkShaderModuleCreateInfo, { codeSize: code.length, pCode: frame.copy(code) });
    const out = frame.bytes(8);
    checkResult(
      commands.vkCreateShaderModule(device, module.address, null, out.address),
      `vkCreateShaderModule${of}`,
    );
    const shader = out.u64();
    try {
      const constants = Object.entries(specialization);
      const entries = frame.structs(
        VkSpecializationMapEntry,
        constants.map(([id], index) => ({ constantID: Number(id), offset: index * 4, size: 4 })),
      );
      const info = frame.struct(VkComputePipelineCreateInfo, {
        stage: {
          stage: VkShaderStageFlagBits.VK_SHADER_STAGE_COMPUTE_BIT,
          module: shader,
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
      const cache = pipelineCache?.handle ?? 0n;
      context.check(
        context.answerAt("create-pipeline") ??
          commands.vkCreateComputePipelines(device, cache, 1, info.address, null, out.address),
        `vkCreateComputePipelines${of}`,
      );
      return out.u64();
    } finally {
      commands.vkDestroyShaderModule(device, shader, null);
    }
  });
}
