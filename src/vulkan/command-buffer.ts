/**
 * Command buffers: recorded once, submitted as often as wanted, recorded anew when they are not running.
 *
 * The submission itself is encoded when the command buffer is made, and never again:
 *
 *   0           72       80
 *   | VkSubmitInfo | handle |
 *          pCommandBuffers ─┘
 */

import { EverwarpError } from "../base/errors.ts";
import { checkResult } from "./check-result.ts";
import type { DeviceContext } from "./context.ts";
import { koffi } from "./ffi.ts";
import { inFrame } from "./frame.ts";
import { VkCommandBufferLevel, VkCommandBufferUsageFlagBits, VkObjectType } from "./generated/constants.ts";
import { VkCommandBufferAllocateInfo, VkCommandBufferBeginInfo, VkSubmitInfo } from "./generated/structs.ts";
import { writeStruct } from "./native-layout.ts";
import type { Queue } from "./queue.ts";
import { Recorder } from "./recorder.ts";

export interface CommandBufferOptions {
  /** The queue that it will be submitted to; the compute queue if not given. */
  queue?: Queue;
  /** Allows submitting again while a submission of it is running. Costs a little on some drivers. */
  simultaneousUse?: boolean;
  label?: string;
}

export class CommandBuffer implements Disposable {
  /** The VkCommandBuffer. */
  readonly handle: bigint;
  readonly queue: Queue;
  /** The encoded VkSubmitInfo. */
  readonly submitInfoAddress: bigint;
  /** Dispatches in the present recording. */
  dispatches = 0;
  readonly #context: DeviceContext;
  readonly #memory = new ArrayBuffer(VkSubmitInfo.sizeBytes + 8);
  readonly #simultaneousUse: boolean;
  #isRecorded = false;
  #disposed = false;

  constructor(context: DeviceContext, queue: Queue, options: CommandBufferOptions = {}) {
    context.assertOpen();
    this.#context = context;
    this.queue = queue;
    this.#simultaneousUse = options.simultaneousUse === true;
    this.handle = inFrame((frame) => {
      const info = frame.struct(VkCommandBufferAllocateInfo, {
        commandPool: queue.commandPool,
        level: VkCommandBufferLevel.VK_COMMAND_BUFFER_LEVEL_PRIMARY,
        commandBufferCount: 1,
      });
      const out = frame.bytes(8);
      const { commands, handle } = context;
      checkResult(
        commands.vkAllocateCommandBuffers(handle, info.address, out.address),
        "vkAllocateCommandBuffers",
      );
      return out.u64();
    });
    this.submitInfoAddress = koffi().address(this.#memory);
    const view = new DataView(this.#memory);
    view.setBigUint64(VkSubmitInfo.sizeBytes, this.handle, true);
    writeStruct(view, 0, VkSubmitInfo, {
      commandBufferCount: 1,
      pCommandBuffers: this.submitInfoAddress + BigInt(VkSubmitInfo.sizeBytes),
    });
    context.name(VkObjectType.VK_OBJECT_TYPE_COMMAND_BUFFER, this.handle, options.label);
    context.track("commandBuffer", this);
  }

  /** Whether there is a complete recording. */
  get isRecorded(): boolean {
    return this.#isRecorded;
  }

  /** Records anew; what was recorded before is gone. It must not be running. Returns the command buffer. */
  record(body: (recorder: Recorder) => void, options: { oneTime?: boolean } = {}): this {
    const { commands } = this.#context;
    this.#context.assertOpen();
    this.#isRecorded = false;
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
      checkResult(commands.vkBeginCommandBuffer(this.handle, info.address), "vkBeginCommandBuffer");
    });
    const recorder = new Recorder(this.#context, this.handle, this.queue.hasCompute);
    try {
      body(recorder);
    } finally {
      // Ended in any case: a command buffer left open could neither be recorded again nor freed cleanly.
      checkResult(commands.vkEndCommandBuffer(this.handle), "vkEndCommandBuffer");
    }
    this.dispatches = recorder.dispatches;
    this.#isRecorded = true;
    return this;
  }

  /** @throws EW_BAD_ARGUMENT when there is nothing recorded, EW_CLOSED after dispose */
  assertSubmittable(): void {
    if (this.#disposed) {
      throw new EverwarpError("EW_CLOSED", "a command buffer was disposed before it was submitted", {
        remedy: "Keep it until its last submission has ended.",
      });
    }
    if (!this.#isRecorded) {
      throw new EverwarpError(
        "EW_BAD_ARGUMENT",
        "a command buffer was submitted with nothing recorded in it",
        {
          remedy: "Record it first (a recording that threw does not count).",
        },
      );
    }
  }

  /** Frees the command buffer; it must not be running. A second call does nothing. */
  [Symbol.dispose](): void {
    if (this.#disposed) return;
    this.#disposed = true;
    this.#context.release("commandBuffer", this, (commands, device) =>
      inFrame((frame) =>
        commands.vkFreeCommandBuffers(device, this.queue.commandPool, 1, frame.u64s([this.handle])),
      ),
    );
  }
}
