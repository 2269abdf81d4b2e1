/**
 * A launch strategy decides how a kernel is run, so that requests in the work queue get answered. All have this interface, and
 * one conformance suite holds for all (test/conformance).
 *
 *   name         how the kernel runs                                                         file
 *   dispatch     record, submit, fence, for every request: the baseline                     dispatch.ts
 *   redispatch   prerecorded, resubmitted for every request; completion seen in memory      prerecorded.ts
 *   batch        prerecorded; one dispatch takes all that is queued                         prerecorded.ts
 *   persistent   launched once, stays until told to stop                                    persistent.ts
 *   leased, continuous   (stay for a lease, park, relaunch): not there yet
 */
import { EverwarpError } from "../../base/errors.ts";
import type { Device } from "../../vulkan/index.ts";
import type { LaunchSite } from "../launch-site.ts";

export const STRATEGY_NAMES = ["dispatch", "redispatch", "batch", "persistent"] as const;
export type StrategyName = (typeof STRATEGY_NAMES)[number];

/** How a bounded strategy learns of work, and where the kernel is launched. */
export interface StrategyContext {
  readonly device: Device;
  readonly site: LaunchSite;
  /** Number of the next request that will be published; all before it are. */
  publishedEnd(): number;
  /** Number of the oldest request without an answer. */
  oldestUnanswered(): number;
}

export interface LaunchStrategy {
  readonly name: StrategyName;
  /** A wait is to use `block` at once, not to look at memory first. */
  readonly hasFence: boolean;
  /** Workgroups that are resident, where the strategy decides that. */
  readonly workgroupCount?: number;
  /** Begins; from here on published requests are answered. `first` is the number of the first one. */
  start(first: number): Promise<void>;
  /** Requests up to `publishedEnd` are published: launches what can be launched. Cheap; also called from every poll. */
  advance(): void;
  /** Asks the driver whether the kernel is still there; for the slow path of waits. @throws EW_DEVICE_LOST */
  assertRunning(): void;
  /**
   * Blocks for at most `timeoutMs`, where the strategy has something to block on (a fence); otherwise returns at once and the caller
   * polls memory.
   */
  block(timeoutMs: number): void;
  /** Stops taking requests and waits until nothing of this kernel runs any more. @throws EW_TIMEOUT when it does not end */
  stop(timeoutMs: number): Promise<void>;
  /** Releases what `start` took. Only after `stop`. */
  dispose(): void;
}

/** What `stop` throws where a launch that should end by itself does not. */
export function launchTimeout(timeoutMs: number): EverwarpError {
  return new EverwarpError("EW_TIMEOUT", `a dispatch did not end within ${timeoutMs} ms`, {
    remedy: "Allow more time, or give the kernel less to do in one request.",
  });
}
