/**
 * `redispatch` and `batch`: the launch is recorded once and resubmitted; answers are seen in mapped memory, so the host
 * never waits for a fence. `redispatch` takes one request a launch, `batch` all that is queued, up to a limit.
 *
 * Two recordings take turns: one may still be retiring in the driver while the other is submitted. One launch is under
 * way at a time: whatever comes while it runs is taken together by the next.
 */
import type { CommandBuffer, Fence } from "../../vulkan/index.ts";
import {
  hasParked,
  hasSignaled,
  hasUnanswered,
  launchTimeout,
  type LaunchStrategy,
  restUntilMs,
  type StrategyContext,
} from "./strategy.ts";

const TURNS = 2;

interface Turn {
  readonly commandBuffer: CommandBuffer;
  readonly fence: Fence;
  isPending: boolean;
}

/** Submits a recorded launch again and again: `redispatch` and `batch`. */
export class PrerecordedStrategy implements LaunchStrategy {
  readonly name: "redispatch" | "batch";
  readonly hasFence = false;
  readonly #context: StrategyContext;
  readonly #maxRequests: number;
  readonly #turns: Turn[] = [];
  #turn = 0;
  /** Workgroups of the recorded launches. */
  #recordedCount = 0;
  /**
   * Behind the last request of each priority that the launch under way takes; nothing is under way when all before are
   * answered.
   */
  readonly #launchedEnd: number[];
  #isUnderWay = false;
  #notBeforeMs = 0;
  #launchedMs = 0;

  readonly #countWorkgroups: () => number;

  /**
   * @param maxRequests requests that one launch takes at most
   * @param countWorkgroups workgroups of a launch; those of the launcher if not given
   */
  constructor(
    name: "redispatch" | "batch",
    context: StrategyContext,
    maxRequests: number,
    countWorkgroups = (): number => context.launcher.boundedWorkgroupCount,
  ) {
    this.name = name;
    this.#context = context;
    this.#maxRequests = maxRequests;
    this.#countWorkgroups = countWorkgroups;
    this.#launchedEnd = context.queues.map(() => 0);
  }

  start(): Promise<void> {
    this.resume();
    return Promise.resolve();
  }

  /** Begins, or goes on after `hasEnded`. */
  resume(): void {
    const { launcher } = this.#context;
    const workgroupCount = this.#countWorkgroups();
    this.#isUnderWay = false;
    if (this.#recordedCount === workgroupCount) return;
    this.dispose();
    this.#recordedCount = workgroupCount;
    for (let block = 0; block < TURNS; block++) {
      const commandBuffer = launcher.recordLaunches([block], workgroupCount, true);
      this.#turns.push({ commandBuffer, fence: launcher.device.createFence(), isPending: false });
    }
  }

  /** Tells what runs to end at the next border of a request. */
  endSoon(): void {
    for (let block = 0; block < this.#turns.length; block++)
      if (this.#turns[block].isPending) this.#context.launcher.stop(block);
  }

  /** Looks once whether everything has ended that was launched. @throws EW_DEVICE_LOST */
  hasEnded(): boolean {
    return this.#turns.every((turn) => this.#retire(turn));
  }

  /** @throws EW_DEVICE_LOST */
  assertAlive(): void {
    for (const { isPending, fence } of this.#turns) if (isPending) fence.signaled();
  }

  advance(): void {
    const { launcher, queues, counts } = this.#context;
    if (this.#isUnderWay) {
      const isAnswered = queues.every(
        (queue, index) => !isBefore(queue.oldestSequence, this.#launchedEnd[index]),
      );
      if (!isAnswered && !this.#isLaunchOver()) return;
      this.#isUnderWay = false;
      if (!isAnswered) counts.relaunches++;
      this.#notBeforeMs = restUntilMs(this.#launchedMs, launcher.settings.dutyCycle);
    }
    if (!hasUnanswered(queues)) return;
    if (this.#notBeforeMs !== 0 && performance.now() < this.#notBeforeMs) return;
    const turn = this.#turns[this.#turn];
    if (!this.#retire(turn)) return;
    let room = this.#maxRequests;
    for (let priority = queues.length - 1; priority >= 0; priority--) {
      const { oldestSequence, nextSequence } = queues[priority];
      const count = Math.min((nextSequence - oldestSequence) >>> 0, room);
      room -= count;
      this.#launchedEnd[priority] = (oldestSequence + count) >>> 0;
    }
    const [endNormal, endUrgent = 1] = this.#launchedEnd;
    launcher.control(this.#turn, (endNormal - 1) >>> 0, (endUrgent - 1) >>> 0);
    launcher.queue.submit(turn.commandBuffer, turn.fence);
    counts.launches++;
    turn.isPending = true;
    this.#isUnderWay = true;
    this.#launchedMs = performance.now(); // also where no duty cycle is set: one may be while it runs
    this.#turn = (this.#turn + 1) % TURNS;
  }

  block(): void {
    // Answers are seen in memory: there is nothing to block on.
  }

  assertRunning(): void {
    // A launch that ends is what is wanted; a lost device shows when its fence is looked at.
    this.assertAlive();
    this.advance();
  }

  async stop(timeoutMs: number): Promise<void> {
    this.endSoon();
    for (const turn of this.#turns) {
      if (turn.isPending && !(await hasSignaled(turn.fence, timeoutMs))) throw launchTimeout(timeoutMs);
      this.#retire(turn);
    }
  }

  dispose(): void {
    this.#turn = 0;
    this.#recordedCount = 0;
    for (const { commandBuffer, fence } of this.#turns.splice(0)) {
      commandBuffer[Symbol.dispose]();
      fence[Symbol.dispose]();
    }
  }

  /** Has the launch under way ended? Workgroup 0 tells of its own end first; that of the others shows in the fence. */
  #isLaunchOver(): boolean {
    const { launcher } = this.#context;
    if (!hasParked(launcher.phaseOf(launcher.epoch))) return false;
    const { fence } = this.#turns[(this.#turn + TURNS - 1) % TURNS];
    return fence.signaled();
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

/** Does one sequence number come before another, round the corner of 2³² too? */
function isBefore(sequence: number, other: number): boolean {
  return ((sequence - other) | 0) < 0;
}
