/**
 * Command buffers: recorded once, submitted as often as wanted, recorded anew when they are not running.
 *
 * The submission itself is encoded when the command buffer is made, and never again:
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

/** What a command buffer is for. */
export interface CommandBufferOptions {
  /** The queue that it will be submitted to; the compute queue if not given. */
  queue?: Queue;
  /** Allows submitting again while a submission of it is running. Costs a little on some drivers. */
  simultaneousUse?: boolean;
  label?: string;
}

/** Its handle is the VkCommandBuffer. */
export class CommandBuffer extends DeviceObject implements Recording {
  readonly queue: Queue;
  /** The encoded VkSubmitInfo. */
  readonly submitInfoAddress: bigint;
  /** Dispatches in the present recording. */
  dispatches = 0;
  readonly #memory = new ArrayBuffer(VkSubmitInfo.sizeBytes + 8);
  readonly #simultaneousUse: boolean;
  #isRecorded = false;
  /** What tells the end of its last submission; undefined where nothing does, and before the first. */
  #fence: Fence | undefined;
  #isSubmitted = false;
  /** What the recording names: it can be submitted while all of them are alive. */
  readonly #named = new Set<DeviceObject>();
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

  /** Whether there is a complete recording. */
  get isRecorded(): boolean {
    return this.#isRecorded;
  }

  /** Records anew; what was recorded before is gone. It must not be running. Returns the command buffer. */
  record(body: (recorder: Recorder) => void, options: { oneTime?: boolean } = {}): this {
    const { commands } = this.context;
    this.context.assertOpen();
    this.#assertNotRecording();
    const { handle } = this;
    this.#isRecorded = false;
    this.#forget();
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
      if (this.#named.has(object)) return;
      object.enterRecording(this);
      this.#named.add(object);
    });
    const letGo = this.context.hold("a recording");
    this.#isRecording = true;
    try {
      body(recorder);
    } finally {
      this.#isRecording = false;
      letGo();
      recorder.end();
      // Ended in any case: a command buffer left open could neither be recorded again nor freed cleanly.
      checkResult(commands.vkEndCommandBuffer(handle), "vkEndCommandBuffer");
    }
    this.dispatches = recorder.dispatches;
    this.#isRecorded = true;
    return this;
  }

  /**
   * @throws EW_BAD_ARGUMENT when there is nothing recorded, EW_CLOSED when it or something that it names was disposed
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
    for (const object of this.#named) object.assertAlive();
  }

  /** It was handed to its queue, with a fence or without. */
  submitted(fence: Fence | undefined): void {
    this.#isSubmitted = true;
    this.#fence = fence;
  }

  giveUp(): void {
    if (!this.#isSubmitted) return;
    if (this.#fence === undefined) this.queue.leaveBehind();
    else this.#fence.giveUp();
  }

  /** @throws EW_IN_USE while it is being recorded */
  protected override prepareDispose(): void {
    this.#assertNotRecording();
    this.giveUp();
    this.#forget();
  }

  protected destroy(commands: CoreCommands, device: bigint, handle: bigint): void {
    const pool = this.queue.commandPool;
    inFrame((frame) => commands.vkFreeCommandBuffers(device, pool, 1, frame.u64s([handle])));
  }

  #forget(): void {
    for (const object of this.#named) object.leaveRecording(this);
    this.#named.clear();
  }

  #assertNotRecording(): void {
    if (!this.#isRecording) return;
    throw new EverwarpError("EW_IN_USE", "a command buffer is being recorded", {
      remedy: "Let the function that records it return first.",
    });
  }
}
