/** Timelines: counters that submissions of any queue wait for and raise. The host can read and raise them too. */

import { checkResult } from "../calls/index.ts";
import { type DeviceContext, DeviceObject } from "../context/index.ts";
import { timeoutNs, type WaitOptions, waitTimeMs } from "./fence.ts";
import { inFrame } from "../native/index.ts";
import {
  type CoreCommands,
  VkResult,
  VkSemaphoreCreateInfo,
  VkSemaphoreSignalInfo,
  VkSemaphoreType,
  VkSemaphoreTypeCreateInfo,
  VkSemaphoreWaitInfo,
} from "../generated/index.ts";

/** A timeline. `handle` is the VkSemaphore. */
export class Timeline extends DeviceObject {
  /** The queues (VkQueue) of submissions that use this timeline. */
  readonly #queues = new Set<bigint>();

  /** @internal */
  constructor(context: DeviceContext, initialValue = 0n) {
    super(context, "timeline");
    const handle = inFrame((frame) => {
      const type = frame.struct(VkSemaphoreTypeCreateInfo, {
        semaphoreType: VkSemaphoreType.VK_SEMAPHORE_TYPE_TIMELINE,
        initialValue,
      });
      const info = frame.struct(VkSemaphoreCreateInfo, { pNext: type.address });
      const out = frame.bytes(8);
      const { commands, handle } = context;
      checkResult(commands.vkCreateSemaphore(handle, info.address, null, out.address), "vkCreateSemaphore");
      return out.u64();
    });
    this.adopt(handle);
  }

  /** The current value. Never blocks. @throws EW_DEVICE_LOST */
  value(): bigint {
    this.assertAlive();
    const { commands, handle: device } = this.context;
    return inFrame((frame) => {
      const out = frame.bytes(8);
      this.context.check(
        this.context.answerAt("fence-status") ??
          commands.vkGetSemaphoreCounterValue(device, this.handle, out.address),
        "vkGetSemaphoreCounterValue",
      );
      return out.u64();
    });
  }

  /** Raises the value from the host. The new value must be greater. */
  signal(value: bigint): void {
    const { commands, handle: device } = this.context;
    this.context.assertOpen();
    inFrame((frame) => {
      const info = frame.struct(VkSemaphoreSignalInfo, { semaphore: this.handle, value });
      this.context.check(commands.vkSignalSemaphore(device, info.address), "vkSignalSemaphore");
    });
  }

  /**
   * Blocks the thread until the value is reached.
   *
   * @returns false if the timeout passed first
   * @throws EW_DEVICE_LOST, EW_BAD_ARGUMENT
   */
  wait(value: bigint, options: WaitOptions): boolean {
    const { commands, handle: device, counters } = this.context;
    const timeout = timeoutNs(waitTimeMs(options));
    counters.fenceWaits++;
    if (timeout > 0n) counters.blockingWaits++;
    return inFrame((frame) => {
      const info = frame.struct(VkSemaphoreWaitInfo, {
        semaphoreCount: 1,
        pSemaphores: frame.u64s([this.handle]),
        pValues: frame.u64s([value]),
      });
      const result =
        this.context.answerAt("fence-wait") ?? commands.vkWaitSemaphores(device, info.address, timeout);
      return this.context.check(result, "vkWaitSemaphores") === VkResult.VK_SUCCESS;
    });
  }

  /** Notes that a submission to a queue (a VkQueue) waits for or raises this timeline. */
  submitted(queue: bigint): void {
    this.#queues.add(queue);
  }

  protected override prepareDispose(): void {
    for (const queue of this.#queues) this.context.leaveBehind(queue);
  }

  protected destroy(commands: CoreCommands, device: bigint, handle: bigint): void {
    commands.vkDestroySemaphore(device, handle, null);
  }
}
