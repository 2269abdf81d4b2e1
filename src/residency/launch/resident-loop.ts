/**
 * A kernel that serves requests on one device, with any launch strategy.
 *
 *     submit ──▶ work queue (mapped memory) ──▶ kernel ──▶ completion (mapped memory) ──▶ check / waitSync / wait
 *                         └── strategy: launches the kernel when necessary
 *
 *     stopped ──start──▶ running ──park/stop──▶ stopped         park leaves requests in the queue, stop waits for them
 *                           └──loss──▶ lost ──stop──▶ stopped   a loss ends every request in flight with its reason
 *
 * Guarantees: `submit` never blocks. Every ticket ends exactly once, with a result or a failure. While stopped, nothing
 * of the kernel runs, and device memory is a checkpoint. An idle kernel costs the host no time.
 */
import { ASSERT_INTERVAL_MS, EverwarpError, SPINS_PER_CLOCK } from "../../base/index.ts";
import type { DeviceBuffer } from "../../vulkan/index.ts";
import type { Ticket, WorkQueue } from "../queue/index.ts";
import { isCard } from "../sharing/index.ts";
import {
  createStrategy,
  hasUnanswered,
  type HeartbeatReading,
  type LaunchCounts,
  type Launcher,
  type LaunchMemory,
  type LaunchStrategy,
  type StrategyName,
} from "../strategies/index.ts";
import { chooseStrategy } from "./choose-strategy.ts";
import { checkedDutyCycle, loopLimitError, stallError, stoppedError } from "./loop-errors.ts";
import { idleTicksOf, type ResidentLoopOptions, ticksPerMsOf } from "./loop-options.ts";
import { createLauncher, strategyLimitsOf } from "./loop-parts.ts";
import { LoopResources, workQueuesIn } from "./loop-resources.ts";
import { waitForAll, waitForAnswer } from "./loop-waits.ts";
import { StallWatch } from "./stall-watch.ts";
import { TimeHistogram } from "./time-histogram.ts";

/** How long `stop` and `park` wait for the end of what runs, in milliseconds. */
const STOP_TIMEOUT_MS = 5_000;

/** The specialization constant for the number of threads in a workgroup (residency.glsl). */
export const WORKGROUP_SIZE_ID = 0;

/** A kernel and its work queue. See the head of this file. */
export class ResidentLoop implements AsyncDisposable {
  readonly strategyName: StrategyName;
  /** Why this strategy was chosen. */
  readonly strategyReason: string;
  /** Numbers of launches so far. */
  readonly counts: Readonly<LaunchCounts>;
  /** Estimated ticks of the kernel per millisecond. */
  readonly ticksPerMs: number;
  /**
   * Times between two leases by the device's clock, of the launches whose heartbeat was read. Empty without a clock.
   */
  readonly leaseGaps = new TimeHistogram();
  readonly #queues: readonly WorkQueue[];
  readonly #launcher: Launcher;
  readonly #strategy: LaunchStrategy;
  readonly #resources: LoopResources;
  readonly #stall: StallWatch;
  #state: "stopped" | "running" | "lost" = "stopped";
  #lossReason: EverwarpError | undefined;
  /** The last launch whose faults were reported. */
  #faultEpoch = 0;
  #heartbeat: HeartbeatReading | undefined;
  /** Whether cursors do not match the queue: requests were given up, or the number of workgroups changes. */
  #hasStaleCursors = false;
  #isClosed = false;
  /** Whether mapped memory was freed. */
  #isFreed = false;
  #closed: Promise<void> | undefined;

  private constructor(
    options: ResidentLoopOptions,
    resources: LoopResources,
    memory: LaunchMemory,
    choice: { readonly name: StrategyName; readonly reason: string },
  ) {
    const counts = { launches: 0, relaunches: 0 };
    this.counts = counts;
    this.#resources = resources;
    this.#stall = new StallWatch(options.stallMs ?? Infinity);
    this.#queues = workQueuesIn(memory, options.priorityCount ?? 1);
    this.ticksPerMs = ticksPerMsOf(options.profile, options.hasClock === true);
    this.#launcher = createLauncher(options, resources.queue, memory, choice.name);
    this.#strategy = createStrategy(
      choice.name,
      { launcher: this.#launcher, queues: this.#queues, counts },
      strategyLimitsOf(options, resources.company),
    );
    this.strategyName = this.#strategy.name;
    this.strategyReason = choice.reason;
    this.#launcher.onGap = (gapTicks, epoch) => {
      const gapMs = gapTicks / this.ticksPerMs;
      this.leaseGaps.add(gapMs);
      this.#strategy.sawGap?.(gapMs, epoch);
    };
  }

  /**
   * Creates the queue and starts the kernel.
   * @throws EW_STRATEGY_UNSUPPORTED if the profile forbids the named strategy, EW_NO_ROOM, EW_OUT_OF_DEVICE_MEMORY,
   * EW_DEVICE_LOST
   */
  static async launch(options: ResidentLoopOptions): Promise<ResidentLoop> {
    const choice = chooseStrategy(options.profile, options.strategy ?? "auto", {
      among: options.strategies,
      isCard: isCard(options.device),
    });
    let loop: ResidentLoop | undefined;
    const resources = await LoopResources.enter(options, choice.name, {
      onChange: () => void loop?.poll(),
      hasMadeRoom: () => loop === undefined || !loop.#stays,
      // Only this strategy asks others to make room when a request is published.
      ...(choice.name === "adaptive" ? { quietSince: () => loop?.quietSince } : {}),
    });
    try {
      const memory = await resources.createMemory(options);
      loop = new ResidentLoop(options, resources, memory, choice);
      await loop.start();
      resources.company.opened(loop.workgroupCount);
      return loop;
    } catch (error) {
      if (loop === undefined) resources.release();
      else await loop[Symbol.asyncDispose]().catch(() => undefined); // report only the first error
      throw error;
    }
  }

  /** Slots of each priority. */
  get slotCount(): number {
    return this.#queues[0].capacity;
  }

  /** Requests without an answer, in all priorities. */
  get inFlightCount(): number {
    let count = 0;
    for (const queue of this.#queues) count += queue.inFlightCount;
    return count;
  }

  /** The number of requests published so far; undefined while a request is in flight. */
  get quietSince(): number | undefined {
    if (hasUnanswered(this.#queues)) return undefined;
    let count = 0;
    for (const queue of this.#queues) count += queue.nextSequence;
    return count;
  }

  get isFull(): boolean {
    return this.#queues[0].isFull;
  }

  /** Whether the first workgroup may answer the next request alone (RESIDENCY_ALONE). */
  get mayBeAlone(): boolean {
    return this.#queues[0].mayBeAlone;
  }

  /** Free slots of a priority. */
  freeSlots(priority = 0): number {
    const queue = this.#queues[priority];
    return queue.capacity - queue.inFlightCount;
  }

  /** `lost`: the kernel ended by itself. Nothing is answered until the loop is stopped and started again. */
  get state(): "stopped" | "running" | "lost" {
    return this.#state;
  }

  /** Why the kernel was lost. */
  get lossReason(): EverwarpError | undefined {
    return this.#lossReason;
  }

  /** Whether the kernel ends after every batch because others use the card too. For the strategy `adaptive`. */
  get isShared(): boolean {
    return this.#strategy.isShared ?? false;
  }

  /** Whether a launch is on the device that was not yet told to end for the sake of others. */
  get #stays(): boolean {
    return this.#state === "running" && this.#strategy.stays === true;
  }

  /** Number of workgroups that share each request. */
  get workgroupCount(): number {
    return this.#strategy.workgroupCount ?? this.#launcher.boundedWorkgroupCount;
  }

  /** Sets the number of workgroups for launches that end by themselves. Takes effect at the next `start`. */
  set boundedWorkgroupCount(count: number) {
    if (count !== this.#launcher.boundedWorkgroupCount) this.#hasStaleCursors = true;
    this.#launcher.boundedWorkgroupCount = count;
  }

  /** The last heartbeat; undefined before the first launch. */
  get heartbeat(): HeartbeatReading | undefined {
    // The heartbeat's memory is freed when the loop is closed.
    if (!this.#isFreed) this.#heartbeat = this.#launcher.readHeartbeat() ?? this.#heartbeat;
    return this.#heartbeat;
  }

  /** Whether a launch that may have taken the requests in flight has written a heartbeat. */
  get hasBegun(): boolean {
    const beat = this.heartbeat;
    return beat !== undefined && beat.epoch >= (this.#strategy.firstLaunch ?? this.#launcher.epoch);
  }

  /** The device memory of the cursors. While the kernel is stopped, state and cursors together are a checkpoint. */
  get cursors(): DeviceBuffer {
    return this.#launcher.memory.cursors;
  }

  /** By priority: a 64-bit arrival counter per slot. After all counters, an ordinal per slot. */
  get counters(): DeviceBuffer {
    return this.#launcher.memory.counters;
  }

  /** Sets the share of the time that the kernel may work. Allowed while the kernel runs. */
  setDutyCycle(share: number): void {
    this.#assertOpen();
    this.#launcher.change({ dutyCycle: checkedDutyCycle(share) });
  }

  /** Sets the idle times before the pauses grow, and before the kernel parks. Allowed while the kernel runs. */
  setIdle(idle: { dozeAfterMs?: number; parkAfterMs?: number }): void {
    this.#assertOpen();
    this.#launcher.change(idleTicksOf(idle, this.ticksPerMs));
  }

  /**
   * Starts a kernel that was stopped or parked. It continues from device memory, with the requests that were left in
   * the queue.
   */
  async start(): Promise<void> {
    this.#assertOpen();
    if (this.#state === "running") return;
    if (this.#state === "lost") await this.stop();
    if (this.#hasStaleCursors && !hasUnanswered(this.#queues)) {
      await this.#launcher.reset(this.#queues.map((queue) => (queue.nextSequence - 1) >>> 0));
      this.#hasStaleCursors = false;
    }
    this.#faultEpoch = this.#launcher.epoch;
    await this.#strategy.start();
    this.#state = "running";
    this.#advance();
  }

  /**
   * Publishes a request and returns at once.
   * @param payload words for the kernel; only the first `wordCount` are used
   * @param priority 1 is urgent, if the kernel has two priorities
   * @param isAlone the first workgroup answers the request alone; requires `mayBeAlone` and a kernel that supports it
   * @throws EW_QUEUE_FULL, EW_REQUEST_TOO_LARGE, EW_CLOSED, EW_DEVICE_LOST
   */
  submit(payload: Uint32Array, wordCount: number = payload.length, priority = 0, isAlone = false): Ticket {
    if (this.#state !== "running") this.#throwStopped();
    const ticket = this.#queues[priority].submit(payload, wordCount, isAlone);
    this.#advance();
    return ticket;
  }

  /** Checks once whether a request was answered, and lets the strategy act. Never blocks. */
  check(ticket: Ticket): boolean {
    if (this.#queues[ticket.priority].check(ticket)) return true;
    this.#advance();
    return this.#state === "lost" && ticket.isDone;
  }

  /**
   * Checks all requests in flight once, and lets the strategy act. Never blocks. Returns how many were found answered.
   */
  poll(): number {
    const found = this.#checkAll();
    this.#advance();
    return found;
  }

  /**
   * Asks the driver whether the kernel still runs, and reads mapped memory for faults. For slow paths only: one or two
   * calls.
   */
  assertRunning(): void {
    this.#watched(() => {
      const fault = this.#launcher.readFault(this.#faultEpoch);
      if (fault !== undefined) throw loopLimitError(fault);
      this.#strategy.assertRunning();
      this.#assertNotStalled();
    });
  }

  /** @throws EW_DEVICE_LOST if requests are in flight and the kernel finishes nothing */
  #assertNotStalled(): void {
    const { stallMs } = this.#stall;
    if (stallMs === Infinity) return;
    const { heartbeat, inFlightCount } = this;
    let sign = heartbeat === undefined ? 0 : heartbeat.busyTicks + heartbeat.requests;
    for (const { oldestSequence } of this.#queues) sign += oldestSequence;
    if (!this.#stall.isStalled(sign, inFlightCount > 0, performance.now())) return;
    throw stallError(this.#launcher.device.info.name, stallMs, inFlightCount, this.hasBegun);
  }

  /**
   * Spins until the request is answered. For answers within microseconds.
   * @returns false if `timeoutMs` passed first; the request stays in flight
   * @throws EW_DEVICE_LOST
   */
  waitSync(ticket: Ticket, timeoutMs: number): boolean {
    const spins = this.#strategy.hasFence ? 1 : SPINS_PER_CLOCK;
    for (let spin = 0; spin < spins; spin++) if (this.check(ticket)) return true;
    const begin = performance.now();
    let asserted = begin;
    for (;;) {
      for (let spin = 0; spin < spins; spin++) if (this.check(ticket)) return true;
      const now = performance.now();
      if (now - begin >= timeoutMs) return false;
      this.#checkAll();
      this.#watched(() => this.#strategy.block(Math.min(ASSERT_INTERVAL_MS, timeoutMs - (now - begin))));
      if (now - asserted > ASSERT_INTERVAL_MS) {
        asserted = now;
        this.assertRunning();
      }
    }
  }

  /**
   * Resolves when the request is answered. Does not block the event loop.
   * @throws EW_TIMEOUT if `timeoutMs` passed first, EW_DEVICE_LOST
   */
  async wait(ticket: Ticket, timeoutMs = Infinity): Promise<void> {
    for (let spin = 0; spin < SPINS_PER_CLOCK; spin++) if (this.check(ticket)) return;
    await waitForAnswer(this, ticket, timeoutMs);
  }

  /**
   * Waits for the requests in flight, then stops. `start` starts the kernel again.
   * @throws EW_TIMEOUT if something does not end in `timeoutMs`; the requests in flight have then failed with this
   * error
   */
  async stop(timeoutMs = STOP_TIMEOUT_MS): Promise<void> {
    try {
      if (this.#state !== "stopped") await waitForAll(this, timeoutMs);
    } finally {
      try {
        await this.#stopStrategy(timeoutMs);
      } finally {
        this.#checkAll();
        this.#failAll(stoppedError());
      }
    }
  }

  /**
   * Ends the kernel after the current request, without waiting for further requests. These stay in the queue, and are
   * answered after `start`. Afterwards nothing of the kernel runs, and its device memory can be copied.
   * @throws EW_TIMEOUT if the kernel does not end in `timeoutMs`
   */
  async park(timeoutMs = STOP_TIMEOUT_MS): Promise<void> {
    this.#assertOpen();
    if (this.#state === "lost") this.#throwStopped();
    if (this.#state === "stopped") return;
    await this.#strategy.stop(timeoutMs);
    this.#state = "stopped";
    this.#checkAll();
  }

  /** Tells a launch that stays to end. What is in flight, or comes next, launches the kernel again. Does not wait. */
  leave(): void {
    if (this.#state === "running") this.#strategy.endSoon?.();
  }

  async #stopStrategy(timeoutMs: number): Promise<void> {
    this.#state = "stopped";
    try {
      await this.#strategy.stop(timeoutMs);
    } catch (error) {
      // Nothing runs on a lost device. The loss was reported to every request, and the next use reports it again.
      if (!(error instanceof EverwarpError && error.code === "EW_DEVICE_LOST")) throw error;
    }
  }

  /**
   * Stops the kernel and frees everything that `launch` took. If a launch does not end, its memory stays until it has
   * ended. A second call waits for the first.
   * @throws EW_TIMEOUT if a launch does not end in time
   */
  [Symbol.asyncDispose](): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  async #close(): Promise<void> {
    this.#isClosed = true;
    try {
      await this.stop();
    } finally {
      this.#heartbeat = this.#launcher.readHeartbeat() ?? this.#heartbeat;
      this.#isFreed = true;
      this.#strategy.dispose();
      this.#resources.release();
    }
  }

  /** Lets the strategy launch the kernel if necessary. Hot paths call this, so it has no closure. */
  #advance(): void {
    if (this.#state !== "running") return;
    try {
      this.#strategy.advance();
    } catch (error) {
      this.#lose(error);
    }
  }

  #watched(step: () => void): void {
    if (this.#state !== "running") return;
    try {
      step();
    } catch (error) {
      this.#lose(error);
    }
  }

  /** Handles a loss of the kernel: every request in flight ends with the reason. */
  #lose(error: unknown): void {
    if (!(error instanceof EverwarpError)) throw error;
    this.#state = "lost";
    this.#lossReason = error;
    this.#checkAll();
    this.#failAll(error);
  }

  #checkAll(): number {
    let found = 0;
    for (let priority = 0; priority < this.#queues.length; priority++)
      found += this.#queues[priority].checkAll();
    return found;
  }

  #failAll(failure: EverwarpError): void {
    if (this.inFlightCount > 0) this.#hasStaleCursors = true;
    for (const queue of this.#queues) queue.failAll(failure);
  }

  #assertOpen(): void {
    if (this.#isClosed)
      throw new EverwarpError("EW_CLOSED", "the kernel was closed", { remedy: "Launch it again." });
  }

  #throwStopped(): never {
    this.#assertOpen();
    if (this.#state === "lost" && this.#lossReason !== undefined) throw this.#lossReason;
    throw new EverwarpError("EW_CLOSED", "the kernel is not running", { remedy: "Start it again." });
  }
}
