/**
 * Work that is recorded, submitted once and waited for.
 *
 * Invariant: a spare fence has no submission that may still run. Fences are kept because the driver of an NVIDIA H200
 * takes 0.5 ms to make and destroy one, where the work itself takes 0.05 ms.
 */
import type { DeviceContext } from "../context/index.ts";
import { CommandBuffer, Fence, type Queue, type Recorder } from "../submit/index.ts";
import { overdueError } from "./device-errors.ts";

const SPARE_FENCES_MAX = 4;

/** See the head of this file. */
export class OneTimeWork {
  readonly #context: DeviceContext;
  readonly #spareFences: Fence[] = [];

  constructor(context: DeviceContext) {
    this.#context = context;
  }

  get spareFenceCount(): number {
    return this.#spareFences.length;
  }

  /** Blocks until the work has ended. @throws as `Device.run` */
  run(queue: Queue, body: (recorder: Recorder) => void, timeoutMs: number): void {
    const fence = this.#takeFence();
    let isFree = true;
    try {
      using commandBuffer = CommandBuffer.recorded(this.#context, queue, body, { oneTime: true });
      queue.submit(commandBuffer, fence);
      isFree = false;
      isFree = fence.wait({ timeoutMs });
      if (!isFree) throw overdueError(this.#context.physical.info.name, timeoutMs);
    } finally {
      this.#giveFence(fence, isFree);
    }
  }

  /** Resolves when the work has ended. @throws as `Device.runAsync` */
  async runAsync(queue: Queue, body: (recorder: Recorder) => void, timeoutMs: number): Promise<void> {
    const fence = this.#takeFence();
    let isFree = true;
    try {
      using commandBuffer = CommandBuffer.recorded(this.#context, queue, body, { oneTime: true });
      queue.submit(commandBuffer, fence);
      isFree = false;
      isFree = fence.wait({ timeoutMs: 0 }) || (await fence.waitAsync({ timeoutMs }));
      if (!isFree) throw overdueError(this.#context.physical.info.name, timeoutMs);
    } finally {
      this.#giveFence(fence, isFree);
    }
  }

  #takeFence(): Fence {
    return this.#spareFences.pop() ?? new Fence(this.#context);
  }

  /** @param isFree whether no submission can use the fence any more */
  #giveFence(fence: Fence, isFree: boolean): void {
    const isKept = isFree && !this.#context.isLost && this.#spareFences.length < SPARE_FENCES_MAX;
    if (!isKept) return fence[Symbol.dispose]();
    fence.reset();
    this.#spareFences.push(fence);
  }
}
