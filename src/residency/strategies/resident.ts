/**
 * `leased`, `continuous` and `persistent`: the kernel stays and sees new requests by itself.
 *
 *   leased       for a lease; then it parks, and is launched again when there is something to do
 *   continuous   the same, with the next launch in the queue already: it begins when the one before parks, without the host
 *   persistent   until it is told to stop (or was idle for so long that it was told to park then)
 *
 *     turn 0  ══ lease 1 ══╗         ╔══ lease 4 ══
 *     turn 1       waits   ╚ lease 2 ╗     waits
 *     turn 2                  waits  ╚ lease 3 ╗            time →
 *
 * Invariants: launches of one kernel follow each other on one queue, with a barrier between, so at most one runs; a turn is used again only when
 * the fence of its last launch is signaled. While nothing is unanswered nothing is launched, so an idle host has nothing to watch.
 *
 * All workgroups must be resident together, or a request waits for one that starts only when another parks (occupancy.ts).
 */
import { EverwarpError } from "../../base/errors.ts";
import type { CommandBuffer, Fence } from "../../vulkan/index.ts";
import { CONTROL_BLOCKS } from "../launch-site.ts";
import { Phase } from "../queue.schema.ts";
import { launchResident } from "./occupancy.ts";
import {
  hasParked,
  hasUnanswered,
  launchTimeout,
  type LaunchStrategy,
  type StrategyContext,
} from "./strategy.ts";

/** Launches in the queue at a time. */
const DEPTHS = { leased: 1, continuous: 2, persistent: 1 } as const;

interface Turn {
  readonly commandBuffer: CommandBuffer;
  readonly fence: Fence;
  /** The launch that the turn was last used for; 0 when its fence was seen signaled. */
  epoch: number;
}

export class ResidentStrategy implements LaunchStrategy {
  readonly name: keyof typeof DEPTHS;
  readonly hasFence = false;
  /** Workgroups that run. */
  workgroupCount = 0;
  readonly #context: StrategyContext;
  readonly #wanted: number;
  readonly #depth: number;
  #turns: Turn[] = [];
  #turn = 0;
  /** The oldest launch that has not been seen ended; above the newest when none is left. */
  #oldest = 1;

  /** @param workgroupCount how many to try: any number, too many is not a fault */
  constructor(name: keyof typeof DEPTHS, context: StrategyContext, workgroupCount: number) {
    this.name = name;
    this.#context = context;
    this.#wanted = workgroupCount;
    this.#depth = DEPTHS[name];
  }

  async start(): Promise<void> {
    const { site } = this.#context;
    const wanted = this.workgroupCount === 0 ? this.#wanted : this.workgroupCount; // what fitted before
    const launch = (workgroupCount: number): number => {
      this.dispose();
      this.#oldest = site.epoch + 1;
      for (let block = 0; block < Math.min(this.#depth + 1, CONTROL_BLOCKS); block++) {
        const commandBuffer = site.recordLaunch(block, workgroupCount, false);
        this.#turns.push({ commandBuffer, fence: site.device.createFence(), epoch: 0 });
      }
      this.#launch();
      return site.epoch;
    };
    this.workgroupCount = await launchResident(site, wanted, launch, (timeoutMs) => this.stop(timeoutMs));
    this.advance();
  }

  advance(): void {
    const { site, lanes, counts } = this.#context;
    const newest = site.epoch;
    while (this.#oldest <= newest && hasParked(site.phaseOf(this.#oldest))) this.#oldest++;
    const queued = newest - this.#oldest + 1;
    if (queued >= this.#depth || this.#turns.length === 0 || !hasUnanswered(lanes)) return;
    // A launch that parks tells so a moment before its fence; the other turns are free by then.
    if (this.#launch()) counts.relaunches++;
  }

  assertRunning(): void {
    const { site } = this.#context;
    for (const { epoch, fence } of this.#turns) {
      // Only the newest launch: what an older one told may be overwritten at this very moment. A lost device shows in every fence.
      if (epoch === 0 || !fence.signaled() || epoch !== site.epoch) continue;
      if (site.phaseOf(epoch) !== Phase.RUNNING) continue;
      throw new EverwarpError("EW_DEVICE_LOST", "the resident kernel ended without being told to", {
        remedy: "Open the engine again; if it comes back, choose the strategy batch.",
      });
    }
    this.advance();
  }

  block(): void {
    // Answers are seen in memory: there is nothing to block on.
  }

  async stop(timeoutMs: number): Promise<void> {
    const pending = this.#turns.filter(({ epoch }) => epoch !== 0);
    this.#turns.forEach(({ epoch }, block) => {
      if (epoch !== 0) this.#context.site.stop(block);
    });
    for (const turn of pending) {
      if (!(await turn.fence.waitAsync(timeoutMs))) throw launchTimeout(timeoutMs);
    }
    this.dispose();
  }

  dispose(): void {
    for (const { commandBuffer, fence } of this.#turns.splice(0)) {
      commandBuffer[Symbol.dispose]();
      fence[Symbol.dispose]();
    }
    this.#turn = 0;
  }

  /** Puts one more launch into the queue. False while the turn's last launch is still retiring. */
  #launch(): boolean {
    const { site, counts } = this.#context;
    const turn = this.#turns[this.#turn];
    if (turn.epoch !== 0) {
      if (!turn.fence.signaled()) return false;
      turn.fence.reset();
    }
    turn.epoch = site.control(this.#turn, 0, 0);
    site.queue.submit(turn.commandBuffer, turn.fence);
    counts.launches++;
    this.#turn = (this.#turn + 1) % this.#turns.length;
    return true;
  }
}
