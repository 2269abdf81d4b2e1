/**
 * `dispatch`: record, submit and wait for a fence, for every request. What everything else is compared with.
 */
import type { CommandBuffer, Fence } from "../../vulkan/index.ts";
import { launchTimeout, type LaunchStrategy, type StrategyContext } from "./strategy.ts";

const BLOCK = 0;

export class DispatchStrategy implements LaunchStrategy {
  readonly name = "dispatch";
  readonly hasFence = true;
  readonly #context: StrategyContext;
  readonly #commandBuffer: CommandBuffer;
  readonly #fence: Fence;
  #next = 0;
  #isRunning = false;

  constructor(context: StrategyContext) {
    this.#context = context;
    this.#commandBuffer = context.device.createCommandBuffer();
    this.#fence = context.device.createFence();
  }

  start(first: number): Promise<void> {
    this.#next = first;
    return Promise.resolve();
  }

  advance(): void {
    if (this.#isRunning && !this.#fence.signaled()) return;
    this.#finish();
    if (this.#next === this.#context.publishedEnd()) return;
    const { site, device } = this.#context;
    site.control(BLOCK, this.#next, this.#next);
    this.#commandBuffer.record((recorder) => site.record(recorder, BLOCK, site.boundedWorkgroupCount, true));
    device.queue.submit(this.#commandBuffer, this.#fence);
    this.#isRunning = true;
    this.#next = (this.#next + 1) >>> 0;
  }

  block(timeoutMs: number): void {
    if (this.#isRunning) this.#fence.wait(timeoutMs);
  }

  assertRunning(): void {
    // A launch that ends is what is wanted; a lost device shows when its fence is looked at.
    this.advance();
  }

  async stop(timeoutMs: number): Promise<void> {
    if (this.#isRunning && !(await this.#fence.waitAsync(timeoutMs))) {
      throw launchTimeout(timeoutMs);
    }
    this.#finish();
  }

  dispose(): void {
    this.#commandBuffer[Symbol.dispose]();
    this.#fence[Symbol.dispose]();
  }

  #finish(): void {
    if (!this.#isRunning) return;
    this.#isRunning = false;
    this.#fence.reset();
  }
}
