/** `dispatch`: records, submits and waits for a fence for every request. It is the baseline for comparisons. */
import type { CommandBuffer, Fence } from "../../vulkan/index.ts";
import {
  hasParked,
  hasSignaled,
  launchTimeout,
  type LaunchStrategy,
  restUntilMs,
  type StrategyContext,
} from "./strategy.ts";

const BLOCK = 0;

/** Records, submits and waits for a fence for every request. */
export class DispatchStrategy implements LaunchStrategy {
  readonly name = "dispatch";
  readonly hasFence = true;
  readonly #context: StrategyContext;
  readonly #commandBuffer: CommandBuffer;
  readonly #fence: Fence;
  #isRunning = false;
  /** With a duty cycle: the earliest time of the next launch. */
  #notBeforeMs = 0;
  #launchedMs = 0;

  constructor(context: StrategyContext) {
    this.#context = context;
    const { device, queue } = context.launcher;
    this.#commandBuffer = device.createCommandBuffer({ queue });
    this.#fence = device.createFence();
  }

  start(): Promise<void> {
    return Promise.resolve();
  }

  advance(): void {
    if (this.#isRunning && !this.#fence.signaled()) return;
    this.#finish();
    const { launcher, queues, counts } = this.#context;
    const priority = queues.findLastIndex(
      ({ oldestSequence, nextSequence }) => oldestSequence !== nextSequence,
    );
    if (priority < 0 || performance.now() < this.#notBeforeMs) return;
    // One request: the oldest of the most urgent priority. From the other queues, no new request.
    const [lastNormal, lastUrgent = 0] = queues.map(({ oldestSequence }, index) =>
      index === priority ? oldestSequence : (oldestSequence - 1) >>> 0,
    );
    launcher.control(BLOCK, lastNormal, lastUrgent);
    this.#commandBuffer.record((recorder) =>
      launcher.record(recorder, BLOCK, launcher.boundedWorkgroupCount, true),
    );
    launcher.queue.submit(this.#commandBuffer, this.#fence);
    counts.launches++;
    this.#launchedMs = performance.now();
    this.#isRunning = true;
  }

  block(timeoutMs: number): void {
    if (this.#isRunning) this.#fence.wait({ timeoutMs });
  }

  assertRunning(): void {
    // An ended launch is fine here. A lost device is noticed when the fence is checked.
    this.advance();
  }

  async stop(timeoutMs: number): Promise<void> {
    if (this.#isRunning) {
      this.#context.launcher.stop(BLOCK);
      if (!(await hasSignaled(this.#fence, timeoutMs))) throw launchTimeout(timeoutMs);
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
    const { launcher } = this.#context;
    this.#notBeforeMs = restUntilMs(this.#launchedMs, launcher.settings.dutyCycle);
    hasParked(launcher.phaseOf(launcher.epoch));
  }
}
