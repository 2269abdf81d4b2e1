/**
 * A launch strategy decides how a kernel is run, so that requests in the work queue get answered. All have this
 * interface, and one conformance suite holds for all (test/conformance).
 *
 *   name         how the kernel runs                                                         file
 *   dispatch     record, submit, fence, for every request: the baseline                     dispatch.ts
 *   redispatch   prerecorded, resubmitted for every request; completion seen in memory      prerecorded.ts
 *   batch        prerecorded; one dispatch takes all that is queued                         prerecorded.ts
 *   leased       stays until its lease is over, is launched again                           resident.ts
 *   continuous   leased, and the next launch is already in the queue                        resident.ts
 *   persistent   launched once, stays until told to stop                                    resident.ts
 *   adaptive     continuous while the card is its own, batch while others use it            adaptive.ts
 *
 * A launch of any of them may end before all its requests are answered (lease over, loops spent, a request suspended):
 * the cursors in device memory tell the next launch where to go on, so a strategy launches again whenever something is
 * unanswered and nothing runs.
 */
import { setImmediate as turn } from "node:timers/promises";
import { EverwarpError } from "../../base/index.ts";
import type { Fence } from "../../vulkan/index.ts";
import { Phase } from "../queue/index.ts";
import type { Launcher } from "./launcher.ts";
import type { StrategyName } from "./strategy-name.ts";

/** What a strategy must know of the work queue. */
export interface QueueView {
  /** Number of the next request that will be published; all before it are. */
  readonly nextSequence: number;
  /** Number of the oldest request without an answer; `nextSequence` when there is none. */
  readonly oldestSequence: number;
}

/** How a strategy learns of work, and where the kernel is launched. */
export interface StrategyContext {
  readonly launcher: Launcher;
  /** The queues of the work queue; urgent last. */
  readonly queues: readonly QueueView[];
  /** How often something happened, for statistics. */
  readonly counts: LaunchCounts;
}

/** How often something was launched. */
export interface LaunchCounts {
  /** Launches handed to the device. */
  launches: number;
  /** Those of them that went on where one that had parked (lease over, idle) stopped. */
  relaunches: number;
}

/** A way to run a kernel. See the head of this file. */
export interface LaunchStrategy {
  readonly name: StrategyName;
  /** A wait is to use `block` at once, not to look at memory first. */
  readonly hasFence: boolean;
  /** Workgroups that are resident, where the strategy decides that. */
  readonly workgroupCount?: number;
  /** Is the kernel run so that others get the card, too? Of strategies that decide that by themselves. */
  readonly isShared?: boolean;
  /** Is a launch on the device that is to end because others want to begin, and has not yet? */
  readonly stays?: boolean;
  /**
   * The first launch since `start`, where launches follow one another without the host: any of them may have taken what
   * is in flight.
   */
  readonly firstLaunch?: number;
  /** A launch began `gapMs` after the lease before it was over; for strategies that draw conclusions from it. */
  sawGap?(gapMs: number, epoch: number): void;
  /** Begins, or goes on after `stop`; from here on published requests are answered. */
  start(): Promise<void>;
  /**
   * Requests may have been published, a launch may have parked: launches what can be launched. Cheap; also called from
   * every poll.
   */
  advance(): void;
  /** Asks the driver whether the kernel is still there; for the slow path of waits. @throws EW_DEVICE_LOST */
  assertRunning(): void;
  /**
   * Blocks for at most `timeoutMs`, where the strategy has something to block on (a fence); otherwise returns at once
   * and the caller polls memory.
   */
  block(timeoutMs: number): void;
  /**
   * Tells what stays to end at the next border of a request. `advance` launches again when there is something to do.
   * Of strategies whose launches stay.
   */
  endSoon?(): void;
  /**
   * Ends what runs at the next border of a request, and waits for that. Requests stay in the queue. @throws EW_TIMEOUT
   * when it does not end
   */
  stop(timeoutMs: number): Promise<void>;
  /** Releases what `start` took. Only after `stop`. */
  dispose(): void;
}

/** Is there a request without an answer? */
export function hasUnanswered(queues: readonly QueueView[]): boolean {
  for (let priority = 0; priority < queues.length; priority++)
    if (queues[priority].oldestSequence !== queues[priority].nextSequence) return true;
  return false;
}

/** What `stop` throws where a launch that should end by itself does not. */
export function launchTimeout(timeoutMs: number): EverwarpError {
  return new EverwarpError("EW_TIMEOUT", `a launch did not end within ${timeoutMs} ms`, {
    remedy: "Allow more time, or give the kernel less to do before it suspends a request.",
  });
}

/** Launches that were told to end do so in microseconds: sooner than another thread could be asked to wait. */
const END_EAGER_MS = 5;

/**
 * Waits until a launch has ended; the event loop goes on meanwhile.
 * @returns false when the time ran out first: it is given up then, and what it uses may be disposed, and stays until it
 * has ended
 */
export async function hasSignaled(fence: Fence, timeoutMs: number): Promise<boolean> {
  const begin = performance.now();
  for (let now = begin; now - begin < Math.min(END_EAGER_MS, timeoutMs); now = performance.now()) {
    if (fence.signaled()) return true;
    await turn();
  }
  if (await fence.waitAsync(timeoutMs)) return true;
  fence.giveUp();
  return false;
}

/** Did a launch end in order, so that another may go on? @throws EW_DEVICE_LOST for a probe that gave up */
export function hasParked(phase: number): boolean {
  if (phase === Phase.POLL_LIMIT) {
    throw new EverwarpError("EW_DEVICE_LOST", "the kernel gave up: it polled in vain as often as it may", {
      remedy: "The device does not show it what the host writes; choose the strategy batch.",
    });
  }
  return phase !== Phase.RUNNING;
}

/** When the next launch may begin, after one that ends now, so that launches take no more than a share of the time. */
export function restUntilMs(launchedMs: number, dutyCycle: number): number {
  if (dutyCycle >= 1) return 0;
  const now = performance.now();
  return now + ((now - launchedMs) * (1 - dutyCycle)) / dutyCycle;
}
