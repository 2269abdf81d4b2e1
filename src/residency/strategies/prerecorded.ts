/**
 * `redispatch` and `batch`: the launch is recorded once and submitted repeatedly. Answers are read from mapped memory,
 * so the host never waits for a fence. `redispatch` takes one request per launch. `batch` takes all queued requests, up
 * to a limit.
 *
 * Two recordings take turns, because the driver may still be retiring one while the other is submitted. Only one launch
 * runs at a time. Requests that arrive meanwhile are taken together by the next launch.
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

/** Submits a recorded launch repeatedly: `redispatch` and `batch`. */
export class PrerecordedStrategy implements LaunchStrategy {
  readonly name: "redispatch" | "batch";
  readonly hasFence = false;
  readonly #context: StrategyContext;
  readonly #maxRequests: number;
  readonly #turns: Turn[] = [];
  #turn = 0;
  /** Number of workgroups in the recorded launches. */
  #recordedCount = 0;
  /**
   * By priority: the sequence number after the last request of the running launch. If all earlier requests are
   * answered, no launch runs.
   */
  readonly #launchedEnd: number[];
  #isUnderWay = false;
  #notBeforeMs = 0;
  #launchedMs = 0;

  readonly #countWorkgroups: () => number;

  /**
   * @param maxRequests maximum number of requests in one launch
   * @param countWorkgroups number of workgroups in a launch; the launcher's if not given
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

  /** Begins, or continues after `hasEnded`. */
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

  /** Tells the running launch to end after its current request. */
  endSoon(): void {
    for (let block = 0; block < this.#turns.length; block++)
      if (this.#turns[block].isPending) this.#context.launcher.stop(block);
  }

  /** Checks once whether all launches have ended. @throws EW_DEVICE_LOST */
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
    this.#launchedMs = performance.now(); // also without a duty cycle, because one may be set during the launch
    this.#turn = (this.#turn + 1) % TURNS;
  }

  block(): void {
    // Answers are read from memory, so there is nothing to block on.
  }

  assertRunning(): void {
    // An ended launch is fine here. A lost device is noticed when the fence is checked.
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

  /**
   * Whether the running launch has ended. Workgroup 0 reports its own end first. The fence shows the end of all
   * workgroups.
   */
  #isLaunchOver(): boolean {
    const { launcher } = this.#context;
    if (!hasParked(launcher.phaseOf(launcher.epoch))) return false;
    const { fence } = this.#turns[(this.#turn + TURNS - 1) % TURNS];
    return fence.signaled();
  }

  /** Whether the turn's recording may be submitted again. */
  #retire(turn: Turn): boolean {
    if (!turn.isPending) return true;
    if (!turn.fence.signaled()) return false;
    turn.fence.reset();
    turn.isPending = false;
    return true;
  }
}

/** Whether one sequence number comes before another, also across the wrap at 2³². */
function isBefore(sequence: number, other: number): boolean {
  return ((sequence - other) | 0) < 0;
}
