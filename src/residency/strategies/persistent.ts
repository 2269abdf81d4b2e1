/**
 * `persistent`: launched once, stays until told to stop.
 *
 * All workgroups must be resident together, or a request waits for one that never starts. How many that is, is found by asking: every
 * workgroup signs in when it starts, and the ones that do not fit cannot. A launch with too many is stopped (those that waited end at
 * once) and repeated with as many as signed in.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { EverwarpError } from "../../base/errors.ts";
import type { CommandBuffer, Fence } from "../../vulkan/index.ts";
import type { LaunchStrategy, StrategyContext } from "./strategy.ts";

const BLOCK = 0;
/** How long the number of started workgroups must stand still. */
const SETTLED_MS = 10;
const START_TIMEOUT_MS = 5_000;

export class PersistentStrategy implements LaunchStrategy {
  readonly name = "persistent";
  readonly hasFence = false;
  /** Workgroups that run. */
  workgroupCount = 0;
  readonly #context: StrategyContext;
  readonly #wanted: number;
  #launch: { commandBuffer: CommandBuffer; fence: Fence } | undefined;

  /** @param workgroupCount how many to try: any number, too many is not a fault */
  constructor(context: StrategyContext, workgroupCount: number) {
    this.#context = context;
    this.#wanted = workgroupCount;
  }

  async start(first: number): Promise<void> {
    let count = this.workgroupCount === 0 ? this.#wanted : this.workgroupCount; // what fitted before
    for (;;) {
      const alive = await this.#tryLaunch(first, count);
      if (alive === count) break;
      await this.stop(START_TIMEOUT_MS);
      if (alive === 0) {
        throw new EverwarpError(
          "EW_STRATEGY_UNSUPPORTED",
          `no workgroup started within ${START_TIMEOUT_MS} ms`,
          {
            remedy: "Another program may hold the device; try again or choose another strategy.",
          },
        );
      }
      count = alive;
    }
    this.workgroupCount = count;
  }

  advance(): void {
    // The kernel sees new requests by itself.
  }

  assertRunning(): void {
    if (this.#launch?.fence.signaled() === true) {
      throw new EverwarpError("EW_DEVICE_LOST", "the resident kernel ended without being told to", {
        remedy: "Open the engine again; if it comes back, choose the strategy batch.",
      });
    }
  }

  block(): void {
    // Answers are seen in memory: there is nothing to block on.
  }

  async stop(timeoutMs: number): Promise<void> {
    const launch = this.#launch;
    if (launch === undefined) return;
    this.#context.site.stop(BLOCK);
    if (!(await launch.fence.waitAsync(timeoutMs))) {
      throw new EverwarpError("EW_TIMEOUT", `the resident kernel did not stop within ${timeoutMs} ms`, {
        remedy: "A request that takes longer than that must end first.",
      });
    }
    this.dispose();
  }

  dispose(): void {
    this.#launch?.commandBuffer[Symbol.dispose]();
    this.#launch?.fence[Symbol.dispose]();
    this.#launch = undefined;
  }

  /** Launches, and returns how many workgroups are there once their number stands still. */
  async #tryLaunch(first: number, count: number): Promise<number> {
    const { device, site } = this.#context;
    site.control(BLOCK, first, 0);
    const { commandBuffer, launchId } = site.recordResident(BLOCK, count);
    const fence = device.createFence();
    this.#launch = { commandBuffer, fence };
    device.queue.submit(commandBuffer, fence);
    const begin = performance.now();
    let alive = 0;
    let changed = begin;
    for (let now = begin; now - begin < START_TIMEOUT_MS; now = performance.now()) {
      const seen = site.aliveCount(launchId, count);
      if (seen !== alive) changed = now;
      alive = seen;
      if (alive === count || (alive > 0 && now - changed > SETTLED_MS)) break;
      await sleep(alive === 0 ? 1 : 0);
    }
    return alive;
  }
}
