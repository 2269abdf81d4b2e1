/**
 * A kernel that serves requests, whatever way it is launched.
 *
 *     submit ──▶ work queue (mapped memory) ──▶ kernel ──▶ completion (mapped memory) ──▶ check / waitSync / wait
 *                         └── strategy: launches what must be launched for it
 *
 * Guarantees: `submit` never blocks; every ticket ends exactly once, with a result or a failure; `stop` leaves nothing running
 * and nothing allocated; an idle kernel costs the host no time.
 */
import { setImmediate as turn, setTimeout as sleep } from "node:timers/promises";
import { EverwarpError } from "../base/errors.ts";
import type { ComputePipeline, Device, DeviceBuffer } from "../vulkan/index.ts";
import { CONTROL_BLOCKS, LaunchSite, WORKGROUPS_MAX } from "./launch-site.ts";
import type { DeviceProfile } from "./profile.ts";
import { Queue } from "./queue.schema.ts";
import { chooseStrategy, createStrategy } from "./strategies/index.ts";
import type { LaunchStrategy, StrategyName } from "./strategies/strategy.ts";
import { type Ticket, WorkQueue } from "./work-queue.ts";

/** Checks of a ticket between two looks at the clock, in a spinning wait. */
const SPINS_PER_CLOCK = 64;
/** How long a wait spins through the event loop before it sleeps between looks. */
const EAGER_MS = 20;
/** How often a wait asks the driver whether the kernel is still there. */
const ASSERT_INTERVAL_MS = 20;

/** Specialization constant by which residency.glsl takes the threads of a workgroup. */
export const WORKGROUP_SIZE_ID = 0;

export interface ResidentLoopOptions {
  device: Device;
  profile: DeviceProfile;
  /** Made from a kernel that includes residency.glsl. Stays the caller's. */
  pipeline: ComputePipeline;
  /** `auto` lets the profile decide. */
  strategy?: StrategyName | "auto";
  /** Requests that can be in flight: a power of two, at most 4096. */
  slotCount?: number;
  /** Workgroups of a launch that ends by itself (all strategies but persistent). */
  boundedWorkgroupCount?: number;
  /** Workgroups to try to keep resident (persistent); as many as fit are kept. */
  residentWorkgroupCount?: number;
  /** Requests that one launch of `batch` takes at most. */
  requestsPerBatch?: number;
  /** Addresses that the kernel finds as launch.inputs and launch.outputs. */
  inputsAddress?: bigint;
  outputsAddress?: bigint;
  /** Idle polls after which a resident kernel ends by itself; 0: never. For experiments and probes. */
  pollLimit?: number;
}

export class ResidentLoop implements AsyncDisposable {
  readonly strategyName: StrategyName;
  /** Why this strategy was taken. */
  readonly strategyReason: string;
  readonly #queue: WorkQueue;
  readonly #site: LaunchSite;
  readonly #strategy: LaunchStrategy;
  readonly #buffers: DeviceBuffer[];
  /** `lost`: the kernel ended by itself; nothing more is answered until it was stopped and started. */
  #state: "stopped" | "running" | "lost" = "stopped";
  #lossReason: EverwarpError | undefined;
  #isClosed = false;

  private constructor(
    queue: WorkQueue,
    site: LaunchSite,
    strategy: LaunchStrategy,
    reason: string,
    buffers: DeviceBuffer[],
  ) {
    this.#queue = queue;
    this.#site = site;
    this.#strategy = strategy;
    this.strategyName = strategy.name;
    this.strategyReason = reason;
    this.#buffers = buffers;
  }

  /**
   * Makes the queue and starts the kernel.
   * @throws EW_STRATEGY_UNSUPPORTED where the profile forbids the strategy that was named, EW_OUT_OF_DEVICE_MEMORY, EW_DEVICE_LOST
   */
  static async launch(options: ResidentLoopOptions): Promise<ResidentLoop> {
    const { device, profile, slotCount = 256 } = options;
    const { name, reason } = chooseStrategy(profile, options.strategy ?? "auto");
    const slotsOffsetBytes = CONTROL_BLOCKS * Queue.CONTROL_STRIDE_BYTES;
    const aliveOffsetBytes = slotCount * Queue.COMPLETION_BYTES;
    const buffers: DeviceBuffer[] = [];
    const create = (
      role: "doorbell" | "mailbox" | "device",
      sizeBytes: number,
      label: string,
    ): DeviceBuffer => {
      const buffer = device.createBuffer({ role, sizeBytes, label });
      buffers.push(buffer);
      if (buffer.mapped !== undefined) new Uint32Array(buffer.mapped).fill(0);
      return buffer;
    };
    try {
      const doorbell = create("doorbell", slotsOffsetBytes + slotCount * Queue.SLOT_BYTES, "work queue");
      const mailbox = create("mailbox", aliveOffsetBytes + WORKGROUPS_MAX * 4, "completions");
      const counters = create("device", slotCount * 8, "arrival counters");
      device.run((recorder) => recorder.fill(counters, 0, counters.sizeBytes, 0));
      const queue = new WorkQueue(
        new Uint32Array(doorbell.host, slotsOffsetBytes, (slotCount * Queue.SLOT_BYTES) / 4),
        new Uint32Array(mailbox.host, 0, slotCount * 4),
      );
      const site = new LaunchSite({
        device,
        pipeline: options.pipeline,
        memory: { doorbell, slotsOffsetBytes, mailbox, aliveOffsetBytes, counters, slotCount },
        boundedWorkgroupCount: options.boundedWorkgroupCount ?? 1,
        inputsAddress: options.inputsAddress ?? 0n,
        outputsAddress: options.outputsAddress ?? 0n,
        pollLimit: options.pollLimit ?? 0,
      });
      const strategy = createStrategy(
        name,
        {
          device,
          site,
          publishedEnd: () => queue.nextSequence,
          oldestUnanswered: () => queue.oldestSequence,
        },
        {
          requestsPerBatch: options.requestsPerBatch ?? 64,
          residentWorkgroupCount: options.residentWorkgroupCount ?? 1,
        },
      );
      const kernel = new ResidentLoop(queue, site, strategy, reason, buffers);
      await kernel.start();
      return kernel;
    } catch (error) {
      for (const buffer of buffers.toReversed()) buffer[Symbol.dispose]();
      throw error;
    }
  }

  /** Slots of the work queue. */
  get slotCount(): number {
    return this.#queue.capacity;
  }

  get inFlightCount(): number {
    return this.#queue.inFlightCount;
  }

  get isFull(): boolean {
    return this.#queue.isFull;
  }

  /** Workgroups that each request is spread over. */
  get workgroupCount(): number {
    return this.#strategy.workgroupCount ?? this.#site.boundedWorkgroupCount;
  }

  /** Sets the workgroups of launches that end by themselves; counts from the next `start`. */
  set boundedWorkgroupCount(count: number) {
    this.#site.boundedWorkgroupCount = count;
  }

  /** Starts a kernel that was stopped. */
  async start(): Promise<void> {
    this.#assertOpen();
    if (this.#state === "running") return;
    await this.stop();
    await this.#strategy.start(this.#queue.nextSequence);
    this.#state = "running";
  }

  /**
   * Publishes a request and returns at once.
   * @param payload words for the kernel; the first `wordCount` count
   * @throws EW_QUEUE_FULL, EW_REQUEST_TOO_LARGE, EW_CLOSED, EW_DEVICE_LOST
   */
  submit(payload: Uint32Array, wordCount: number = payload.length): Ticket {
    if (this.#state !== "running") this.#throwStopped();
    const ticket = this.#queue.submit(payload, wordCount);
    this.#advance();
    return ticket;
  }

  /** Looks once whether a request was answered, and lets the strategy go on. Never blocks. */
  check(ticket: Ticket): boolean {
    if (this.#queue.check(ticket)) return true;
    this.#advance();
    return this.#state === "lost" && ticket.isDone;
  }

  /** Looks once at all requests in flight. Never blocks. */
  poll(): void {
    this.#queue.checkAll();
    this.#advance();
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
      this.#queue.checkAll();
      this.#watched(() => this.#strategy.block(Math.min(ASSERT_INTERVAL_MS, timeoutMs - (now - begin))));
      if (now - asserted > ASSERT_INTERVAL_MS) {
        asserted = now;
        this.#assertRunning();
      }
    }
  }

  /**
   * Resolves when the request is answered; the event loop goes on meanwhile.
   * @throws EW_TIMEOUT when `timeoutMs` passed first, EW_DEVICE_LOST
   */
  async wait(ticket: Ticket, timeoutMs = Infinity): Promise<void> {
    for (let spin = 0; spin < SPINS_PER_CLOCK; spin++) if (this.check(ticket)) return;
    const begin = performance.now();
    let asserted = begin;
    for (let now = begin; !this.check(ticket); now = performance.now()) {
      if (now - begin > timeoutMs) {
        throw new EverwarpError(
          "EW_TIMEOUT",
          `request ${ticket.sequence} was not answered within ${timeoutMs} ms`,
          {
            remedy: "Allow more time; the request stays in flight.",
          },
        );
      }
      this.#queue.checkAll();
      if (now - asserted > ASSERT_INTERVAL_MS) {
        asserted = now;
        this.#assertRunning();
      }
      await (now - begin < EAGER_MS ? turn() : sleep(1));
    }
  }

  /**
   * Waits for what is in flight, then stops. `start` starts again.
   * @throws EW_TIMEOUT when something does not end in `timeoutMs`; what is in flight has then failed with it
   */
  async stop(timeoutMs = 5_000): Promise<void> {
    if (this.#state === "stopped") return;
    const begin = performance.now();
    let asserted = begin;
    try {
      for (
        let now = begin;
        this.#queue.inFlightCount > 0 && now - begin < timeoutMs;
        now = performance.now()
      ) {
        this.poll();
        if (now - asserted > ASSERT_INTERVAL_MS) {
          asserted = now;
          this.#assertRunning();
        }
        await turn();
      }
    } finally {
      await this.#stopStrategy(timeoutMs);
      this.#queue.checkAll();
      this.#queue.failAll(
        new EverwarpError("EW_CLOSED", "the kernel was stopped before this request was answered", {
          remedy: "Wait for requests before stopping, or allow more time.",
        }),
      );
    }
  }

  async #stopStrategy(timeoutMs: number): Promise<void> {
    this.#state = "stopped";
    try {
      await this.#strategy.stop(timeoutMs);
    } catch (error) {
      // On a lost device nothing runs any more; that it is lost was told to every request, and is told again by the next use.
      if (!(error instanceof EverwarpError && error.code === "EW_DEVICE_LOST")) throw error;
    }
  }

  /** Stops, and frees what `launch` took. A second call does nothing. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    await this.stop();
    this.#strategy.dispose();
    for (const buffer of this.#buffers.toReversed()) buffer[Symbol.dispose]();
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

  #assertRunning(): void {
    this.#watched(() => this.#strategy.assertRunning());
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
    this.#queue.checkAll();
    this.#queue.failAll(error);
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
