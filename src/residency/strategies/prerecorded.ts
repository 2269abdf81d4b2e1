/**
 * `redispatch` and `batch`: the launch is recorded once and resubmitted; answers are seen in mapped memory, so the host never waits
 * for a fence. `redispatch` takes one request a launch, `batch` all that is queued, up to a limit.
 *
 * Two recordings take turns: one may still be retiring in the driver while the other is submitted.
 */
import type { CommandBuffer, Fence } from "../../vulkan/index.ts";
import { launchTimeout, type LaunchStrategy, type StrategyContext } from "./strategy.ts";

const TURNS = 2;

interface Turn {
  readonly commandBuffer: CommandBuffer;
  readonly fence: Fence;
  isPending: boolean;
}

export class PrerecordedStrategy implements LaunchStrategy {
  readonly name: "redispatch" | "batch";
  readonly hasFence = false;
  readonly #context: StrategyContext;
  readonly #requestsMax: number;
  readonly #turns: Turn[] = [];
  #turn = 0;
  #next = 0;

  /** @param requestsMax requests that one launch takes at most */
  constructor(name: "redispatch" | "batch", context: StrategyContext, requestsMax: number) {
    this.name = name;
    this.#context = context;
    this.#requestsMax = requestsMax;
  }

  start(first: number): Promise<void> {
    const { device, site } = this.#context;
    this.#next = first;
    this.dispose(); // what a loss of the device left
    for (let block = 0; block < TURNS; block++) {
      const commandBuffer = device.record((recorder) =>
        site.record(recorder, block, site.boundedWorkgroupCount, true),
      );
      this.#turns.push({ commandBuffer, fence: device.createFence(), isPending: false });
    }
    return Promise.resolve();
  }

  advance(): void {
    const waiting = (this.#context.publishedEnd() - this.#next) >>> 0;
    // One launch at a time: whatever comes while it runs is taken together by the next.
    if (waiting === 0 || this.#context.oldestUnanswered() !== this.#next) return;
    const turn = this.#turns[this.#turn];
    if (!this.#retire(turn)) return;
    const { device, site } = this.#context;
    const count = Math.min(waiting, this.#requestsMax);
    site.control(this.#turn, this.#next, (this.#next + count - 1) >>> 0);
    device.queue.submit(turn.commandBuffer, turn.fence);
    turn.isPending = true;
    this.#turn = (this.#turn + 1) % TURNS;
    this.#next = (this.#next + count) >>> 0;
  }

  block(): void {
    // Answers are seen in memory: there is nothing to block on.
  }

  assertRunning(): void {
    // A launch that ends is what is wanted; a lost device shows when its fence is looked at.
    for (const { isPending, fence } of this.#turns) if (isPending) fence.signaled();
    this.advance();
  }

  async stop(timeoutMs: number): Promise<void> {
    for (const turn of this.#turns) {
      if (turn.isPending && !(await turn.fence.waitAsync(timeoutMs))) {
        throw launchTimeout(timeoutMs);
      }
      this.#retire(turn);
    }
    this.dispose();
  }

  dispose(): void {
    for (const { commandBuffer, fence } of this.#turns.splice(0)) {
      commandBuffer[Symbol.dispose]();
      fence[Symbol.dispose]();
    }
  }

  /** True when the turn's recording may be submitted again. */
  #retire(turn: Turn): boolean {
    if (!turn.isPending) return true;
    if (!turn.fence.signaled()) return false;
    turn.fence.reset();
    turn.isPending = false;
    return true;
  }
}
