/**
 * Keeps a kernel alive. It detects the loss of the kernel, creates the kernel again from the last checkpoint, and
 * repeats the requests since then.
 *
 *              ┌──── checkpoint ────▶ parked ─────┐
 *     serving ─┤                         │ loss   ├──▶ serving
 *              └──── loss ──▶ recovering ◀────────┘
 *                                 │ recovered ──▶ serving
 *                                 └ maxAttempts failures without a suspect ──▶ failed    any ──close──▶ closed
 *
 *     recovery   collect the answers ▶ leave the old instance ▶ device.replace() if the device is lost
 *                ▶ open an instance from the checkpoint ▶ replay the journal's answered requests, answers dropped
 *                ▶ checkpoint ▶ publish the requests in flight again, one at a time
 *
 * Invariants: state that callers have seen is never undone, because checkpoint and journal always restore it.
 * Checkpoints and recoveries run one after the other, never at the same time. The supervisor has no timer. The
 * completion poller, or a spinning call, calls `watch`, and only while a request is in flight.
 *
 * A kernel counts as lost in three cases: the driver reports it; a launch ended, or hit a limit of loops; or the kernel
 * has requests in flight, but finishes nothing and works at nothing for `hangTimeoutMs`.
 *
 * The supervisor does not guess which request hung the kernel. After a loss, all requests that were in flight are
 * suspects and are published one at a time. So the next loss identifies the request. A request is poisoned if it was in
 * flight in `maxAttempts` losses.
 */
import { setImmediate as turn } from "node:timers/promises";
import { EverwarpError, nowMs } from "../../base/index.ts";
import { type KernelCapture, KernelInstance, type KernelMemory, type KernelRecipe } from "../kernel/index.ts";
import {
  copyPosition,
  isBetweenRequests,
  isSplit,
  type LoopPosition,
  type ResidentLoop,
  TimeHistogram,
  withdraw,
} from "../launch/index.ts";
import type { Priority } from "../queue/index.ts";
import type { Dispatcher, RequestTrace } from "../requests/index.ts";
import { CheckpointSchedule } from "./checkpoint-schedule.ts";
import { LifeTotals, type Totals } from "./life-totals.ts";
import { LossStreak } from "./loss-streak.ts";
import {
  codeOf,
  givenUp,
  hungError,
  internalError,
  lostElsewhere,
  poisoned,
  reasonOf,
} from "./loss-reasons.ts";
import { replayAll } from "./replay.ts";
import { workDone, WorkWatch } from "./work-watch.ts";

/** The state of a supervised kernel. See the head of this file. */
export type SupervisorState = "serving" | "parked" | "recovering" | "failed" | "closed";

/** A checkpoint in memory, and the requests in flight at that moment. */
export interface TakenCheckpoint {
  readonly memory: KernelMemory;
  /** Words of the requests in flight, by priority, oldest first. */
  readonly inFlight: readonly [readonly Uint32Array[], readonly Uint32Array[]];
  /** How long requests had to wait for the checkpoint, in milliseconds. */
  readonly pausedMs: number;
}

/** Supervises a kernel. `Answer` is the type of its answers. */
export class Supervisor<Answer> {
  readonly counters = { checkpoints: 0, recoveries: 0, replayed: 0 };
  readonly pauses = new TimeHistogram();
  readonly #life = new LifeTotals();
  readonly #watch: WorkWatch;
  readonly #recipe: KernelRecipe;
  readonly #dispatcher: Dispatcher<Answer>;
  readonly #trace: RequestTrace;
  readonly #hangTimeoutMs: number;
  readonly #maxAttempts: number;
  readonly #schedule: CheckpointSchedule;
  readonly #wake: () => void;
  readonly #work = (): number => workDone(this.#instance.loop, this.#dispatcher.counters);
  #state: SupervisorState = "serving";
  #instance: KernelInstance;
  /** The last checkpoint. Undefined: the kernel started with zeros, and the journal has everything since its launch. */
  #memory: KernelMemory | undefined;
  /** The end of the last checkpoint or recovery; never rejects. */
  #tail: Promise<unknown> = Promise.resolve();
  /** Why requests wait for a recovery, or why there will be none. */
  #reason: EverwarpError | undefined;
  readonly #streak = new LossStreak();

  constructor(options: {
    instance: KernelInstance;
    recipe: KernelRecipe;
    dispatcher: Dispatcher<Answer>;
    trace: RequestTrace;
    memory: KernelMemory | undefined;
    hangTimeoutMs: number;
    maxAttempts: number;
    /** Maximum age of a checkpoint while something changes; Infinity: no limit. */
    checkpointEveryMs: number;
    /** Called when requests may have been published. */
    wake: () => void;
  }) {
    this.#instance = options.instance;
    this.#recipe = options.recipe;
    this.#dispatcher = options.dispatcher;
    this.#trace = options.trace;
    this.#memory = options.memory;
    this.#hangTimeoutMs = options.hangTimeoutMs;
    this.#watch = new WorkWatch(options.hangTimeoutMs);
    this.#maxAttempts = options.maxAttempts;
    this.#schedule = new CheckpointSchedule(options.checkpointEveryMs, nowMs());
    this.#wake = options.wake;
    this.#dispatcher.onLoss = (reason) => this.lose(reason);
    this.#dispatcher.attach(this.#instance.loop);
  }

  get state(): SupervisorState {
    return this.#state;
  }

  get instance(): KernelInstance {
    return this.#instance;
  }

  /** The totals of the kernel over all instances. */
  get totals(): Totals {
    return this.#life.totals(this.#instance);
  }

  /** Times between two leases. */
  get leaseGaps(): TimeHistogram {
    return this.#life.leaseGaps(this.#instance);
  }

  /** Why the kernel is lost, while it is lost. */
  get reason(): EverwarpError | undefined {
    return this.#reason;
  }

  /** Checks the kernel, at most every 20 ms, while a request is in flight. For slow paths. */
  watch(now: number): void {
    if (this.#state !== "serving" || !this.#watch.isDue(now)) return;
    const { loop, device } = this.#instance;
    if (device.isLost) return this.lose(lostElsewhere(device));
    loop.assertRunning();
    if (loop.state === "lost") return this.lose(reasonOf(loop));
    const hang = this.#hangOf(loop, now);
    if (hang !== undefined) this.lose(hang);
  }

  /** Sets the share of the time that the kernel may work. One that is being recovered takes it when it serves again. */
  setDutyCycle(share: number): void {
    this.#watch.changeShare(this.#recipe.dutyCycle, nowMs());
    this.#recipe.dutyCycle = share;
    if (this.#state !== "recovering") this.#instance.loop.setDutyCycle(share);
  }

  /** Whether the last checkpoint is too old and something was done since. True only once for each checkpoint. */
  isCheckpointDue(now: number): boolean {
    return this.#schedule.isDue(now, this.#work);
  }

  /** Starts a recovery, unless one is running. */
  lose(reason: EverwarpError): void {
    if (this.#state !== "serving" && this.#state !== "parked") return;
    this.#state = "recovering";
    this.#reason = reason;
    this.#dispatcher.detach();
    this.#exclusively(() => this.#recover(reason)).catch((error: unknown) => this.#failUnexpectedly(error));
  }

  /** Resolves when no checkpoint and no recovery is running. */
  async settled(): Promise<void> {
    for (let tail; tail !== this.#tail;) {
      tail = this.#tail;
      await tail;
    }
  }

  /**
   * Takes a checkpoint: parks the kernel after its current request, copies its memory, starts it again. If the kernel
   * is lost meanwhile, it is recovered first.
   * @throws EW_CLOSED, or the first cause if recovery failed
   */
  async checkpoint(): Promise<TakenCheckpoint> {
    for (;;) {
      const taken = await this.#exclusively(() => this.#park());
      if (taken !== undefined) return taken;
      await this.settled();
      this.assertServing();
    }
  }

  /** @throws EW_CLOSED, or the first cause if recovery failed */
  assertServing(): void {
    if (this.#state === "failed" && this.#reason !== undefined) throw this.#reason;
    if (this.#state === "closed") {
      throw new EverwarpError("EW_CLOSED", "the kernel was closed", { remedy: "Open the kernel again." });
    }
  }

  /** Ends the kernel after a running checkpoint or recovery. The caller must end all requests first. */
  async close(): Promise<void> {
    this.#state = "closed";
    this.#dispatcher.detach();
    await this.settled();
    await this.#instance.leave();
  }

  // ── Checkpoints ──

  /**
   * Undefined if the kernel was lost meanwhile.
   * @throws EW_OUT_OF_HOST_MEMORY, EW_OUT_OF_DEVICE_MEMORY: the kernel then continues as before
   */
  async #park(): Promise<TakenCheckpoint | undefined> {
    if (this.#state !== "serving") return undefined;
    const instance = this.#instance;
    const { loop } = instance;
    let capture: () => Promise<KernelCapture>;
    try {
      capture = await instance.prepareCapture();
    } catch (error) {
      if (codeOf(error) !== "EW_DEVICE_LOST") throw error;
      this.lose(error as EverwarpError);
      return undefined;
    }
    if (!this.#is("serving")) return undefined;
    this.#state = "parked";
    this.#dispatcher.detach();
    const begin = nowMs();
    const captured = await this.#orLost(async () => {
      await loop.park(this.#hangTimeoutMs);
      return await this.#gather(instance, capture);
    });
    if (captured === undefined) return undefined;
    // This is the checkpoint from now on. If the kernel is lost now, the recovery starts after this function.
    const inFlight = this.#cut(loop, captured.position);
    await this.#orLost(async () => {
      if (this.#is("parked")) await loop.start();
      if (this.#is("parked")) this.#serve(instance);
    });
    const pausedMs = this.#notePause(begin);
    const memory = await captured.finish();
    this.#keep(memory);
    return { memory, inFlight, pausedMs };
  }

  /** Undefined if a step fails: the kernel is lost then. */
  async #orLost<T>(step: () => Promise<T>): Promise<T | undefined> {
    try {
      return await step();
    } catch (error) {
      if (error instanceof EverwarpError) this.lose(error);
      else this.#failUnexpectedly(error);
      return undefined;
    }
  }

  /**
   * Captures a parked kernel at a point where all workgroups have finished the same requests. Others catch up first.
   */
  async #gather(instance: KernelInstance, capture: () => Promise<KernelCapture>): Promise<KernelCapture> {
    const { loop } = instance;
    for (;;) {
      this.#dispatcher.collect();
      const captured = await capture();
      if (!this.#is("parked") || !isSplit(captured.position)) return captured;
      await loop.start();
      this.#watch.begin();
      // Nothing is published meanwhile, so this ends: each pass reduces the requests in flight by at least one.
      while (loop.poll() === 0 && loop.state === "running" && this.#is("parked")) {
        const now = nowMs();
        if (this.#watch.isDue(now)) {
          loop.assertRunning();
          const hang = this.#hangOf(loop, now);
          if (hang !== undefined) throw hang;
        }
        await turn();
      }
      if (loop.state === "lost") throw reasonOf(loop);
      await loop.park(this.#hangTimeoutMs);
    }
  }

  /** Restarts the journal after everything that the parked kernel has answered. Returns the words in flight. */
  #cut(loop: ResidentLoop, position: LoopPosition): TakenCheckpoint["inFlight"] {
    const { journal } = this.#dispatcher;
    this.#dispatcher.collect();
    journal.cut();
    this.#schedule.taken(nowMs(), workDone(loop, this.#dispatcher.counters));
    // Without state there is nothing to rebuild, unless a request was under way: its progress is state too.
    journal.keepsAnswered = this.#recipe.types.stateBytes > 0 || !isBetweenRequests(position);
    return [journal.inFlight(0), journal.inFlight(1)];
  }

  /** Makes this memory the target of later recoveries. */
  #keep(memory: KernelMemory): void {
    this.#memory = this.#dispatcher.journal.keepsAnswered ? memory : undefined;
  }

  #notePause(begin: number): number {
    const endMs = nowMs();
    this.counters.checkpoints++;
    this.pauses.add(endMs - begin);
    this.#trace.span("checkpoint", begin, endMs);
    return endMs - begin;
  }

  // ── Recovery ──

  async #recover(reason: EverwarpError): Promise<void> {
    const begin = nowMs();
    this.counters.recoveries++;
    this.#takeBack(reason);
    let { device } = this.#instance;
    await this.#leave(this.#instance);
    if (this.#streak.faultlessLosses > this.#maxAttempts) return this.#giveUp(reason);
    for (let attempt = 1; this.#is("recovering");) {
      let instance: KernelInstance | undefined;
      let wasGivenUp = false;
      try {
        if (device.isLost) device = device.replace();
        instance = await KernelInstance.open(device, this.#recipe, this.#memory);
        await this.#replay(instance);
        this.#instance = instance;
        this.#trace.span("recovery", begin, nowMs());
        if (this.#is("recovering")) this.#serve(instance);
        return;
      } catch (error) {
        if (!(error instanceof EverwarpError)) throw error;
        // Another kernel hung on the device and gave it up. That is not this kernel's fault. The hanging kernel is
        // given up in the end.
        wasGivenUp = device.isAbandoned;
        if (instance !== undefined) await this.#leave(instance);
        // Something blocks the device, such as a launch that never ends. The next attempt opens a new device.
        if (error.code === "EW_TIMEOUT" && !device.isLost) device.abandon();
        if (wasGivenUp) continue;
        if (attempt >= this.#maxAttempts) return this.#giveUp(error);
        attempt++;
      }
    }
  }

  /** Makes the requests in flight pending again, except for a request that hung the kernel repeatedly. */
  #takeBack(reason: EverwarpError): void {
    const dispatcher = this.#dispatcher;
    const { loop, device } = this.#instance;
    if (loop.state === "running") loop.poll(); // collects answers from before the loss
    dispatcher.collect();
    this.#streak.lost(reason, dispatcher.counters.answered);
    const isTaken = dispatcher.inFlightCount > 0 && loop.hasBegun;
    const isCertain = isTaken && dispatcher.inFlightCount === 1;
    // Another kernel hung on the device and gave it up. Requests in flight here are no suspects.
    const isOthers = device.isAbandoned;
    if (!isTaken && !isOthers) this.#streak.faultlessLosses++;
    dispatcher.takeBack((request, priority, index) => {
      if (isTaken && !isOthers) request.lossCount++;
      request.firstLoss ??= reason;
      if (request.isWithdrawn) {
        this.#withdraw(priority, index);
        return true;
      }
      const isPoisoned = isCertain && !isOthers && request.lossCount >= this.#maxAttempts;
      if (isPoisoned) {
        dispatcher.counters.poisoned++;
        dispatcher.fail(request, poisoned(request.lossCount, request.firstLoss), "poisoned");
        this.#withdraw(priority, index);
      }
      return isPoisoned;
    });
  }

  /** Excludes a request from the next recovery, although it may have been in progress at the checkpoint. */
  #withdraw(priority: Priority, index: number): void {
    if (this.#memory === undefined) return;
    // The caller of the checkpoint may be writing this position to a file, so change a copy.
    const position = copyPosition(this.#memory.position);
    withdraw(position, priority, index);
    this.#memory = { ...this.#memory, position };
  }

  async #leave(instance: KernelInstance): Promise<void> {
    this.#life.leave(instance);
    await instance.leave();
  }

  /** @param last why the kernel could not be launched again, or was lost once more */
  #giveUp(last: EverwarpError): void {
    if (!this.#is("recovering")) return; // the kernel was closed meanwhile
    this.#state = "failed";
    this.#reason = givenUp(this.#streak.firstCause ?? last, last);
    this.#dispatcher.failAll(this.#reason);
  }

  /** Handles an unexpected error: nobody must wait for answers that will not come. */
  #failUnexpectedly(cause: unknown): void {
    if (this.#is("closed")) return;
    this.#state = "failed";
    this.#reason = internalError(cause);
    this.#dispatcher.detach();
    this.#dispatcher.failAll(this.#reason);
  }

  #serve(instance: KernelInstance): void {
    this.#state = "serving";
    this.#reason = undefined;
    this.#watch.begin();
    instance.loop.setDutyCycle(this.#recipe.dutyCycle); // the duty cycle may have changed meanwhile
    this.#dispatcher.attach(instance.loop);
    this.#wake();
  }

  /** Performs the answered requests since the checkpoint again, in order. The result becomes the new checkpoint. */
  async #replay(instance: KernelInstance): Promise<void> {
    const entries = this.#dispatcher.journal.replay();
    if (entries.length === 0) return;
    const limitMs = this.#watch.limitMs(true, this.#recipe.dutyCycle, nowMs());
    await replayAll(instance.loop, entries, limitMs, () => this.assertServing());
    this.counters.replayed += entries.length;
    const capture = await instance.prepareCapture();
    await instance.loop.park(this.#hangTimeoutMs);
    const captured = await capture();
    const memory = await captured.finish();
    this.#cut(instance.loop, memory.position);
    this.#keep(memory);
    await instance.loop.start();
  }

  // ── Watching ──

  /** The reason if the kernel has neither answered nor worked for too long; otherwise undefined. */
  #hangOf(loop: ResidentLoop, now: number): EverwarpError | undefined {
    const { inFlightCount, counters } = this.#dispatcher;
    const stillMs = this.#watch.stillMs(workDone(loop, counters), inFlightCount > 0, now);
    const limitMs = this.#watch.limitMs(loop.hasBegun, this.#recipe.dutyCycle, now);
    return stillMs > limitMs ? hungError(stillMs, inFlightCount) : undefined;
  }

  /**
   * Checks the state after an await, when it may have changed. A method, so that the compiler does not narrow the type.
   */
  #is(state: SupervisorState): boolean {
    return this.#state === state;
  }

  #exclusively<T>(task: () => Promise<T>): Promise<T> {
    const done = this.#tail.then(task);
    // The caller gets the error. The next step in the chain continues anyway.
    this.#tail = done.catch(() => undefined);
    return done;
  }
}
