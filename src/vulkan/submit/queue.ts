/** Queues take command buffers and let the device execute them. */

import { EverwarpError } from "../../base/index.ts";
import { checkResult } from "../calls/index.ts";
import type { DeviceContext } from "../context/index.ts";
import type { QueueFamilyInfo } from "../instance/index.ts";
import type { Fence } from "./fence.ts";
import { inFrame } from "../native/index.ts";
import {
  VkCommandPoolCreateFlagBits,
  VkCommandPoolCreateInfo,
  VkPipelineStageFlagBits,
  VkSubmitInfo,
  VkTimelineSemaphoreSubmitInfo,
} from "../generated/index.ts";
import type { Timeline } from "./timeline.ts";

/** A value of a timeline, to wait for or to signal. */
export interface TimelinePoint {
  timeline: Timeline;
  value: bigint;
}

/** The part of a command buffer that a queue needs. */
export interface Submittable {
  /** The queue that the command buffer was created for. */
  readonly queue: Queue;
  /** The VkCommandBuffer. */
  readonly handle: bigint;
  /** The encoded VkSubmitInfo. */
  readonly submitInfoAddress: bigint;
  /** Number of dispatches in the current recording. */
  readonly dispatches: number;
  /** @throws EW_BAD_ARGUMENT if nothing is recorded, EW_CLOSED if an object in the recording was disposed */
  assertSubmittable(): void;
  /** Notes a submission to the queue, with or without a fence. */
  submitted(fence: Fence | undefined): void;
}

/** A queue of a device. It executes command buffers. */
export class Queue {
  readonly familyIndex: number;
  readonly hasCompute: boolean;
  /** Valid bits of timestamps; 0 if the queue has no timestamps. */
  readonly timestampBits: number;
  /** The VkCommandPool of this queue's command buffers. */
  readonly commandPool: bigint;
  readonly #context: DeviceContext;
  readonly #handle: bigint;

  /** @internal */
  constructor(context: DeviceContext, family: QueueFamilyInfo, queueIndex: number) {
    this.#context = context;
    this.familyIndex = family.index;
    this.hasCompute = family.compute;
    this.timestampBits = family.timestampBits;
    const { commands, handle: device } = context;
    this.#handle = inFrame((frame) => {
      const out = frame.bytes(8);
      commands.vkGetDeviceQueue(device, family.index, queueIndex, out.address);
      return out.u64();
    });
    context.queues.push(this.#handle);
    this.commandPool = inFrame((frame) => {
      const info = frame.struct(VkCommandPoolCreateInfo, {
        flags: VkCommandPoolCreateFlagBits.VK_COMMAND_POOL_CREATE_RESET_COMMAND_BUFFER_BIT,
        queueFamilyIndex: family.index,
      });
      const out = frame.bytes(8);
      checkResult(
        commands.vkCreateCommandPool(device, info.address, null, out.address),
        "vkCreateCommandPool",
      );
      return out.u64();
    });
  }

  /** The VkQueue. @throws EW_CLOSED after the device was closed */
  get handle(): bigint {
    this.#context.assertNotClosed();
    return this.#handle;
  }

  /**
   * Stops waiting for all work submitted so far. Objects that are disposed from now on stay until that work has ended.
   */
  leaveBehind(): void {
    this.#context.leaveBehind(this.#handle);
  }

  /**
   * Submits a recorded command buffer, and returns at once.
   *
   * @param fence is signaled when the command buffer has ended; it must be unsignaled and not in use
   * @throws EW_DEVICE_LOST, EW_BAD_ARGUMENT for a command buffer of another queue or without a recording
   */
  submit(commandBuffer: Submittable, fence?: Fence): void {
    this.#assertOurs(commandBuffer);
    const { commands } = this.#context;
    const fenceHandle = fence === undefined ? 0n : fence.handle;
    this.#context.check(
      this.#context.answerAt("submit") ??
        commands.vkQueueSubmit(this.handle, 1, commandBuffer.submitInfoAddress, fenceHandle),
      "vkQueueSubmit",
    );
    this.#count(commandBuffer, fence);
  }

  /** Like `submit`, ordered with other queues: starts after `wait` is reached, and signals `signal` at its end. */
  submitOrdered(
    commandBuffer: Submittable,
    order: { wait?: TimelinePoint; signal?: TimelinePoint; fence?: Fence },
  ): void {
    this.#assertOurs(commandBuffer);
    const { wait, signal, fence } = order;
    inFrame((frame) => {
      const values = frame.struct(VkTimelineSemaphoreSubmitInfo, {
        waitSemaphoreValueCount: wait === undefined ? 0 : 1,
        pWaitSemaphoreValues: wait === undefined ? 0n : frame.u64s([wait.value]),
        signalSemaphoreValueCount: signal === undefined ? 0 : 1,
        pSignalSemaphoreValues: signal === undefined ? 0n : frame.u64s([signal.value]),
      });
      const info = frame.struct(VkSubmitInfo, {
        pNext: values.address,
        waitSemaphoreCount: wait === undefined ? 0 : 1,
        pWaitSemaphores: wait === undefined ? 0n : frame.u64s([wait.timeline.handle]),
        pWaitDstStageMask: frame.u32s([VkPipelineStageFlagBits.VK_PIPELINE_STAGE_ALL_COMMANDS_BIT]),
        commandBufferCount: 1,
        pCommandBuffers: frame.u64s([commandBuffer.handle]),
        signalSemaphoreCount: signal === undefined ? 0 : 1,
        pSignalSemaphores: signal === undefined ? 0n : frame.u64s([signal.timeline.handle]),
      });
      const fenceHandle = fence === undefined ? 0n : fence.handle;
      this.#context.check(
        this.#context.answerAt("submit") ??
          this.#context.commands.vkQueueSubmit(this.handle, 1, info.address, fenceHandle),
        "vkQueueSubmit",
      );
    });
    wait?.timeline.submitted(this.#handle);
    signal?.timeline.submitted(this.#handle);
    this.#count(commandBuffer, fence);
  }

  /** Signals the fence when everything submitted so far has ended. @throws EW_DEVICE_LOST */
  mark(fence: Fence): void {
    this.#context.check(
      this.#context.answerAt("submit") ??
        this.#context.commands.vkQueueSubmit(this.handle, 0, null, fence.handle),
      "vkQueueSubmit",
    );
    fence.submitted(this.#handle);
    this.#context.counters.submits++;
  }

  #assertOurs(commandBuffer: Submittable): void {
    this.#context.assertOpen();
    commandBuffer.assertSubmittable();
    if (commandBuffer.queue !== this) {
      throw new EverwarpError(
        "EW_BAD_ARGUMENT",
        "a command buffer was submitted to a queue that it was not made for",
        {
          remedy: "Name the queue when making the command buffer.",
        },
      );
    }
  }

  #count(commandBuffer: Submittable, fence: Fence | undefined): void {
    commandBuffer.submitted(fence);
    fence?.submitted(this.#handle);
    this.#context.counters.submits++;
    this.#context.counters.dispatchesSubmitted += commandBuffer.dispatches;
  }
}
