/**
 * Command buffers. A command buffer is recorded once and submitted any number of times. It can be recorded again while
 * it is not running.
 *
 * The submission is encoded only once, when the command buffer is created:
 *
 *   0           72       80
 *   | VkSubmitInfo | handle |
 *          pCommandBuffers ─┘
 */

import { EverwarpError } from "../../base/index.ts";
import { checkResult } from "../calls/index.ts";
import { type DeviceContext, DeviceObject, type Recording } from "../context/index.ts";
import type { Fence } from "./fence.ts";
import { inFrame, koffi, writeStruct } from "../native/index.ts";
import {
  type CoreCommands,
  VkCommandBufferAllocateInfo,
  VkCommandBufferBeginInfo,
  VkCommandBufferLevel,
  VkCommandBufferUsageFlagBits,
  VkObjectType,
  VkSubmitInfo,
} from "../generated/index.ts";
import type { Queue } from "./queue.ts";
import { Recorder } from "./recorder.ts";

/** How a command buffer will be used. */
export interface CommandBufferOptions {
  /** The queue for its submissions; the compute queue if not given. */
  queue?: Queue;
  /** Allows a submission while an earlier submission is still running. This has a small cost on some drivers. */
  simultaneousUse?: boolean;
  label?: string;
}

/** A command buffer. `handle` is the VkCommandBuffer. */
export class CommandBuffer extends DeviceObject implements Recording {
  readonly queue: Queue;
  /** The encoded VkSubmitInfo. */
  readonly submitInfoAddress: bigint;
  /** Number of dispatches in the current recording. */
  dispatches = 0;
  readonly #memory = new ArrayBuffer(VkSubmitInfo.sizeBytes + 8);
  readonly #simultaneousUse: boolean;
  #isRecorded = false;
  /** The fence of the last submission; undefined if there is none. */
  #fence: Fence | undefined;
  #isSubmitted = false;
  /** The objects in the recording. The command buffer can be submitted while all of them are alive. */
  readonly #recordedObjects = new Set<DeviceObject>();
  #isRecording = false;

  /** @internal */
  constructor(context: DeviceContext, queue: Queue, options: CommandBufferOptions = {}) {
    super(context, "commandBuffer");
    this.queue = queue;
    this.#simultaneousUse = options.simultaneousUse === true;
    const handle = inFrame((frame) => {
      const info = frame.struct(VkCommandBufferAllocateInfo, {
        commandPool: queue.commandPool,
        level: VkCommandBufferLevel.VK_COMMAND_BUFFER_LEVEL_PRIMARY,
        commandBufferCount: 1,
      });
      const out = frame.bytes(8);
      const { commands, handle: device } = context;
      checkResult(
        commands.vkAllocateCommandBuffers(device, info.address, out.address),
        "vkAllocateCommandBuffers",
      );
      return out.u64();
    });
    this.submitInfoAddress = koffi().address(this.#memory);
    const view = new DataView(this.#memory);
    view.setBigUint64(VkSubmitInfo.sizeBytes, handle, true);
    writeStruct(view, 0, VkSubmitInfo, {
      commandBufferCount: 1,
      pCommandBuffers: this.submitInfoAddress + BigInt(VkSubmitInfo.sizeBytes),
    });
    context.name(VkObjectType.VK_OBJECT_TYPE_COMMAND_BUFFER, handle, options.label);
    this.adopt(handle);
  }

  /** Makes a command buffer and records it; nothing is left behind if that fails. @internal */
  static recorded(
    context: DeviceContext,
    queue: Queue,
    body: (recorder: Recorder) => void,
    { oneTime = false, ...options }: CommandBufferOptions & { oneTime?: boolean } = {},
  ): CommandBuffer {
    const commandBuffer = new CommandBuffer(context, queue, options);
    try {
      return commandBuffer.record(body, { oneTime });
    } catch (error) {
      commandBuffer[Symbol.dispose]();
      throw error;
    }
  }

  /** Whether there is a complete recording. */
  get isRecorded(): boolean {
    return this.#isRecorded;
  }

  /** Replaces the recording. The command buffer must not be running. Returns the command buffer. */
  record(body: (recorder: Recorder) => void, options: { oneTime?: boolean } = {}): this {
    const { commands } = this.context;
    this.context.assertOpen();
    this.#assertNotRecording();
    const { handle } = this;
    this.#isRecorded = false;
    this.#clearRecording();
    inFrame((frame) => {
      const info = frame.struct(VkCommandBufferBeginInfo, {
        flags:
          (options.oneTime === true
            ? VkCommandBufferUsageFlagBits.VK_COMMAND_BUFFER_USAGE_ONE_TIME_SUBMIT_BIT
            : 0) |
          (this.#simultaneousUse
            ? VkCommandBufferUsageFlagBits.VK_COMMAND_BUFFER_USAGE_SIMULTANEOUS_USE_BIT
            : 0),
      });
      checkResult(commands.vkBeginCommandBuffer(handle, info.address), "vkBeginCommandBuffer");
    });
    const recorder = new Recorder(this.context, handle, this.queue.hasCompute, (object) => {
      if (this.#recordedObjects.has(object)) return;
      object.enterRecording(this);
      this.#recordedObjects.add(object);
    });
    const release = this.context.hold("a recording");
    this.#isRecording = true;
    try {
      body(recorder);
    } finally {
      this.#isRecording = false;
      release();
      recorder.end();
      // End the recording even after an error: an unfinished recording could neither be replaced nor freed cleanly.
      checkResult(commands.vkEndCommandBuffer(handle), "vkEndCommandBuffer");
    }
    this.dispatches = recorder.dispatches;
    this.#isRecorded = true;
    return this;
  }

  /**
   * @throws EW_BAD_ARGUMENT if nothing is recorded, EW_CLOSED if the command buffer or an object in its recording was
   * disposed
   */
  assertSubmittable(): void {
    this.assertAlive();
    if (!this.#isRecorded) {
      throw new EverwarpError(
        "EW_BAD_ARGUMENT",
        "a command buffer was submitted with nothing recorded in it",
        {
          remedy: "Record it first (a recording that threw does not count).",
        },
      );
    }
    for (const object of this.#recordedObjects) object.assertAlive();
  }

  /** Notes a submission to the queue, with or without a fence. */
  submitted(fence: Fence | undefined): void {
    this.#isSubmitted = true;
    this.#fence = fence;
  }

  giveUp(): void {
    if (!this.#isSubmitted) return;
    if (this.#fence === undefined) this.queue.leaveBehind();
    else this.#fence.giveUp();
  }

  /** @throws EW_IN_USE while the command buffer is being recorded */
  protected override prepareDispose(): void {
    this.#assertNotRecording();
    this.giveUp();
    this.#clearRecording();
  }

  protected destroy(commands: CoreCommands, device: bigint, handle: bigint): void {
    const pool = this.queue.commandPool;
    inFrame((frame) => commands.vkFreeCommandBuffers(device, pool, 1, frame.u64s([handle])));
  }

  #clearRecording(): void {
    for (const object of this.#recordedObjects) object.leaveRecording(this);
    this.#recordedObjects.clear();
  }

  #assertNotRecording(): void {
    if (!this.#isRecording) return;
    throw new EverwarpError("EW_IN_USE", "a command buffer is being recorded", {
      remedy: "Let the function that records it return first.",
    });
  }
}
