/**
 * Marks at the end of everything that was submitted to the queues of a device. When all marks have been passed, nothing
 * runs on these queues.
 *
 * Marks ask the driver, even after a loss. If the device is really gone, the driver says so at once, and nothing runs.
 * If the loss was injected by a test, kernels still run and still use their memory.
 */

import { checkResult } from "../calls/index.ts";
import { inFrame } from "../native/index.ts";
import { type CoreCommands, VkFenceCreateInfo, VkResult } from "../generated/index.ts";

/** One mark in each of several queues. */
export class QueueMarks {
  readonly #commands: CoreCommands;
  readonly #device: bigint;
  /** One VkFence for each queue whose mark has not been passed. */
  #fences: bigint[] = [];

  /** Sets a mark in each queue. @throws EW_OUT_OF_DEVICE_MEMORY, EW_OUT_OF_HOST_MEMORY */
  constructor(commands: CoreCommands, device: bigint, queues: readonly bigint[]) {
    this.#commands = commands;
    this.#device = device;
    for (const queue of queues) {
      const fence = inFrame((frame) => {
        const out = frame.bytes(8);
        const info = frame.struct(VkFenceCreateInfo, {});
        checkResult(commands.vkCreateFence(device, info.address, null, out.address), "vkCreateFence");
        return out.u64();
      });
      const result = commands.vkQueueSubmit(queue, 0, null, fence);
      if (result === VkResult.VK_SUCCESS) this.#fences.push(fence);
      else commands.vkDestroyFence(device, fence, null);
      if (result !== VkResult.VK_ERROR_DEVICE_LOST) checkResult(result, "vkQueueSubmit");
    }
  }

  /**
   * Whether all marks have been passed. The fences are then destroyed.
   *
   * @param timeoutNs how long to wait, in nanoseconds
   */
  arePassed(timeoutNs: bigint): boolean {
    if (this.#fences.length === 0) return true;
    const result = inFrame((frame) =>
      this.#commands.vkWaitForFences(
        this.#device,
        this.#fences.length,
        frame.u64s(this.#fences),
        1,
        timeoutNs,
      ),
    );
    if (result === VkResult.VK_TIMEOUT) return false;
    if (result !== VkResult.VK_ERROR_DEVICE_LOST) checkResult(result, "vkWaitForFences");
    for (const fence of this.#fences) this.#commands.vkDestroyFence(this.#device, fence, null);
    this.#fences = [];
    return true;
  }
}
