/**
 * A kernel that serves requests on one device, whatever way it is launched.
 *
 *     submit ──▶ work queue (mapped memory) ──▶ kernel ──▶ completion (mapped memory) ──▶ check / waitSync / wait
 *                         └── strategy: launches what must be launched for it
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
  Launcher,
  type LaunchMemory,
  type LaunchStrategy,
  type StrategyName,
} from "../strategies/index.ts";
import { chooseStrategy } from "./choose-strategy.ts";
import { checkedDutyCycle, loopLimitError, stallError, stoppedError } from "./loop-errors.ts";
import { idleTicksOf, launchSettingsOf, type ResidentLoopOptions, ticksPerMsOf } from "./loop-options.ts";
import { LoopResources, workQueuesIn } from "./loop-resources.ts";
import { waitForAll, waitForAnswer } from "./loop-waits.ts";
import { StallWatch } from "./stall-watch.ts";
import { TimeHistogram } from "./time-histogram.ts";

/** How long `stop` and `park` wait for the end of what runs, in milliseconds. */
const STOP_TIMEOUT_MS = 5_000;

/** Specialization constant by which residency.glsl takes the threads of a workgroup. */
export const WORKGROUP_SIZE_ID = 0;

/** A kernel and its work queue. See the head of this file. */
export class ResidentLoop implements AsyncDisposable {
  readonly strategyName: StrategyName;
  /** Why this strategy was taken. */
  readonly strategyReason: string;
  /** Launches so far. */
  readonly counts: Readonly<LaunchCounts>;
  /** Ticks of the kernel a millisecond, as far as is known. */
  readonly ticksPerMs: number;
  /** Times between two leases, by the device's clock, of the launches that were looked at. None without a clock. */
  readonly leaseGaps = new TimeHistogram();
  readonly #queues: readonly WorkQueue[];
  readonly #launcher: Launcher;
  readonly #strategy: LaunchStrategy;
  readonly #resources: LoopResources;
  readonly #stall: StallWatch;
  #state: "stopped" | "running" | "lost" = "stopped";
  #lossReason: EverwarpError | undefined;
  /** Faults of launches up to this one were told. */
  #faultEpoch = 0;
  #heartbeat: HeartbeatReading | undefined;
  /** Cursors do not stand behind the requests so far: some were given up, or other workgroups take the next ones. */
  #hasStaleCursors = false;
  #isClosed = false;
  /** Mapped memory is gone. */
  #isFreed = false;
  #closed: Promise<void> | undefined;

  private constructor(
    options: ResidentLoopOptions,
    resources: LoopResources,
    memory: LaunchMemory,
    choice: { readonly name: StrategyName; readonly reason: string },
  ) {
    const { device, profile } = options;
    const counts = { launches: 0, relaunches: 0 };
    this.counts = counts;
    this.#resources = resources;
    this.#stall = new StallWatch(options.stallMs ?? Infinity);
    this.#queues = workQueuesIn(memory, options.priorityCount ?? 1);
    this.ticksPerMs = ticksPerMsOf(profile, options.hasClock === true);
    this.#launcher = new Launcher({
      device,
      queue: resources.queue,
      pipeline: options.pipeline,
      memory,
      settings: launchSettingsOf(choice.name, options, this.ticksPerMs),
      boundedWorkgroupCount: options.boundedWorkgroupCount ?? 1,
      addresses: {
        inputs: options.inputsAddress ?? 0n,
        outputs: options.outputsAddress ?? 0n,
        state: options.stateAddress ?? 0n,
      },
      pollLimit: options.pollLimit ?? 0,
    });
    this.#strategy = createStrategy(
      choice.name,
      { launcher: this.#launcher, queues: this.#queues, counts },
      {
        requestsPerBatch: options.requestsPerBatch ?? 64,
        residentWorkgroupCount: options.residentWorkgroupCount ?? 1,
        leastWorkgroupCount: options.leastWorkgroupCount ?? 1,
        company: resources.company,
      },
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
   * Makes the queue and starts the kernel.
   * @throws EW_STRATEGY_UNSUPPORTED where the profile forbids the strategy that was named, EW_NO_ROOM,
   * EW_OUT_OF_DEVICE_MEMORY, EW_DEVICE_LOST
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
      // Only this strategy asks for the others when a request is published.
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
      else await loop[Symbol.asyncDispose]().catch(() => undefined); // the first error is the one to tell
      throw error;
    }
  }

  /** Slots of each priority of the work queue. */
  get slotCount(): number {
    return this.#queues[0].capacity;
  }

  /** Requests without an answer, in all queues. */
  get inFlightCount(): number {
    let count = 0;
    for (const queue of this.#queues) count += queue.inFlightCount;
    return count;
  }

  /** How many requests were published so far; undefined while one has no answer. */
  get quietSince(): number | undefined {
    if (hasUnanswered(this.#queues)) return undefined;
    let count = 0;
    for (const queue of this.#queues) count += queue.nextSequence;
    return count;
  }

  get isFull(): boolean {
    return this.#queues[0].isFull;
  }

  /** May the next request be one that the first workgroup answers alone (RESIDENCY_ALONE)? */
  get mayBeAlone(): boolean {
    return this.#queues[0].mayBeAlone;
  }

  /** Free slots of a priority. */
  freeSlots(priority = 0): number {
    const queue = this.#queues[priority];
    return queue.capacity - queue.inFlightCount;
  }

  /** `lost`: the kernel ended by itself; nothing more is answered until it was stopped and started. */
  get state(): "stopped" | "running" | "lost" {
    return this.#state;
  }

  /** Why the kernel was lost. */
  get lossReason(): EverwarpError | undefined {
    return this.#lossReason;
  }

  /** Does the kernel end after every batch, because others use the card too? For the strategy `adaptive`. */
  get isShared(): boolean {
    return this.#strategy.isShared ?? false;
  }

  /** Is a launch on the device that could end for the sake of others, and has not? */
  get #stays(): boolean {
    return this.#state === "running" && this.#strategy.stays === true;
  }

  /** Workgroups that each request is spread over. */
  get workgroupCount(): number {
    return this.#strategy.workgroupCount ?? this.#launcher.boundedWorkgroupCount;
  }

  /** Sets the workgroups of launches that end by themselves; counts from the next `start`. */
  set boundedWorkgroupCount(count: number) {
    if (count !== this.#launcher.boundedWorkgroupCount) this.#hasStaleCursors = true;
    this.#launcher.boundedWorkgroupCount = count;
  }

  /** What the kernel last told of itself; undefined before its first launch. */
  get heartbeat(): HeartbeatReading | undefined {
    // Where it is told is gone when the loop is closed.
    if (!this.#isFreed) this.#heartbeat = this.#launcher.readHeartbeat() ?? this.#heartbeat;
    return this.#heartbeat;
  }

  /** Whether a launch that may have taken what is in flight has told of itself: before that none has. */
  get hasBegun(): boolean {
    const beat = this.heartbeat;
    return beat !== undefined && beat.epoch >= (this.#strategy.firstLaunch ?? this.#launcher.epoch);
  }

  /** Device memory in which the cursors lie: with the state, a checkpoint while the kernel is stopped. */
  get cursors(): DeviceBuffer {
    return this.#launcher.memory.cursors;
  }

  /** A 64-bit counter a slot: who has arrived at an unfinished request. By priority. Then an ordinal a slot. */
  get counters(): DeviceBuffer {
    return this.#launcher.memory.counters;
  }

  /** Sets the share of the time that the kernel may work, also while it runs. */
  setDutyCycle(share: number): void {
    this.#assertOpen();
    this.#launcher.change({ dutyCycle: checkedDutyCycle(share) });
  }

  /** Sets how long the kernel polls in vain before its pauses grow, and before it parks; also while it runs. */
  setIdle(idle: { dozeAfterMs?: number; parkAfterMs?: number }): void {
    this.#assertOpen();
    this.#launcher.change(idleTicksOf(idle, this.ticksPerMs));
  }

  /**
   * Starts a kernel that was stopped or parked. It goes on where device memory says, with what was left in the queue.
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
   * @param payload words for the kernel; the first `wordCount` count
   * @param priority 1 is urgent, where the kernel has two
   * @param isAlone the first workgroup answers it alone: where the kernel can do that, and `mayBeAlone`
   * @throws EW_QUEUE_FULL, EW_REQUEST_TOO_LARGE, EW_CLOSED, EW_DEVICE_LOST
   */
  submit(payload: Uint32Array, wordCount: number = payload.length, priority = 0, isAlone = false): Ticket {
    if (this.#state !== "running") this.#throwStopped();
    const ticket = this.#queues[priority].submit(payload, wordCount, isAlone);
    this.#advance();
    return ticket;
  }

  /** Looks once whether a request was answered, and lets the strategy go on. Never blocks. */
  check(ticket: Ticket): boolean {
    if (this.#queues[ticket.priority].check(ticket)) return true;
    this.#advance();
    return this.#state === "lost" && ticket.isDone;
  }

  /**
   * Looks once at the requests in flight, and lets the strategy go on. Never blocks. Returns how many were found
   * answered.
   */
  poll(): number {
    const found = this.#checkAll();
    this.#advance();
    return found;
  }

  /** Asks the driver whether the kernel is there, and mapped memory for a fault. For slow paths: a call or two. */
  assertRunning(): void {
    this.#watched(() => {
      const fault = this.#launcher.readFault(this.#faultEpoch);
      if (fault !== undefined) throw loopLimitError(fault);
      this.#strategy.assertRunning();
      this.#assertNotStalled();
    });
  }

  /** @throws EW_DEVICE_LOST for requests that nothing becomes of */
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
   * Spins until the request is answered. For answers that come in microseconds.
   * @returns false when `timeoutMs` passed first; the request stays in flight
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
   * Resolves when the request is answered; the event loop goes on meanwhile.
   * @throws EW_TIMEOUT when `timeoutMs` passed first, EW_DEVICE_LOST
   */
  async wait(ticket: Ticket, timeoutMs = Infinity): Promise<void> {
    for (let spin = 0; spin < SPINS_PER_CLOCK; spin++) if (this.check(ticket)) return;
    await waitForAnswer(this, ticket, timeoutMs);
  }

  /**
   * Waits for what is in flight, then stops. `start` starts again.
   * @throws EW_TIMEOUT when something does not end in `timeoutMs`; what is in flight has then failed with it
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
   * Ends what runs at the next border of a request, without waiting for the others: they stay in the queue, and are
   * answered after `start`. Then nothing of the kernel runs, and what it wrote to device memory can be copied.
   * @throws EW_TIMEOUT when it does not end in `timeoutMs`
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
      // On a lost device nothing runs any more; that it is lost was told to every request, and is told again by the
      // next use.
      if (!(error instanceof EverwarpError && error.code === "EW_DEVICE_LOST")) throw error;
    }
  }

  /**
   * Stops, and frees what `launch` took: also where a launch does not end, and then its memory stays until it has. A
   * second call waits for the first.
   * @throws EW_TIMEOUT when a launch does not end in time
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

  /** Lets the strategy launch what there is to launch. On every path that is hot, so it is written out. */
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

  /** The kernel is gone: every request in flight ends with the reason. */
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
