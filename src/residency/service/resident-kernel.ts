/**
 * A kernel that lives on the GPU as a service: typed requests in, typed answers out, state that survives whatever the driver does.
 *
 *     call ──▶ dispatcher (line, slots, journal) ──▶ loop on the device ──▶ pump: answers to callers
 *                                                   └── supervisor: checkpoint, loss, recovery, replay
 *
 * Invariants: every call is answered once, with a response or an error; nothing here blocks but `callSync`; an idle kernel has no timer and no
 * immediate, and does not keep the process alive.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { nowMs, assertInstance, fullText, milliseconds, EverwarpError } from "../../base/index.ts";
import type { Infer, StructLayout } from "../../schema/index.ts";
import { Device } from "../../vulkan/index.ts";
import {
  type LoadCheckpointOptions,
  identityOf,
  loadKernel,
  saveKernel,
  type StoredRequest,
} from "../checkpoint/index.ts";
import { type KernelMemory, KernelInstance, type KernelTypes } from "../kernel/index.ts";
import type { Priority } from "../queue/index.ts";
import { Supervisor } from "../recovery/index.ts";
import {
  type PassResult,
  CompletionPoller,
  Dispatcher,
  priorityOf,
  PendingRequest,
  readCallOptions,
  type CallOptions,
  RequestTrace,
} from "../requests/index.ts";
import type { StrategyName } from "../strategies/index.ts";
import {
  assertShare,
  type KernelOptions,
  type KernelPlan,
  planOf,
  readKernelOptions,
  readRestoreOptions,
} from "./kernel-options.ts";
import type { KernelStats } from "./kernel-stats.ts";

/** Looks at mapped memory in one turn of the event loop that finds nothing. */
const POLLS_PER_TURN = 8;
/** Looks of a spinning call between two looks at the clock. */
const SPINS_PER_CLOCK = 64;
/** How long `stop` waits for what was asked before it. */
const STOP_TIMEOUT_MS = 30_000;

/** What a checkpoint was. */
export interface CheckpointInfo {
  /** Where it was written, when it was. */
  readonly file: string | undefined;
  /** Bytes of state. */
  readonly stateBytes: number;
  /** Requests that were published and not answered then: they go on where they were, also after a restore. */
  readonly requestsInFlight: number;
  /** How long requests stood still for it. */
  readonly pausedMs: number;
}

export class ResidentKernel<
  Q extends StructLayout = StructLayout,
  R extends StructLayout = StructLayout,
> implements AsyncDisposable {
  /**
   * The answers to the requests that were in flight in the checkpoint that this kernel was restored from, per priority oldest first; empty after
   * `launch`. They are performed whether or not anybody looks here: whoever asked is gone with its process, so a long job's answer is
   * found here. A rejection that nobody handles is not reported.
   */
  readonly restored: readonly Promise<Infer<R>>[];
  readonly #types: KernelTypes<Q, R>;
  readonly #plan: KernelPlan;
  readonly #dispatcher: Dispatcher<Infer<R>>;
  readonly #supervisor: Supervisor<Infer<R>>;
  readonly #trace: RequestTrace;
  readonly #poller: CompletionPoller;
  readonly #words: Uint32Array;
  #isStopping = false;
  #stopped: Promise<void> | undefined;
  #refused = 0;
  #isCheckpointDue = false;
  /** Relaunches that the trace has a lease for, and when the last of them began. */
  #leasesSeen = 0;
  #leaseBeganMs = nowMs();

  private constructor(
    types: KernelTypes<Q, R>,
    plan: KernelPlan,
    instance: KernelInstance,
    memory: KernelMemory | undefined,
    requests: readonly StoredRequest[],
  ) {
    const { recipe } = plan;
    this.#types = types;
    this.#plan = plan;
    this.#words = new Uint32Array(Math.max(1, types.requestWords));
    this.#trace = new RequestTrace(plan.trace);
    this.#dispatcher = new Dispatcher<Infer<R>>({
      decode: (words) => types.decodeResponse(words),
      slots: recipe.slots,
      queueLimit: plan.queueLimit,
      journal: {
        bytesMax: plan.journalBytesMax,
        requestWordsMax: types.requestWords,
        keepsAnswered: types.stateBytes > 0 || memory !== undefined,
      },
      trace: this.#trace,
    });
    // Strategies whose launches end need the host to launch again, and soon.
    const launchesByItself =
      instance.loop.strategyName === "persistent" || instance.loop.strategyName === "continuous";
    this.#poller = new CompletionPoller((now) => this.#pass(now), launchesByItself ? 4 : 1);
    this.#supervisor = new Supervisor({
      instance,
      recipe,
      dispatcher: this.#dispatcher,
      trace: this.#trace,
      memory,
      hangTimeoutMs: plan.hangTimeoutMs,
      attemptsMax: plan.attemptsMax,
      checkpointEveryMs: plan.checkpointEveryMs,
      wake: () => this.#poller.wake(),
    });
    this.restored = requests.map(({ priority, words }) => this.#repeat(priority, words));
  }

  /**
   * Compiles a kernel and launches it.
   * @throws EW_BAD_ARGUMENT, EW_REQUEST_TOO_LARGE, EW_COMPILE, EW_PATH_NOT_FOUND, EW_NO_ROOM, EW_STRATEGY_UNSUPPORTED, EW_OUT_OF_DEVICE_MEMORY,
   * EW_DEVICE_LOST
   */
  static async launch<const Q extends StructLayout, const R extends StructLayout>(
    device: Device,
    options: KernelOptions<Q, R>,
  ): Promise<ResidentKernel<Q, R>> {
    assertDevice(device);
    const plan = planOf(readKernelOptions("ResidentKernel.launch", options));
    const instance = await KernelInstance.open(device, plan.recipe);
    return new ResidentKernel(plan.types, plan, instance, undefined, []);
  }

  /**
   * Launches a kernel where a checkpoint left it, in this process or another: state as it was, requests that were in flight go on where they
   * were (see `restored`).
   * @param given options as for `launch`: the same kernel with the same structs and state; slots and strategy may differ
   * @throws EW_CHECKPOINT_TRUNCATED, EW_CHECKPOINT_CORRUPTED, EW_CHECKPOINT_OUTDATED, EW_CHECKPOINT_OTHER_DEVICE, EW_CHECKPOINT_OTHER_KERNEL,
   * EW_PATH_NOT_FOUND, EW_PATH_UNREADABLE; what `launch` throws
   */
  static async restore<const Q extends StructLayout, const R extends StructLayout>(
    device: Device,
    file: string,
    given: KernelOptions<Q, R> & Pick<LoadCheckpointOptions, "allowOtherDevice">,
  ): Promise<ResidentKernel<Q, R>> {
    assertDevice(device);
    fullText("file", file);
    const options = readRestoreOptions("ResidentKernel.restore", given);
    const plan = planOf(options);
    const { recipe } = plan;
    const identity = identityOf(device, recipe);
    const { memory, requests } = await loadKernel(file, identity, recipe.types, {
      allowOtherDevice: options.allowOtherDevice === true,
    });
    const instance = await KernelInstance.open(device, recipe, memory);
    return new ResidentKernel(plan.types, plan, instance, memory, requests);
  }

  /** The device that the kernel runs on: after a loss it is the one that replaced the device of the launch. */
  get device(): Device {
    return this.#supervisor.instance.device;
  }

  get strategyName(): StrategyName {
    return this.#supervisor.instance.loop.strategyName;
  }

  /** Why this strategy was taken. */
  get strategyReason(): string {
    return this.#supervisor.instance.loop.strategyReason;
  }

  /**
   * Asks the kernel. Where all slots are taken, or the kernel is being checkpointed or recovered, the request waits in line: urgent ones first,
   * else in the order of the calls; it is never refused.
   * @returns the response; rejects with EW_BAD_ARGUMENT, EW_KERNEL_FAULT when the kernel called fail(), EW_DEADLINE_EXCEEDED, EW_ABORTED,
   * EW_REQUEST_POISONED, EW_CLOSED, and the first cause (EW_DEVICE_LOST or another) where the kernel could not be recovered
   */
  call(values: Infer<Q>, options?: CallOptions): Promise<Infer<R>> {
    return this.#ask(values, options, false);
  }

  /** Like `call`, but rejects with EW_QUEUE_FULL at once where `queueLimit` requests wait in line. */
  tryCall(values: Infer<Q>, options?: CallOptions): Promise<Infer<R>> {
    return this.#ask(values, options, true);
  }

  /** Resolves when the line has room for a `tryCall`; who asked first is told first. */
  room(): Promise<void> {
    return this.#dispatcher.pending.room();
  }

  /**
   * Asks the kernel and spins until it has answered: microseconds where it stays resident. The event loop stands still meanwhile.
   * @throws what `call` rejects with; EW_TIMEOUT when `timeoutMs` passed first (the message says whether it is still performed), or at once while
   * the kernel is being checkpointed or must be, for which the event loop must turn; EW_DEVICE_LOST when
   * the kernel was lost meanwhile, and then the request is not performed: it may be asked again
   */
  callSync(values: Infer<Q>, timeoutMs = 1_000): Infer<R> {
    milliseconds("timeoutMs", timeoutMs);
    this.#assertCallable();
    const count = this.#types.encodeRequest(values, this.#words);
    const begin = nowMs();
    const request = new PendingRequest<Infer<R>>(0, begin);
    let answer: Infer<R> | undefined;
    let failure: EverwarpError | undefined;
    request.resolve = (response) => (answer = response);
    request.reject = (error) => (failure = error);
    this.#dispatcher.accept(request, this.#words, count);
    this.#poller.wake(); // for those that are left when this returns
    for (let spin = 1; request.phase !== "settled"; spin++) {
      const { state, instance } = this.#supervisor;
      if (state !== "serving") throw this.#withdrawn(request, state);
      if (instance.loop.poll() > 0 || instance.loop.state === "lost") this.#collect();
      if (spin % SPINS_PER_CLOCK !== 0) continue;
      const { journal } = this.#dispatcher;
      if (request.phase === "waiting" && !journal.hasRoom)
        throw this.#withdrawn(request, "due for a checkpoint");
      const now = nowMs();
      this.#supervisor.watch(now);
      if (now - begin > timeoutMs) throw this.#timedOut(request, timeoutMs);
    }
    if (failure !== undefined) throw failure;
    return answer as Infer<R>;
  }

  /**
   * Takes a checkpoint: recoveries go back to it, and with a file another process can restore it. Requests stand still for a moment (a few
   * milliseconds, and the copy of the state), not while the file is written.
   * @param file is replaced whole or not at all
   * @throws EW_CLOSED, EW_PATH_NOT_FOUND, EW_PATH_UNWRITABLE; EW_OUT_OF_HOST_MEMORY, EW_OUT_OF_DEVICE_MEMORY, and the kernel goes on; the first cause
   * where the kernel could not be recovered
   */
  async checkpoint(file?: string): Promise<CheckpointInfo> {
    if (file !== undefined) fullText("file", file);
    this.#assertCallable();
    const { memory, inFlight, pausedMs } = await this.#supervisor.checkpoint();
    if (file !== undefined) {
      const identity = identityOf(this.device, this.#plan.recipe);
      await saveKernel(file, identity, memory, inFlight);
    }
    return {
      file,
      stateBytes: memory.state.length,
      requestsInFlight: inFlight[0].length + inFlight[1].length,
      pausedMs,
    };
  }

  /** Sets the share of the time that the kernel may work, above 0 and at most 1, also while it runs. @throws EW_BAD_ARGUMENT, EW_CLOSED */
  setDutyCycle(share: number): void {
    this.#assertCallable();
    assertShare("share", share);
    this.#plan.recipe.dutyCycle = share;
    // A kernel that is being recovered takes it when it serves again.
    if (this.#supervisor.state !== "recovering") this.#supervisor.instance.loop.setDutyCycle(share);
  }

  /** What the kernel has done so far. */
  stats(): KernelStats {
    const dispatcher = this.#dispatcher;
    const { counters, totals, pauses, leaseGaps } = this.#supervisor;
    return {
      roundTrip: dispatcher.roundTrips.quantiles,
      requests: dispatcher.counters.requests,
      answered: dispatcher.counters.answered,
      failed: dispatcher.counters.failed,
      waits: dispatcher.counters.waits,
      refused: this.#refused,
      deadlinesExceeded: dispatcher.pending.counters.deadlinesExceeded,
      aborted: dispatcher.pending.counters.aborted,
      poisoned: dispatcher.counters.poisoned,
      inFlight: dispatcher.inFlightCount,
      waiting: dispatcher.pending.waitingCount,
      polls: totals.polls,
      ticks: totals.ticks,
      busyShare: totals.ticks === 0 ? 0 : totals.busyTicks / totals.ticks,
      activeLaneShare: totals.countedLanes === 0 ? undefined : totals.activeLanes / totals.countedLanes,
      launches: totals.launches,
      leases: hasLeases(this.strategyName) ? totals.launches : 0,
      relaunches: totals.relaunches,
      leaseGap: leaseGaps.quantiles,
      checkpoints: counters.checkpoints,
      checkpointPause: pauses.quantiles,
      recoveries: counters.recoveries,
      replayed: counters.replayed,
      journalBytes: dispatcher.journal.usedBytes,
    };
  }

  /** Writes the last requests, checkpoints and recoveries as a trace for ui.perfetto.dev. Launch with `trace` to have one. */
  async writeTrace(file: string): Promise<void> {
    fullText("file", file);
    return this.#trace.write(file);
  }

  /**
   * Waits for what was asked so far, then ends the kernel and frees what it took. Calls from now on are refused. A second call waits for the first.
   * @throws EW_TIMEOUT when something was not answered within `timeoutMs`; its callers have then been told EW_CLOSED, and the kernel has ended
   */
  async stop(timeoutMs = STOP_TIMEOUT_MS): Promise<void> {
    milliseconds("timeoutMs", timeoutMs);
    this.#stopped ??= this.#stop(timeoutMs);
    return this.#stopped;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }

  async #stop(timeoutMs: number): Promise<void> {
    this.#isStopping = true;
    const begin = nowMs();
    while (this.#dispatcher.isBusy && this.#supervisor.state !== "failed" && nowMs() - begin < timeoutMs) {
      this.#poller.wake();
      await sleep(1);
    }
    const left = this.#dispatcher.inFlightCount + this.#dispatcher.pending.waitingCount;
    if (left > 0) this.#dispatcher.failAll(closed("the kernel was stopped before this request was answered"));
    await this.#supervisor.close();
    if (left > 0) {
      throw new EverwarpError("EW_TIMEOUT", `${left} requests were not answered within ${timeoutMs} ms`, {
        remedy: "Wait for them first, or allow more time.",
      });
    }
  }

  // On the way of every request: written out, without closures.

  #ask(values: Infer<Q>, given: CallOptions | undefined, isBounded: boolean): Promise<Infer<R>> {
    let options: CallOptions | undefined;
    if (given !== undefined) {
      try {
        options = readCallOptions(given);
      } catch (error) {
        return Promise.reject(error as EverwarpError);
      }
    }
    const promise = new Promise<Infer<R>>(capture);
    const request = new PendingRequest<Infer<R>>(priorityOf(options), nowMs());
    request.resolve = capturedResolve as (value: Infer<R>) => void;
    request.reject = capturedReject;
    try {
      this.#assertCallable();
      const dispatcher = this.#dispatcher;
      if (isBounded && dispatcher.pending.isFull) throw this.#full();
      const count = this.#types.encodeRequest(values, this.#words);
      if (options !== undefined && !dispatcher.pending.watch(request, options)) return promise;
      dispatcher.accept(request, this.#words, count);
      this.#poller.wake();
    } catch (error) {
      if (!(error instanceof EverwarpError)) throw error;
      request.reject(error);
    }
    return promise;
  }

  /** One look: at answers, at what waits, now and then at the kernel. */
  #pass(now: number): PassResult {
    const dispatcher = this.#dispatcher;
    const supervisor = this.#supervisor;
    if (supervisor.state !== "serving") return "idle"; // a checkpoint or a recovery is at work, and wakes the completion poller
    if (supervisor.isCheckpointDue(now)) this.#checkpointSoon();
    const { loop } = supervisor.instance;
    let found = 0;
    for (let poll = 0; poll < POLLS_PER_TURN && found === 0; poll++) found = loop.poll();
    if (found > 0 || loop.state === "lost") found = this.#collect();
    if (found > 0) {
      if (this.#trace.capacity !== 0) this.#noteLeases(loop.counts.relaunches, now);
      return dispatcher.isBusy ? "answers" : "idle";
    }
    supervisor.watch(now);
    if (!dispatcher.journal.hasRoom) this.#checkpointSoon(); // nothing else would make room, where nothing is in flight
    return dispatcher.isBusy ? "nothing" : "idle";
  }

  /** Hands answers to their callers. Returns how many were answered. */
  #collect(): number {
    const found = this.#dispatcher.collect();
    if (found > 0 && this.#dispatcher.journal.isFilling) this.#checkpointSoon();
    return found;
  }

  /** The journal is filling, and begins anew with a checkpoint; or the last one is old. */
  #checkpointSoon(): void {
    if (this.#isCheckpointDue) return;
    this.#isCheckpointDue = true;
    const { journal, pending } = this.#dispatcher;
    this.#supervisor.checkpoint().then(
      () => {
        this.#isCheckpointDue = false;
      },
      (error: EverwarpError) => {
        this.#isCheckpointDue = false;
        // The kernel goes on (or its callers have been told); but what waits for room in the journal would wait in vain.
        if (!journal.hasRoom) pending.failAll(error);
      },
    );
  }

  #noteLeases(relaunches: number, now: number): void {
    if (relaunches === this.#leasesSeen) return;
    if (relaunches > this.#leasesSeen) this.#trace.span("lease", this.#leaseBeganMs, now);
    this.#leasesSeen = relaunches;
    this.#leaseBeganMs = now;
  }

  /** Asks again what a checkpoint had in flight. */
  #repeat(priority: Priority, words: Uint32Array): Promise<Infer<R>> {
    const request = new PendingRequest<Infer<R>>(priority, nowMs());
    const answer = new Promise<Infer<R>>((resolve, reject) => {
      request.resolve = resolve;
      request.reject = reject;
    });
    answer.catch(() => undefined);
    this.#dispatcher.accept(request, words, words.length);
    this.#poller.wake();
    return answer;
  }

  #assertCallable(): void {
    if (this.#isStopping) throw closed("the kernel was stopped");
    this.#supervisor.assertServing();
  }

  #full(): EverwarpError {
    this.#refused++;
    const { limit } = this.#dispatcher.pending;
    return new EverwarpError("EW_QUEUE_FULL", `${limit} requests wait in line already`, {
      remedy: "Await room(), or use call(), which waits in line.",
    });
  }

  #timedOut(request: PendingRequest<Infer<R>>, timeoutMs: number): EverwarpError {
    const wasWaiting = request.phase === "waiting";
    this.#dispatcher.pending.remove(request);
    this.#dispatcher.pending.settled(request);
    return new EverwarpError(
      "EW_TIMEOUT",
      `the request was not answered within ${timeoutMs} ms; it ${wasWaiting ? "was not published and is never performed" : "is still performed, and its answer dropped"}`,
      { remedy: "Allow more time, or use call()." },
    );
  }

  /** A spinning call can wait neither for a checkpoint nor for a recovery: both need the event loop, and have it when this is told. */
  #withdrawn(request: PendingRequest<Infer<R>>, state: string): EverwarpError {
    this.#dispatcher.pending.remove(request);
    request.isWithdrawn = true;
    this.#dispatcher.pending.settled(request);
    const { reason } = this.#supervisor;
    const remedy = "Use call(), which waits for it; or ask again later.";
    if (reason === undefined) {
      return new EverwarpError("EW_TIMEOUT", `the kernel is ${state}, and the request is not performed`, {
        remedy,
      });
    }
    // What it has done a moment before the loss is found out by the recovery, after this is told.
    return new EverwarpError(
      "EW_DEVICE_LOST",
      "the kernel was lost; the request is withdrawn, unless it was performed at the last moment",
      { remedy, cause: reason },
    );
  }
}

function hasLeases(strategy: StrategyName): boolean {
  return strategy === "leased" || strategy === "continuous";
}

// A promise's functions, without a closure for each request: the executor runs at once.
let capturedResolve: (value: never) => void;
let capturedReject: (error: unknown) => void;
function capture(resolve: (value: never) => void, reject: (error: unknown) => void): void {
  capturedResolve = resolve;
  capturedReject = reject;
}

function closed(what: string): EverwarpError {
  return new EverwarpError("EW_CLOSED", what, { remedy: "Launch it again." });
}

function assertDevice(device: unknown): void {
  assertInstance("device", device, Device, "a Device, as Device.open gives it");
}
