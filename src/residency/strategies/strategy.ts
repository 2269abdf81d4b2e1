/**
 * A launch strategy decides how a kernel is run, so that requests in the work queue get answered. All strategies have
 * this interface, and one conformance suite tests all of them (test/conformance).
 *
 *   name         how the kernel runs                                                         file
 *   dispatch     record, submit, fence, for every request: the baseline                     dispatch.ts
 *   redispatch   prerecorded, resubmitted for every request; completion read from memory    prerecorded.ts
 *   batch        prerecorded; one dispatch takes all queued requests                        prerecorded.ts
 *   leased       stays for a lease, and is launched again                                   resident.ts
 *   continuous   leased, and the next launch is already in the queue                        resident.ts
 *   persistent   launched once, stays until told to stop                                    resident.ts
 *   adaptive     continuous while it has the card to itself, batch while others use it      adaptive.ts
 *
 * A launch of any strategy may end before all its requests are answered: its lease is over, its loop rounds are used
 * up, or a request suspended itself. The cursors in device memory tell the next launch where to continue. So a strategy
 * launches again whenever a request is unanswered and no launch runs.
 */
import { setImmediate as turn } from "node:timers/promises";
import { EverwarpError } from "../../base/index.ts";
import type { Fence } from "../../vulkan/index.ts";
import { Phase } from "../queue/index.ts";
import type { Launcher } from "./launcher.ts";
import type { StrategyName } from "./strategy-name.ts";

/** The part of a work queue that a strategy needs. */
export interface QueueView {
  /** Sequence number of the next request to be published. All earlier requests are published. */
  readonly nextSequence: number;
  /** Sequence number of the oldest unanswered request; `nextSequence` if there is none. */
  readonly oldestSequence: number;
}

/** The environment of a strategy: its launcher and its queues. */
export interface StrategyContext {
  readonly launcher: Launcher;
  /** The work queues by priority; the urgent one is last. */
  readonly queues: readonly QueueView[];
  /** Counts for statistics. */
  readonly counts: LaunchCounts;
}

/** Counts of launches. */
export interface LaunchCounts {
  /** Launches submitted to the device. */
  launches: number;
  /** Launches that continued where a parked launch (lease over, idle) stopped. */
  relaunches: number;
}

/** A way to run a kernel. See the head of this file. */
export interface LaunchStrategy {
  readonly name: StrategyName;
  /** Whether a wait should call `block` at once, instead of polling memory first. */
  readonly hasFence: boolean;
  /** Number of resident workgroups, if the strategy decides that. */
  readonly workgroupCount?: number;
  /** Whether the kernel runs in a way that gives others the card too. For strategies that decide that themselves. */
  readonly isShared?: boolean;
  /** Whether a launch is on the device that should end because others want to begin, and has not ended yet. */
  readonly stays?: boolean;
  /**
   * The first launch since `start`, if launches follow each other without the host: any of them may have taken the
   * requests in flight.
   */
  readonly firstLaunch?: number;
  /** A launch began `gapMs` after the end of the previous lease. For strategies that evaluate gaps. */
  sawGap?(gapMs: number, epoch: number): void;
  /** Begins, or continues after `stop`. From now on, published requests are answered. */
  start(): Promise<void>;
  /**
   * Launches whatever is necessary, after requests were published or a launch parked. Cheap; every poll calls it too.
   */
  advance(): void;
  /** Asks the driver whether the kernel still runs. For the slow path of waits. @throws EW_DEVICE_LOST */
  assertRunning(): void;
  /**
   * Blocks for at most `timeoutMs` if the strategy has a fence to block on. Otherwise returns at once, and the caller
   * polls memory.
   */
  block(timeoutMs: number): void;
  /**
   * Tells a launch that stays to end after its current request. `advance` launches again when there is something to do.
   * Only of strategies whose launches stay.
   */
  endSoon?(): void;
  /**
   * Ends the running launch after its current request, and waits for its end. Requests stay in the queue. @throws
   * EW_TIMEOUT if the launch does not end
   */
  stop(timeoutMs: number): Promise<void>;
  /** Frees everything that `start` took. Only after `stop`. */
  dispose(): void;
}

/** Whether there is an unanswered request. */
export function hasUnanswered(queues: readonly QueueView[]): boolean {
  for (let priority = 0; priority < queues.length; priority++)
    if (queues[priority].oldestSequence !== queues[priority].nextSequence) return true;
  return false;
}

/** The error of `stop` if a launch does not end. */
export function launchTimeout(timeoutMs: number): EverwarpError {
  return new EverwarpError("EW_TIMEOUT", `a launch did not end within ${timeoutMs} ms`, {
    remedy: "Allow more time, or give the kernel less to do before it suspends a request.",
  });
}

/** Launches that are told to end do so within microseconds, which is faster than a wait on another thread. */
const END_EAGER_MS = 5;

/**
 * Waits until a launch has ended, without blocking the event loop.
 * @returns false if the timeout passed first. The launch is then given up: its objects may be disposed, and their
 * memory stays until the launch has ended
 */
export async function hasSignaled(fence: Fence, timeoutMs: number): Promise<boolean> {
  const begin = performance.now();
  for (let now = begin; now - begin < Math.min(END_EAGER_MS, timeoutMs); now = performance.now()) {
    if (fence.signaled()) return true;
    await turn();
  }
  if (await fence.waitAsync({ timeoutMs })) return true;
  fence.giveUp();
  return false;
}

/**
 * Whether a launch ended normally, so that another may continue. @throws EW_DEVICE_LOST if the kernel reached its limit
 * of polls
 */
export function hasParked(phase: number): boolean {
  if (phase === Phase.POLL_LIMIT) {
    throw new EverwarpError(
      "EW_DEVICE_LOST",
      "the kernel ended itself: it polled up to its limit and saw no request",
      {
        remedy: 'The device does not show the kernel what the host writes. Choose the strategy "batch".',
      },
    );
  }
  return phase !== Phase.RUNNING;
}

/** The earliest time of the next launch after one that ends now, so that launches take only their share of the time. */
export function restUntilMs(launchedMs: number, dutyCycle: number): number {
  if (dutyCycle >= 1) return 0;
  const now = performance.now();
  return now + ((now - launchedMs) * (1 - dutyCycle)) / dutyCycle;
}
