/**
 * Keeps a kernel alive. It sees that the kernel is lost, makes it again where the last checkpoint says, and asks it
 * again what was asked since.
 *
 *              ┌──── checkpoint ────▶ parked ─────┐
 *     serving ─┤                         │ loss   ├──▶ serving
 *              └──── loss ──▶ recovering ◀────────┘
 *                                 │ recovered ──▶ serving
 *                                 └ maxAttempts failures that are no request's fault ──▶ failed    any ──close──▶ closed
 *
 *     recovery   collect what was answered ▶ leave the old instance ▶ device.replace() if it is lost
 *                ▶ open an instance at the checkpoint ▶ replay the answered requests of the journal, answers dropped
 *                ▶ checkpoint ▶ publish what was in flight again, one at a time
 *
 * Invariants: state that callers have seen is never undone, as checkpoint and journal always give it. Checkpoints and
 * recoveries follow one another, never at the same time. There is no timer here: the completion poller (or a spinning
 * call) asks `watch`, and only while something is in flight.
 *
 * A loss is one of these: the driver says so; a launch ended, or ran into a limit of loops; or a kernel with requests
 * in flight finishes nothing and works at nothing for `hangTimeoutMs`.
 *
 * Which request hung a kernel is not guessed. After a loss everything that was in flight is suspect and published one
 * at a time, so the next loss names the one. It is poisoned if it was in flight in `maxAttempts` losses.
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

/** Where a supervised kernel stands. See the head of this file. */
export type SupervisorState = "serving" | "parked" | "recovering" | "failed" | "closed";

/** A checkpoint in memory, with what was in flight at that moment. */
export interface TakenCheckpoint {
  readonly memory: KernelMemory;
  /** Words of the requests in flight, by priority, oldest first. */
  readonly inFlight: readonly [readonly Uint32Array[], readonly Uint32Array[]];
  /** How long requests stood still for it. */
  readonly pausedMs: number;
}

/** Looks after a kernel. `Answer` is what its callers get. */
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
  /** The last checkpoint; undefined is zeros, and the journal has everything since the launch. */
  #memory: KernelMemory | undefined;
  /** The end of the last checkpoint or recovery; never rejects. */
  #tail: Promise<unknown> = Promise.resolve();
  /** Why requests wait for a recovery, or why there will be none. */
  #reason: EverwarpError | undefined;
  /** Losses in a row, with no answer between, that found no request taken; and the first cause. */
  #faultlessLosses = 0;
  #firstCause: EverwarpError | undefined;
  #answeredAtLoss = 0;

  constructor(options: {
    instance: KernelInstance;
    recipe: KernelRecipe;
    dispatcher: Dispatcher<Answer>;
    trace: RequestTrace;
    memory: KernelMemory | undefined;
    hangTimeoutMs: number;
    maxAttempts: number;
    /** How old a checkpoint may be while something changes; Infinity: any age. */
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

  /** What the kernel has done, on all its instances. */
  get totals(): Totals {
    return this.#life.totals(this.#instance);
  }

  /** Times between two leases. */
  get leaseGaps(): TimeHistogram {
    return this.#life.leaseGaps(this.#instance);
  }

  /** Why the kernel is lost, while it is. */
  get reason(): EverwarpError | undefined {
    return this.#reason;
  }

  /** Looks after the kernel, at most every 20 ms, while something is in flight. For slow paths. */
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

  /** Whether the last checkpoint is old, and something was done since. True once each time. */
  isCheckpointDue(now: number): boolean {
    return this.#schedule.isDue(now, this.#work);
  }

  /** The kernel is lost: recovers it, unless that is under way. */
  lose(reason: EverwarpError): void {
    if (this.#state !== "serving" && this.#state !== "parked") return;
    this.#state = "recovering";
    this.#reason = reason;
    this.#dispatcher.detach();
    this.#exclusively(() => this.#recover(reason)).catch((error: unknown) => this.#break(error));
  }

  /** Resolves when no checkpoint and no recovery is under way. */
  async settled(): Promise<void> {
    for (let tail; tail !== this.#tail;) {
      tail = this.#tail;
      await tail;
    }
  }

  /**
   * Takes a checkpoint: parks the kernel at the next border, copies its memory, starts it again. A kernel that is lost
   * meanwhile is recovered first.
   * @throws EW_CLOSED, or the first cause where recovery failed
   */
  async checkpoint(): Promise<TakenCheckpoint> {
    for (;;) {
      const taken = await this.#exclusively(() => this.#park());
      if (taken !== undefined) return taken;
      await this.settled();
      this.assertServing();
    }
  }

  /** @throws EW_CLOSED, or the first cause where recovery failed */
  assertServing(): void {
    if (this.#state === "failed" && this.#reason !== undefined) throw this.#reason;
    if (this.#state === "closed") {
      throw new EverwarpError("EW_CLOSED", "the kernel was closed", { remedy: "Open the kernel again." });
    }
  }

  /** Ends the kernel, after what is under way. Requests are the caller's: end them first. */
  async close(): Promise<void> {
    this.#state = "closed";
    this.#dispatcher.detach();
    await this.settled();
    await this.#instance.leave();
  }

  // ── Checkpoints ──

  /**
   * Undefined when the kernel was lost meanwhile.
   * @throws EW_OUT_OF_HOST_MEMORY, EW_OUT_OF_DEVICE_MEMORY: the kernel then goes on as it was
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
    const captured = await this.#orLose(async () => {
      await loop.park(this.#hangTimeoutMs);
      return await this.#gather(instance, capture);
    });
    if (captured === undefined) return undefined;
    // From here on this is the checkpoint: should the kernel be lost, it is recovered when this is over.
    const inFlight = this.#cut(loop, captured.position);
    await this.#orLose(async () => {
      if (this.#is("parked")) await loop.start();
      if (this.#is("parked")) this.#serve(instance);
    });
    const pausedMs = this.#notePause(begin);
    const memory = await captured.finish();
    this.#keep(memory);
    return { memory, inFlight, pausedMs };
  }

  /** Undefined where a step fails: the kernel is lost then. */
  async #orLose<T>(step: () => Promise<T>): Promise<T | undefined> {
    try {
      return await step();
    } catch (error) {
      if (error instanceof EverwarpError) this.lose(error);
      else this.#break(error);
      return undefined;
    }
  }

  /** Captures a parked kernel where all workgroups have done the same requests. Those behind catch up first. */
  async #gather(instance: KernelInstance, capture: () => Promise<KernelCapture>): Promise<KernelCapture> {
    const { loop } = instance;
    for (;;) {
      this.#dispatcher.collect();
      const captured = await capture();
      if (!this.#is("parked") || !isSplit(captured.position)) return captured;
      await loop.start();
      this.#watch.begin();
      // Nothing is published meanwhile, so this ends: each time at least one request fewer is in flight.
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

  /** The journal begins anew, behind what a parked kernel has answered. Returns the words in flight. */
  #cut(loop: ResidentLoop, position: LoopPosition): TakenCheckpoint["inFlight"] {
    const { journal } = this.#dispatcher;
    this.#dispatcher.collect();
    journal.cut();
    this.#schedule.taken(nowMs(), workDone(loop, this.#dispatcher.counters));
    // Without state there is nothing to rebuild, unless a request was under way: its progress is state too.
    journal.keepsAnswered = this.#recipe.types.stateBytes > 0 || !isBetweenRequests(position);
    return [journal.inFlight(0), journal.inFlight(1)];
  }

  /** From now on recoveries go back to this. */
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
    if (this.#faultlessLosses > this.#maxAttempts) return this.#giveUp(reason);
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
        // Another kernel hung on it, and gave it up: that is not the fault of this one, and the one that hangs is given
        // up in the end.
        wasGivenUp = device.isAbandoned;
        if (instance !== undefined) await this.#leave(instance);
        // Something holds the device and does not let go, such as a launch that never ends: the next attempt is on a
        // device opened anew.
        if (error.code === "EW_TIMEOUT" && !device.isLost) device.abandon();
        if (wasGivenUp) continue;
        if (attempt >= this.#maxAttempts) return this.#giveUp(error);
        attempt++;
      }
    }
  }

  /** What was in flight is pending again, but for a request that hung the kernel again and again. */
  #takeBack(reason: EverwarpError): void {
    const dispatcher = this.#dispatcher;
    const { loop, device } = this.#instance;
    if (loop.state === "running") loop.poll(); // what was answered before the loss
    dispatcher.collect();
    if (dispatcher.counters.answered > this.#answeredAtLoss) {
      this.#answeredAtLoss = dispatcher.counters.answered;
      this.#faultlessLosses = 0;
      this.#firstCause = undefined;
    }
    this.#firstCause ??= reason;
    const isTaken = dispatcher.inFlightCount > 0 && loop.hasBegun;
    const isCertain = isTaken && dispatcher.inFlightCount === 1;
    // Another kernel on the device hung, and gave it up: whatever was in hand here had no part in that.
    const isOthers = device.isAbandoned;
    if (!isTaken && !isOthers) this.#faultlessLosses++;
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

  /** The next recovery leaves out a request that may have been under way at the checkpoint. */
  #withdraw(priority: Priority, index: number): void {
    if (this.#memory === undefined) return;
    // Who took that checkpoint may be writing it to a file.
    const position = copyPosition(this.#memory.position);
    withdraw(position, priority, index);
    this.#memory = { ...this.#memory, position };
  }

  async #leave(instance: KernelInstance): Promise<void> {
    this.#life.leave(instance);
    await instance.leave();
  }

  /** @param last why it could not be launched again, or was lost once more */
  #giveUp(last: EverwarpError): void {
    if (!this.#is("recovering")) return; // it was closed meanwhile
    this.#state = "failed";
    this.#reason = givenUp(this.#firstCause ?? last, last);
    this.#dispatcher.failAll(this.#reason);
  }

  /** Something failed that nothing here can fail with: nobody is to wait for what will not come. */
  #break(cause: unknown): void {
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
    instance.loop.setDutyCycle(this.#recipe.dutyCycle); // it may have been changed meanwhile
    this.#dispatcher.attach(instance.loop);
    this.#wake();
  }

  /** Performs again what was answered since the checkpoint, in its order; then that is a checkpoint. */
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

  /** Has the kernel neither answered nor worked for too long? Then this is why it is lost. */
  #hangOf(loop: ResidentLoop, now: number): EverwarpError | undefined {
    const { inFlightCount, counters } = this.#dispatcher;
    const stillMs = this.#watch.stillMs(workDone(loop, counters), inFlightCount > 0, now);
    const limitMs = this.#watch.limitMs(loop.hasBegun, this.#recipe.dutyCycle, now);
    return stillMs > limitMs ? hungError(stillMs, inFlightCount) : undefined;
  }

  /** Asked after something was awaited: the state may be another one by then. */
  #is(state: SupervisorState): boolean {
    return this.#state === state;
  }

  #exclusively<T>(task: () => Promise<T>): Promise<T> {
    const done = this.#tail.then(task);
    // Whoever asked hears of a failure; the next in turn does not mind.
    this.#tail = done.catch(() => undefined);
    return done;
  }
}
