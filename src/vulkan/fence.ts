/** Fences: the host's way to learn that a submission has ended. */

import { EverwarpError } from "../base/errors.ts";
import { checkResult } from "./check-result.ts";
import type { DeviceContext } from "./context.ts";
import { koffi } from "./ffi.ts";
import { inFrame } from "./frame.ts";
import { VkFenceCreateFlagBits, VkResult } from "./generated/constants.ts";
import { VkFenceCreateInfo } from "./generated/structs.ts";
import { callAsync } from "./loader.ts";

/** Milliseconds as the nanoseconds that Vulkan takes. */
export function timeoutNs(timeoutMs: number): bigint {
  if (!(timeoutMs >= 0 && timeoutMs <= 1e12)) {
    throw new EverwarpError("EW_BAD_ARGUMENT", `a timeout of ${timeoutMs} ms`, {
      remedy: "Give a bounded time: nothing here waits for ever.",
    });
  }
  return BigInt(Math.round(timeoutMs * 1e6));
}

export class Fence implements Disposable {
  /** The VkFence. */
  readonly handle: bigint;
  readonly #context: DeviceContext;
  /** The handle in memory that never moves, as the calls on lists of fences want it. */
  readonly #list = new BigUint64Array(new ArrayBuffer(8));
  readonly #listAddress: bigint;
  /** Waits on other threads that have not returned. */
  #asyncWaits = 0;
  #disposed = false;

  constructor(context: DeviceContext, options: { signaled?: boolean } = {}) {
    context.assertOpen();
    this.#context = context;
    this.handle = inFrame((frame) => {
      const info = frame.struct(VkFenceCreateInfo, {
        flags: options.signaled === true ? VkFenceCreateFlagBits.VK_FENCE_CREATE_SIGNALED_BIT : 0,
      });
      const out = frame.bytes(8);
      checkResult(
        context.commands.vkCreateFence(context.handle, info.address, null, out.address),
        "vkCreateFence",
      );
      return out.u64();
    });
    this.#list[0] = this.handle;
    this.#listAddress = koffi().address(this.#list);
    context.track("fence", this);
  }

  /** Whether the submission has ended. Never blocks. @throws EW_DEVICE_LOST */
  signaled(): boolean {
    this.#context.counters.fencePolls++;
    const result =
      this.#context.answerAt("fence-status") ??
      this.#context.commands.vkGetFenceStatus(this.#context.handle, this.handle);
    return this.#context.check(result, "vkGetFenceStatus") === VkResult.VK_SUCCESS;
  }

  /**
   * Blocks the thread until the submission has ended.
   *
   * @returns false when the time ran out first
   * @throws EW_DEVICE_LOST
   */
  wait(timeoutMs: number): boolean {
    const timeout = timeoutNs(timeoutMs);
    const { counters, commands, handle } = this.#context;
    counters.fenceWaits++;
    if (timeout > 0n) counters.blockingWaits++;
    const result =
      this.#context.answerAt("fence-wait") ??
      commands.vkWaitForFences(handle, 1, this.#listAddress, 1, timeout);
    return this.#context.check(result, "vkWaitForFences") === VkResult.VK_SUCCESS;
  }

  /**
   * Like `wait`, on another thread: the event loop goes on. Submit first, then wait: a fence may not be handed to a
   * submission while someone waits for it.
   *
   * @throws EW_DEVICE_LOST, also when the device was lost during the wait
   */
  async waitAsync(timeoutMs: number): Promise<boolean> {
    const { counters, handle } = this.#context;
    counters.fenceWaits++;
    const parameters = [handle, 1, this.#listAddress, 1, timeoutNs(timeoutMs)];
    const context = this.#context;
    this.#asyncWaits++;
    context.asyncWaits++;
    try {
      const result = context.answerAt("fence-wait") ?? (await callAsync("vkWaitForFences", parameters));
      const answer = context.isLost ? VkResult.VK_ERROR_DEVICE_LOST : result;
      return context.check(answer, "vkWaitForFences") === VkResult.VK_SUCCESS;
    } finally {
      this.#asyncWaits--;
      context.asyncWaits--;
    }
  }

  /** Makes the fence ready for another submission. It must not be in use by one. */
  reset(): void {
    this.#context.assertOpen();
    this.#context.check(
      this.#context.commands.vkResetFences(this.#context.handle, 1, this.#listAddress),
      "vkResetFences",
    );
  }

  /**
   * Destroys the fence; its submission must have ended. A second call does nothing.
   *
   * @throws EW_BAD_ARGUMENT while a `waitAsync` has not returned
   */
  [Symbol.dispose](): void {
    if (this.#disposed) return;
    if (this.#asyncWaits > 0 && !this.#context.isLost) {
      throw new EverwarpError("EW_BAD_ARGUMENT", "a fence was disposed while a thread waits for it", {
        remedy: "Await the promise of waitAsync first.",
      });
    }
    this.#disposed = true;
    this.#context.release("fence", this, (commands, device) =>
      commands.vkDestroyFence(device, this.handle, null),
    );
  }
}
