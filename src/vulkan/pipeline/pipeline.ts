/**
 * Compute pipelines. There are no descriptor sets: a kernel gets device addresses in its push constants.
 *
 * A pipeline is made from pipeline data if there is data and the driver accepts it. Otherwise it is made from SPIR-V.
 * The pipeline tells which way was taken, and how long the driver took.
 *
 *   pipelineData ──objection?──▶ driver ──accepts──▶ pipeline (origin "data")
 *                     │             └─refuses, or compiles anyway─┐
 *                     └──────▶ SPIR-V ──driver compiles──▶ pipeline (origin "spirv", dataRefusal)
 */

import { EverwarpError } from "../../base/index.ts";
import { checkResult } from "../calls/index.ts";
import { type DeviceContext, DeviceObject } from "../context/index.ts";
import { inFrame } from "../native/index.ts";
import {
  type CoreCommands,
  VkObjectType,
  VkPipelineLayoutCreateInfo,
  VkPushConstantRange,
  VkShaderStageFlagBits,
} from "../generated/index.ts";
import type { PipelineCache } from "./pipeline-cache.ts";
import { CACHE_HEADER_BYTES, type PipelineData } from "./pipeline-data.ts";
import { type Capture, makePipeline } from "./pipeline-maker.ts";
import type { ComputePipelineOptions } from "./pipeline-options.ts";
import { pipelineSupport } from "./pipeline-support.ts";

/** A compute pipeline. `handle` is the VkPipeline. */
export class ComputePipeline extends DeviceObject {
  readonly pushConstantBytes: number;
  readonly label: string | undefined;
  /** Whether the pipeline was made from `pipelineData`, or the driver compiled SPIR-V. */
  readonly origin: "data" | "spirv";
  /** Why the given data was not used. */
  readonly dataRefusal: string | undefined;
  /** The time of the driver's calls in milliseconds, including an attempt with refused data. */
  readonly driverMs: number;
  /** The VkPipelineLayout of this pipeline. */
  readonly #layout: bigint;
  /** Data that has not been extracted yet. */
  #capture: Capture | undefined;

  /**
   * @internal
   * @throws EW_NO_ROOM, EW_TIMEOUT, EW_BAD_ARGUMENT for push constants beyond the limit, EW_VULKAN when the driver
   * refuses the kernel
   */
  constructor(context: DeviceContext, options: ComputePipelineOptions) {
    super(context, "pipeline");
    assertMakeable(context, options.label);
    const { pushConstantBytes, label } = options;
    const limit = context.physical.info.limits.maxPushConstantsBytes;
    if (pushConstantBytes % 4 !== 0 || pushConstantBytes < 0 || pushConstantBytes > limit) {
      throw new EverwarpError("EW_BAD_ARGUMENT", `${pushConstantBytes} bytes of push constants`, {
        remedy: `Give a multiple of 4 up to ${limit}, this device's limit.`,
      });
    }
    this.pushConstantBytes = pushConstantBytes;
    this.label = label;
    this.#layout = createLayout(context, pushConstantBytes);
    let handle: bigint;
    try {
      const made = makePipeline(context, this.#layout, options);
      handle = made.handle;
      this.origin = made.origin;
      this.dataRefusal = made.refusal;
      this.driverMs = made.driverMs;
      this.#capture = made.capture;
    } catch (error) {
      context.commands.vkDestroyPipelineLayout(context.handle, this.#layout, null);
      throw error;
    }
    context.name(VkObjectType.VK_OBJECT_TYPE_PIPELINE, handle, label);
    this.adopt(handle);
  }

  /** The VkPipelineLayout. @throws EW_CLOSED as `handle` */
  get layout(): bigint {
    this.assertAlive();
    return this.#layout;
  }

  /**
   * Extracts the driver's data for this pipeline. The data is given out once; then the driver frees its copy.
   *
   * @returns undefined if the pipeline was made without `captureData` or from data, if the data was given out before,
   * or if the driver gives no data
   * @throws EW_CLOSED after `dispose`, EW_VULKAN if the driver fails
   */
  extractData(): PipelineData | undefined {
    const { context } = this;
    context.assertOpen();
    this.assertAlive();
    const capture = this.#capture;
    this.#capture = undefined;
    if (capture === undefined) return undefined;
    const support = pipelineSupport(context);
    const data = capture === "binary" ? support.binaries?.extract(this.handle) : cacheData(capture);
    support.givesData = data !== undefined;
    // The driver did not give the binaries that it promised. Later pipelines are captured by caches.
    if (capture === "binary" && data === undefined) support.capturesBinaries = false;
    return data;
  }

  protected override describe(): string {
    return this.label === undefined ? super.describe() : `the pipeline "${this.label}"`;
  }

  protected override prepareDispose(): void {
    if (typeof this.#capture === "object") this.#capture[Symbol.dispose]();
  }

  protected destroy(commands: CoreCommands, device: bigint, handle: bigint): void {
    commands.vkDestroyPipeline(device, handle, null);
    commands.vkDestroyPipelineLayout(device, this.#layout, null);
  }
}

/** How long a software device may finish running work before it makes a pipeline. */
const IDLE_TIMEOUT_MS = 10_000;

/** @throws EW_NO_ROOM, EW_TIMEOUT if the driver's call would block for ever */
function assertMakeable(context: DeviceContext, label: string | undefined): void {
  const what = label === undefined ? "a pipeline" : `the pipeline "${label}"`;
  const { name } = context.physical.info;
  if (context.isHeldByStaying) {
    throw new EverwarpError(
      "EW_NO_ROOM",
      `${what} cannot be made while a kernel stays on the only queue of ${name}`,
      {
        remedy:
          "Make the pipeline before you launch the kernel, or stop the kernel first. " +
          "Or launch the kernel with the strategy batch.",
      },
    );
  }
  if (context.canMakePipelines(BigInt(IDLE_TIMEOUT_MS) * 1_000_000n)) return;
  throw new EverwarpError(
    "EW_TIMEOUT",
    `${what} cannot be made: work on ${name} did not end within ${IDLE_TIMEOUT_MS} ms`,
    {
      remedy:
        "A kernel that does not end may block the device. Abandon the device, and continue with its replacement.",
    },
  );
}

/** The data of a cache that a single pipeline was made with. Disposes the cache. */
function cacheData(cache: PipelineCache): PipelineData | undefined {
  try {
    const bytes = cache.data();
    return bytes.length <= CACHE_HEADER_BYTES ? undefined : { kind: "cache", bytes: [bytes] };
  } finally {
    cache[Symbol.dispose]();
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
