/**
 * `leased`, `continuous` and `persistent`: the kernel stays and sees new requests by itself.
 *
 *   leased       for one lease; then it parks, and is launched again when there is a request
 *   continuous   the same, but the next launch is queued already: it begins without the host when the last one parks
 *   persistent   until it is told to stop, or parks because it was idle for the allowed time
 *
 *     turn 0  ══ lease 1 ══╗══ lease 2 ══╗ … ╗               ╔══ lease 9 ══ …
 *     turn 1                     waits       ╚══ lease 5 ══╗ … ╝        time →
 *
 * `continuous` submits leases in chains of four. Within a chain, only a barrier lies between two launches. If a launch
 * parked because it was idle, the launches behind it end at once, unless they find a request.
 *
 * Invariants: launches of one kernel follow each other on one queue, with a barrier between them. So at most one runs.
 * A turn is reused only when the fence of its last launch is signaled. Nothing is launched while no request is
 * unanswered, so an idle host has nothing to watch.
 *
 * All workgroups must be resident together. Otherwise a request would wait for a workgroup that starts only when
 * another one parks (occupancy.ts).
 */
import { EverwarpError } from "../../base/index.ts";
import type { CommandBuffer, Fence } from "../../vulkan/index.ts";
import { Phase } from "../queue/index.ts";
import { launchResident } from "./occupancy.ts";
import {
  hasParked,
  hasSignaled,
  hasUnanswered,
  launchTimeout,
  type LaunchStrategy,
  type StrategyContext,
} from "./strategy.ts";

/** Number of launches that are submitted together. */
const CHAIN_LENGTHS = { leased: 1, continuous: 4, persistent: 1 } as const;
/** Number of chains. One may still be retiring when the next one begins. */
const TURNS = 2;

interface Turn {
  readonly commandBuffer: CommandBuffer;
  readonly fence: Fence;
  readonly blocks: readonly number[];
  /** The last launch of the turn; 0 before the first use. */
  epoch: number;
  /** The first launch of the same chain. */
  firstEpoch: number;
}

/** Keeps a kernel on the device: `leased`, `continuous` and `persistent`. */
export class ResidentStrategy implements LaunchStrategy {
  readonly name: keyof typeof CHAIN_LENGTHS;
  readonly hasFence = false;
  /** Number of running workgroups. */
  workgroupCount = 0;
  firstLaunch = 1;
  readonly #context: StrategyContext;
  readonly #wanted: number;
  readonly #least: number;
  readonly #chainLength: number;
  /** Another chain is submitted when at most this number of launches is left. */
  readonly #reserve: number;
  #turns: Turn[] = [];
  /** Number of workgroups in the recorded launches; 0 if nothing is recorded. */
  #recordedCount = 0;
  #turn = 0;
  /** The oldest launch that was not yet seen to have ended; greater than the newest if none is left. */
  #oldest = 1;

  /**
   * @param workgroupCount number of workgroups to try
   * @param least minimum number of workgroups; with 1, any number is accepted
   */
  constructor(
    name: keyof typeof CHAIN_LENGTHS,
    context: StrategyContext,
    workgroupCount: number,
    least: number,
  ) {
    this.name = name;
    this.#context = context;
    this.#wanted = workgroupCount;
    this.#least = least;
    this.#chainLength = CHAIN_LENGTHS[name];
    this.#reserve = name === "continuous" ? this.#chainLength : 0;
  }

  async start(): Promise<void> {
    const { launcher } = this.#context;
    const wanted = this.workgroupCount === 0 ? this.#wanted : this.workgroupCount; // the number that fitted before
    const launch = (workgroupCount: number): number => {
      this.#oldest = this.firstLaunch = launcher.epoch + 1;
      if (workgroupCount !== this.#recordedCount) this.#record(workgroupCount);
      this.#launch();
      return this.#oldest;
    };
    this.workgroupCount = await launchResident(launcher, wanted, this.#least, launch, (timeoutMs) =>
      this.stop(timeoutMs),
    );
    this.advance();
  }

  advance(): void {
    const { launcher, queues, counts } = this.#context;
    const newest = launcher.epoch;
    while (this.#oldest <= newest && hasParked(launcher.phaseOf(this.#oldest))) this.#oldest++;
    const queued = newest - this.#oldest + 1;
    if (queued > this.#reserve || this.#turns.length === 0 || !hasUnanswered(queues)) return;
    // A launch reports its parking shortly before its fence is signaled. The other turns are free by then.
    if (this.#launch()) counts.relaunches++;
  }

  assertRunning(): void {
    const { launcher } = this.#context;
    for (const { epoch, fence } of this.#turns) {
      // Check only the newest launch: its report cannot be overwritten by a later one. A lost device shows in every
      // fence.
      if (epoch === 0 || !fence.signaled() || epoch !== launcher.epoch) continue;
      if (launcher.phaseOf(epoch) !== Phase.RUNNING) continue;
      throw new EverwarpError("EW_DEVICE_LOST", "the resident kernel ended without being told to", {
        remedy: "Open the engine again; if it comes back, choose the strategy batch.",
      });
    }
    this.advance();
  }

  block(): void {
    // Answers are read from memory, so there is nothing to block on.
  }

  /** Continues after `hasEnded`, with the same number of workgroups. */
  resume(): void {
    this.#oldest = this.firstLaunch = this.#context.launcher.epoch + 1;
  }

  /** Tells all launches to end after the current request. */
  endSoon(): void {
    for (const { epoch, blocks } of this.#turns)
      if (epoch !== 0) for (const block of blocks) this.#context.launcher.stop(block);
  }

  /** Checks once whether all launches have ended. @throws EW_DEVICE_LOST */
  hasEnded(): boolean {
    for (const turn of this.#turns) {
      if (turn.epoch === 0) continue;
      if (!turn.fence.signaled()) return false;
      turn.fence.reset();
      turn.epoch = 0;
    }
    return true;
  }

  /** @throws EW_DEVICE_LOST */
  assertAlive(): void {
    for (const { epoch, fence } of this.#turns) if (epoch !== 0) fence.signaled();
  }

  /** Whether the device began this launch by itself, behind another launch of its chain. */
  followsAnother(epoch: number): boolean {
    return this.#turns.some((turn) => epoch > turn.firstEpoch && epoch <= turn.epoch);
  }

  async stop(timeoutMs: number): Promise<void> {
    const pending = this.#turns.filter(({ epoch }) => epoch !== 0);
    this.endSoon();
    for (const turn of pending) {
      if (!(await hasSignaled(turn.fence, timeoutMs))) throw launchTimeout(timeoutMs);
      turn.fence.reset();
      turn.epoch = 0;
    }
  }

  dispose(): void {
    for (const { commandBuffer, fence } of this.#turns.splice(0)) {
      commandBuffer[Symbol.dispose]();
      fence[Symbol.dispose]();
    }
    this.#turn = 0;
    this.#recordedCount = 0;
  }

  #record(workgroupCount: number): void {
    this.dispose();
    const { launcher } = this.#context;
    for (let turn = 0; turn < TURNS; turn++) {
      const blocks = Array.from(
        { length: this.#chainLength },
        (_, index) => turn * this.#chainLength + index,
      );
      const commandBuffer = launcher.recordLaunches(blocks, workgroupCount, false);
      this.#turns.push({
        commandBuffer,
        fence: launcher.device.createFence(),
        blocks,
        epoch: 0,
        firstEpoch: 0,
      });
    }
    this.#recordedCount = workgroupCount;
  }

  /** Submits one more chain. Returns false while the turn's last launch is still retiring. */
  #launch(): boolean {
    const { launcher, counts } = this.#context;
    const turn = this.#turns[this.#turn];
    if (turn.epoch !== 0) {
      if (!turn.fence.signaled()) return false;
      turn.fence.reset();
    }
    turn.epoch = 0; // nothing to wait for before the submission
    const firstEpoch = launcher.epoch + 1;
    let epoch = 0;
    for (const block of turn.blocks) epoch = launcher.control(block, 0, 0);
    launcher.queue.submit(turn.commandBuffer, turn.fence);
    if (this.name === "persistent") turn.fence.stays();
    turn.epoch = epoch;
    turn.firstEpoch = firstEpoch;
    counts.launches += turn.blocks.length;
    this.#turn = (this.#turn + 1) % this.#turns.length;
    return true;
  }
}
