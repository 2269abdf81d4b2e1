/** Fences tell the host when a submission has ended. */

import { EverwarpError, matching, nowMs, type OptionChecks, readOptions } from "../../base/index.ts";
import { callAsync, checkResult } from "../calls/index.ts";
import { type DeviceContext, DeviceObject } from "../context/index.ts";
import { inFrame, koffi } from "../native/index.ts";
import { type CoreCommands, VkFenceCreateFlagBits, VkFenceCreateInfo, VkResult } from "../generated/index.ts";

/** How long a wait may take. */
export interface WaitOptions {
  /** Milliseconds; a finite number. */
  readonly timeoutMs: number;
}

const MAX_TIMEOUT_MS = 1e12;
const WAIT_OPTIONS: OptionChecks<WaitOptions> = {
  timeoutMs: matching(
    "a finite number of milliseconds, 0 or more",
    (value) => typeof value === "number" && value >= 0 && value <= MAX_TIMEOUT_MS,
  ),
};

/** The options of a wait. @returns milliseconds @throws EW_BAD_ARGUMENT */
export function waitTimeMs(given: unknown): number {
  return readOptions("the options of the wait", given, WAIT_OPTIONS, "timeoutMs").timeoutMs;
}

/** Converts milliseconds to Vulkan's nanoseconds. The longest time is one that Vulkan can count. */
export function timeoutNs(timeoutMs: number): bigint {
  return BigInt(Math.round(Math.min(timeoutMs, MAX_TIMEOUT_MS) * 1e6));
}

/**
 * The longest single wait on a worker thread. During such a wait the thread can do nothing else and the process cannot
 * exit. A device loss that is noticed elsewhere is seen only after the wait.
 */
const ASYNC_SLICE_MS = 50;

/** A fence. `handle` is the VkFence. */
export class Fence extends DeviceObject {
  /** The handle in memory that never moves, for calls that take a list of fences. */
  readonly #list = new BigUint64Array(new ArrayBuffer(8));
  readonly #listAddress: bigint;
  /** Waits on worker threads that have not returned. */
  #asyncWaits = 0;
  /** The VkQueue of the submission, until the submission is known to have ended. */
  #queue: bigint | undefined;

  /** @internal */
  constructor(context: DeviceContext, options: { signaled?: boolean } = {}) {
    super(context, "fence");
    const handle = inFrame((frame) => {
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
    this.#list[0] = handle;
    this.#listAddress = koffi().address(this.#list);
    this.adopt(handle);
  }

  /** Notes that a submission to a queue (a VkQueue) uses this fence. */
  submitted(queue: bigint): void {
    this.#queue = queue;
  }

  /** Notes that the submission runs until it is told to end. */
  stays(): void {
    this.context.addStaying(this);
  }

  /** Whether the submission has ended. Never blocks. @throws EW_DEVICE_LOST, EW_CLOSED as `handle` */
  signaled(): boolean {
    const { context, handle } = this;
    context.counters.fencePolls++;
    const result =
      context.answerAt("fence-status") ?? context.commands.vkGetFenceStatus(context.handle, handle);
    return this.#hasEnded(context.check(result, "vkGetFenceStatus"));
  }

  /**
   * Whether the driver says that a submission is still running. Used during cleanup, so a loss of the device does not
   * throw.
   */
  isPending(): boolean {
    if (this.#queue === undefined || this.isDisposed) return false;
    const { context, handle } = this;
    if (context.isLost || context.closed) return false;
    return context.commands.vkGetFenceStatus(context.handle, handle) === VkResult.VK_NOT_READY;
  }

  /**
   * Stops waiting for a submission that is still running. Objects that are disposed from now on stay until it has
   * ended.
   */
  giveUp(): void {
    if (this.#queue !== undefined && this.isPending()) this.context.leaveBehind(this.#queue);
    this.#queue = undefined;
  }

  /**
   * Blocks the thread until the submission has ended.
   *
   * @returns false if the timeout passed first
   * @throws EW_DEVICE_LOST, EW_BAD_ARGUMENT
   */
  wait(options: WaitOptions): boolean {
    const timeout = timeoutNs(waitTimeMs(options));
    this.assertAlive();
    const { counters, commands, handle } = this.context;
    counters.fenceWaits++;
    if (timeout > 0n) counters.blockingWaits++;
    const result =
      this.context.answerAt("fence-wait") ??
      commands.vkWaitForFences(handle, 1, this.#listAddress, 1, timeout);
    return this.#hasEnded(this.context.check(result, "vkWaitForFences"));
  }

  /**
   * Like `wait`, on a worker thread, so the event loop is not blocked. Submit first, then wait: a fence must not be
   * given to a submission during a wait.
   *
   * @throws EW_DEVICE_LOST, also if the device was lost during the wait
   */
  async waitAsync(options: WaitOptions): Promise<boolean> {
    const timeoutMs = waitTimeMs(options);
    this.assertAlive();
    const { context } = this;
    const { handle } = context;
    context.counters.fenceWaits++;
    const endMs = nowMs() + timeoutMs;
    this.#asyncWaits++;
    context.asyncWaits++;
    try {
      for (;;) {
        const leftMs = Math.max(0, endMs - nowMs());
        const slice = timeoutNs(Math.min(ASYNC_SLICE_MS, leftMs));
        const result =
          context.answerAt("fence-wait") ??
          (await callAsync("vkWaitForFences", [handle, 1, this.#listAddress, 1, slice]));
        const answer = context.isLost ? VkResult.VK_ERROR_DEVICE_LOST : result;
        if (this.#hasEnded(context.check(answer, "vkWaitForFences"))) return true;
        if (leftMs <= ASYNC_SLICE_MS) return false;
      }
    } finally {
      this.#asyncWaits--;
      context.asyncWaits--;
    }
  }

  /** Makes the fence ready for another submission. No submission may be using the fence. */
  reset(): void {
    const { context } = this;
    context.assertOpen();
    this.assertAlive();
    context.check(context.commands.vkResetFences(context.handle, 1, this.#listAddress), "vkResetFences");
    this.#queue = undefined;
  }

  /** @throws EW_BAD_ARGUMENT while a `waitAsync` has not returned */
  protected override prepareDispose(): void {
    if (this.#asyncWaits > 0 && !this.context.isLost) {
      throw new EverwarpError("EW_BAD_ARGUMENT", "a fence was disposed while a thread waits for it", {
        remedy: "Await the promise of waitAsync first.",
      });
    }
    this.giveUp();
  }

  protected destroy(commands: CoreCommands, device: bigint, handle: bigint): void {
    commands.vkDestroyFence(device, handle, null);
  }

  /** Whether a result says that the submission has ended. */
  #hasEnded(result: number): boolean {
    const isEnd = result === VkResult.VK_SUCCESS;
    if (isEnd) this.#queue = undefined;
    return isEnd;
  }
}
