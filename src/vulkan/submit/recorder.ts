/** Records commands into a command buffer. Structs that are used repeatedly are encoded once, so calls are cheap. */

import { EverwarpError } from "../../base/index.ts";
import type { DeviceBuffer } from "../memory/index.ts";
import type { DeviceContext, DeviceObject } from "../context/index.ts";
import { inFrame, koffi, writeStruct } from "../native/index.ts";
import {
  VkAccessFlagBits as Access,
  VkBufferCopy,
  VkMemoryBarrier,
  VkPipelineBindPoint,
  VkPipelineStageFlagBits as Stage,
  VkShaderStageFlagBits,
} from "../generated/index.ts";
import type { ComputePipeline } from "../pipeline/index.ts";
import type { Timestamps } from "./timestamps.ts";

/** One side of a barrier: the writers before it, or the readers and writers after it. */
export type BarrierScope = "compute" | "indirect" | "transfer" | "host" | "all";

/** Bytes to copy. The offsets are 0 if not given. */
export interface CopyRegion {
  sourceOffset?: number;
  targetOffset?: number;
  sizeBytes: number;
}

interface ScopeMasks {
  stages: number;
  writes: number;
  accesses: number;
}

const COMPUTE: ScopeMasks = {
  stages: Stage.VK_PIPELINE_STAGE_COMPUTE_SHADER_BIT,
  writes: Access.VK_ACCESS_SHADER_WRITE_BIT,
  accesses: Access.VK_ACCESS_SHADER_READ_BIT | Access.VK_ACCESS_SHADER_WRITE_BIT,
};
const INDIRECT: ScopeMasks = {
  stages: Stage.VK_PIPELINE_STAGE_DRAW_INDIRECT_BIT,
  writes: 0,
  accesses: Access.VK_ACCESS_INDIRECT_COMMAND_READ_BIT,
};
const TRANSFER: ScopeMasks = {
  stages: Stage.VK_PIPELINE_STAGE_TRANSFER_BIT,
  writes: Access.VK_ACCESS_TRANSFER_WRITE_BIT,
  accesses: Access.VK_ACCESS_TRANSFER_READ_BIT | Access.VK_ACCESS_TRANSFER_WRITE_BIT,
};
const HOST: ScopeMasks = {
  stages: Stage.VK_PIPELINE_STAGE_HOST_BIT,
  writes: Access.VK_ACCESS_HOST_WRITE_BIT,
  accesses: Access.VK_ACCESS_HOST_READ_BIT | Access.VK_ACCESS_HOST_WRITE_BIT,
};

function union(...scopes: readonly ScopeMasks[]): ScopeMasks {
  return scopes.reduce((a, b) => ({
    stages: a.stages | b.stages,
    writes: a.writes | b.writes,
    accesses: a.accesses | b.accesses,
  }));
}

/** The stage and access masks of a scope. A queue without compute has no compute stages, so its masks contain less. */
function masksOf(scope: BarrierScope, hasCompute: boolean): ScopeMasks {
  switch (scope) {
    case "compute":
      return COMPUTE;
    case "indirect":
      return INDIRECT;
    case "transfer":
      return TRANSFER;
    case "host":
      return HOST;
    case "all":
      return hasCompute ? union(COMPUTE, INDIRECT, TRANSFER, HOST) : union(TRANSFER, HOST);
  }
}

interface Barrier {
  from: number;
  to: number;
  /** Keeps the struct alive. */
  memory: ArrayBuffer;
  address: bigint;
}

const barriers = new Map<string, Barrier>();

function barrierOf(from: BarrierScope, to: BarrierScope, hasCompute: boolean): Barrier {
  const key = `${from} ${to} ${hasCompute}`;
  let barrier = barriers.get(key);
  if (barrier === undefined) {
    const source = masksOf(from, hasCompute);
    const target = masksOf(to, hasCompute);
    const memory = new ArrayBuffer(VkMemoryBarrier.sizeBytes);
    writeStruct(new DataView(memory), 0, VkMemoryBarrier, {
      srcAccessMask: source.writes,
      dstAccessMask: target.accesses,
    });
    barrier = { from: source.stages, to: target.stages, memory, address: koffi().address(memory) };
    barriers.set(key, barrier);
  }
  return barrier;
}

/** Records commands. Valid only inside the function that `CommandBuffer.record` runs. Methods return the recorder. */
export class Recorder {
  /** Dispatches recorded so far. */
  dispatches = 0;
  readonly #context: DeviceContext;
  readonly #hasCompute: boolean;
  readonly #name: (object: DeviceObject) => void;
  #commandBuffer: bigint | undefined;
  #pipeline: ComputePipeline | undefined;

  /**
   * @param commandBuffer a VkCommandBuffer whose recording has begun
   * @param name called with every object that the recording uses
   * @internal
   */
  constructor(
    context: DeviceContext,
    commandBuffer: bigint,
    hasCompute: boolean,
    name: (object: DeviceObject) => void,
  ) {
    this.#context = context;
    this.#commandBuffer = commandBuffer;
    this.#hasCompute = hasCompute;
    this.#name = name;
  }

  /** Ends the use of this recorder. */
  end(): void {
    this.#commandBuffer = undefined;
  }

  /** Sets the pipeline for the following dispatches. */
  bind(pipeline: ComputePipeline): this {
    this.#name(pipeline);
    this.#pipeline = pipeline;
    this.#context.commands.vkCmdBindPipeline(
      this.#handle,
      VkPipelineBindPoint.VK_PIPELINE_BIND_POINT_COMPUTE,
      pipeline.handle,
    );
    return this;
  }

  /**
   * Sets push constants for the following dispatches. The bytes are copied at once.
   *
   * @param offsetBytes offset in the block; the offset and the length must be multiples of 4
   * @throws EW_BAD_ARGUMENT without a bound pipeline or beyond its block
   */
  push(bytes: ArrayBufferView, offsetBytes = 0): this {
    const pipeline = this.#bound("push constants");
    const end = offsetBytes + bytes.byteLength;
    if (
      bytes.byteLength === 0 ||
      (offsetBytes | bytes.byteLength) % 4 !== 0 ||
      end > pipeline.pushConstantBytes
    ) {
      throw new EverwarpError(
        "EW_BAD_ARGUMENT",
        `push constants ${offsetBytes}..${end} of a block of ${pipeline.pushConstantBytes} bytes`,
        { remedy: "Stay inside the pipeline's block, in multiples of 4 bytes." },
      );
    }
    this.#context.commands.vkCmdPushConstants(
      this.#handle,
      pipeline.layout,
      VkShaderStageFlagBits.VK_SHADER_STAGE_COMPUTE_BIT,
      offsetBytes,
      bytes.byteLength,
      bytes,
    );
    return this;
  }

  /** Runs the bound pipeline on a grid of workgroups. @throws EW_BAD_ARGUMENT beyond the device's limits */
  dispatch(groupsX: number, groupsY = 1, groupsZ = 1): this {
    this.#bound("a dispatch");
    const [maxX, maxY, maxZ] = this.#context.physical.info.limits.maxWorkgroupCount;
    if (
      !(groupsX >= 0 && groupsX <= maxX && groupsY >= 0 && groupsY <= maxY && groupsZ >= 0 && groupsZ <= maxZ)
    ) {
      throw new EverwarpError("EW_BAD_ARGUMENT", `a grid of ${groupsX}×${groupsY}×${groupsZ} workgroups`, {
        remedy: `This device takes up to ${maxX}×${maxY}×${maxZ}.`,
      });
    }
    this.#context.commands.vkCmdDispatch(this.#handle, groupsX, groupsY, groupsZ);
    return this.#countDispatch();
  }

  /**
   * Like `dispatch`. The device reads the three counts from the buffer: 12 bytes at an offset that is a multiple of 4.
   */
  dispatchIndirect(buffer: DeviceBuffer, offsetBytes: number): this {
    this.#bound("a dispatch");
    assertRange(buffer, offsetBytes, 12, 4);
    this.#name(buffer);
    this.#context.commands.vkCmdDispatchIndirect(this.#handle, buffer.handle, BigInt(offsetBytes));
    return this.#countDispatch();
  }

  /**
   * Copies bytes between buffers. Regions must not overlap in one buffer. Without regions, copies as many bytes as the
   * smaller buffer has.
   */
  copy(source: DeviceBuffer, target: DeviceBuffer, regions?: readonly CopyRegion[]): this {
    const list = regions ?? [{ sizeBytes: Math.min(source.sizeBytes, target.sizeBytes) }];
    for (const { sourceOffset = 0, targetOffset = 0, sizeBytes } of list) {
      assertRange(source, sourceOffset, sizeBytes);
      assertRange(target, targetOffset, sizeBytes);
    }
    this.#name(source);
    this.#name(target);
    inFrame((frame) => {
      const copies = frame.structs(
        VkBufferCopy,
        list.map(({ sourceOffset = 0, targetOffset = 0, sizeBytes }) => ({
          srcOffset: sourceOffset,
          dstOffset: targetOffset,
          size: sizeBytes,
        })),
      );
      this.#context.commands.vkCmdCopyBuffer(
        this.#handle,
        source.handle,
        target.handle,
        list.length,
        copies.address,
      );
    });
    return this;
  }

  /** Fills bytes with a repeated 32-bit word. Offset and size must be multiples of 4. */
  fill(buffer: DeviceBuffer, offsetBytes: number, sizeBytes: number, word: number): this {
    assertRange(buffer, offsetBytes, sizeBytes, 4);
    this.#name(buffer);
    const { commands } = this.#context;
    commands.vkCmdFillBuffer(this.#handle, buffer.handle, BigInt(offsetBytes), BigInt(sizeBytes), word >>> 0);
    return this;
  }

  /** Makes writes of the `from` side visible to the `to` side, and orders their execution. */
  barrier(from: BarrierScope = "all", to: BarrierScope = "all"): this {
    const barrier = barrierOf(from, to, this.#hasCompute);
    const { commands } = this.#context;
    commands.vkCmdPipelineBarrier(
      this.#handle,
      barrier.from,
      barrier.to,
      0,
      1,
      barrier.address,
      0,
      null,
      0,
      null,
    );
    return this;
  }

  /** Makes every slot writable again. Call it before `timestamp` in the same recording. */
  resetTimestamps(timestamps: Timestamps): this {
    this.#name(timestamps);
    this.#context.commands.vkCmdResetQueryPool(this.#handle, timestamps.handle, 0, timestamps.count);
    return this;
  }

  /** Writes the device's time to a slot when all earlier commands have ended. */
  timestamp(timestamps: Timestamps, slot: number): this {
    if (!(slot >= 0 && slot < timestamps.count)) {
      throw new EverwarpError("EW_BAD_ARGUMENT", `timestamp slot ${slot} of ${timestamps.count}`, {
        remedy: "Slots count from 0.",
      });
    }
    this.#name(timestamps);
    this.#context.commands.vkCmdWriteTimestamp(
      this.#handle,
      Stage.VK_PIPELINE_STAGE_BOTTOM_OF_PIPE_BIT,
      timestamps.handle,
      slot,
    );
    return this;
  }

  /** The VkCommandBuffer. */
  get #handle(): bigint {
    if (this.#commandBuffer !== undefined) return this.#commandBuffer;
    throw new EverwarpError("EW_CLOSED", "a recorder was used after its recording had ended", {
      remedy: "Record only inside the function that was given to record().",
    });
  }

  #bound(what: string): ComputePipeline {
    if (this.#pipeline === undefined) {
      throw new EverwarpError("EW_BAD_ARGUMENT", `${what} without a pipeline`, { remedy: "Bind one first." });
    }
    return this.#pipeline;
  }

  #countDispatch(): this {
    this.dispatches++;
    this.#context.counters.dispatchesRecorded++;
    return this;
  }
}

function assertRange(buffer: DeviceBuffer, offsetBytes: number, sizeBytes: number, multiple = 1): void {
  const isInside = offsetBytes >= 0 && sizeBytes > 0 && offsetBytes + sizeBytes <= buffer.sizeBytes;
  if (!isInside || offsetBytes % multiple !== 0 || sizeBytes % multiple !== 0) {
    const name = buffer.label ?? buffer.role;
    throw new EverwarpError(
      "EW_BAD_ARGUMENT",
      `bytes ${offsetBytes}..${offsetBytes + sizeBytes} of the buffer "${name}" of ${buffer.sizeBytes}`,
      {
        remedy:
          "Stay inside the buffer, with at least one byte" +
          (multiple === 1 ? "." : `, in multiples of ${multiple}.`),
      },
    );
  }
}
