/**
 * A kernel that lives on the GPU as a service: typed requests in, typed answers out, and state that survives failures
 * of the driver.
 *
 *     call ──▶ dispatcher (pending, slots, journal) ──▶ loop on the device ──▶ completion poller: answers to callers
 *                                                           └── supervisor: checkpoint, loss, recovery, replay
 *
 * Invariants: every call is answered once, with a response or an error. Nothing blocks except `callSync`. An idle
 * kernel has no timer and no immediate, and does not keep the process alive.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { duration, EverwarpError, fullText, nowMs, readOptions, SPINS_PER_CLOCK } from "../../base/index.ts";
import type { Infer, StructLayout } from "../../schema/index.ts";
import type { Device } from "../../vulkan/index.ts";
import { identityOf, loadKernel, saveKernel } from "../checkpoint/index.ts";
import type { DeviceSession } from "../device/index.ts";
import type { KernelTypes } from "../kernel/index.ts";
import type { Priority } from "../queue/index.ts";
import { Supervisor } from "../recovery/index.ts";
import {
  type CallOptions,
  CompletionPoller,
  Dispatcher,
  type PassResult,
  PendingRequest,
  priorityOf,
  readCallOptions,
  readSyncCallOptions,
  RequestTrace,
  type SyncCallOptions,
} from "../requests/index.ts";
import { closedError, queueFullError, syncTimeoutError, withdrawnError } from "./call-errors.ts";
import {
  assertShare,
  type KernelOptions,
  type KernelPlan,
  planOf,
  readKernelOptions,
  readRestoreOptions,
  type RestoreOptions,
} from "./kernel-options.ts";
import { type CheckpointInfo, type KernelInfo, type KernelStats, statsOf } from "./kernel-stats.ts";
import { LeaseNotes } from "./lease-notes.ts";
import { FRESH, type OpenedKernel, openInstance } from "./open-instance.ts";

/** Number of polls in one turn of the event loop without an answer. */
const POLLS_PER_TURN = 8;
const SYNC_TIMEOUT_MS = 1_000;
/** How long `close` waits for earlier requests. */
const CLOSE_TIMEOUT_MS = 30_000;

/** A kernel on a GPU that answers typed requests. See the head of this file. */
export class ResidentKernel<
  Q extends StructLayout = StructLayout,
  R extends StructLayout = StructLayout,
> implements AsyncDisposable {
  /**
   * Answers to the requests that were in flight in the checkpoint that this kernel was restored from: by priority,
   * oldest first. Empty after `open`. The kernel performs these requests in any case. Their callers ended with their
   * process, so this is the place for the answer of a long job. A rejection that nobody handles is not reported.
   */
  readonly restored: readonly Promise<Infer<R>>[];
  readonly #types: KernelTypes<Q, R>;
  readonly #session: DeviceSession;
  readonly #plan: KernelPlan;
  readonly #dispatcher: Dispatcher<Infer<R>>;
  readonly #supervisor: Supervisor<Infer<R>>;
  readonly #trace: RequestTrace;
  readonly #poller: CompletionPoller;
  readonly #words: Uint32Array;
  #isClosing = false;
  #closed: Promise<void> | undefined;
  #refused = 0;
  #isCheckpointDue = false;
  readonly #leases: LeaseNotes;

  private constructor(types: KernelTypes<Q, R>, plan: KernelPlan, opened: OpenedKernel) {
    const { recipe } = plan;
    const { session, instance, memory, requests } = opened;
    this.#types = types;
    this.#plan = plan;
    this.#session = session;
    this.#words = new Uint32Array(Math.max(1, types.requestWords));
    this.#trace = new RequestTrace(plan.maxTraceEntries);
    this.#leases = new LeaseNotes(this.#trace);
    this.#dispatcher = new Dispatcher<Infer<R>>({
      decode: (words) => types.decodeResponse(words),
      maxInFlight: recipe.maxInFlight,
      maxPending: plan.maxPending,
      journal: {
        maxBytes: plan.maxJournalBytes,
        maxRequestWords: types.requestWords,
        keepsAnswered: types.stateBytes > 0 || memory !== undefined,
      },
      trace: this.#trace,
    });
    // Strategies whose launches end need the host to launch again soon.
    const { strategyName } = instance.loop;
    const launchesByItself = strategyName === "persistent" || strategyName === "continuous";
    this.#poller = new CompletionPoller((now) => this.#pass(now), launchesByItself ? 4 : 1);
    this.#supervisor = new Supervisor({
      instance,
      recipe,
      dispatcher: this.#dispatcher,
      trace: this.#trace,
      memory,
      hangTimeoutMs: plan.hangTimeoutMs,
      maxAttempts: plan.maxAttempts,
      checkpointEveryMs: plan.checkpointEveryMs,
      wake: () => this.#poller.wake(),
    });
    this.restored = requests.map(({ priority, words }) => this.#repeat(priority, words));
  }

  /**
   * Compiles a kernel and launches it. Opens a device for the kernel, unless an open one is given.
   * @throws EW_BAD_ARGUMENT, EW_REQUEST_TOO_LARGE, EW_NO_VULKAN, EW_NO_DEVICE, EW_DEVICE_FORBIDDEN, EW_DRIVER_TOO_OLD,
   * EW_COMPILE, EW_PATH_NOT_FOUND, EW_KERNEL_UNSAFE, EW_NO_ROOM, EW_STRATEGY_UNSUPPORTED,
   * EW_OUT_OF_DEVICE_MEMORY, EW_DEVICE_LOST
   */
  static async open<const Q extends StructLayout, const R extends StructLayout>(
    given: KernelOptions<Q, R>,
  ): Promise<ResidentKernel<Q, R>> {
    const options = readKernelOptions("ResidentKernel.open", given);
    const plan = planOf(options);
    const opened = await openInstance(plan, options.device, () => Promise.resolve(FRESH));
    return new ResidentKernel(plan.types, plan, opened);
  }

  /**
   * Launches a kernel from a checkpoint, in this process or another one. Its state is that of the checkpoint. Requests
   * that were in flight continue where they were (see `restored`).
   * @param given the file, and options as for `open`: same kernel, structs and state; device and strategy may differ
   * @throws EW_CHECKPOINT_TRUNCATED, EW_CHECKPOINT_CORRUPTED, EW_CHECKPOINT_OUTDATED, EW_CHECKPOINT_OTHER_DEVICE,
   * EW_CHECKPOINT_OTHER_KERNEL, EW_PATH_NOT_FOUND, EW_PATH_UNREADABLE; the errors of `open`
   */
  static async restore<const Q extends StructLayout, const R extends StructLayout>(
    given: RestoreOptions<Q, R>,
  ): Promise<ResidentKernel<Q, R>> {
    const options = readRestoreOptions("ResidentKernel.restore", given);
    const plan = planOf(options);
    const { recipe } = plan;
    const { file, allowOtherDevice = false } = options;
    const opened = await openInstance(plan, options.device, (device) =>
      loadKernel(file, identityOf(device, recipe), recipe.types, { allowOtherDevice }),
    );
    return new ResidentKernel(plan.types, plan, opened);
  }

  /** The device that the kernel runs on. After a loss, this is the device that replaced the first one. */
  get device(): Device {
    return this.#supervisor.instance.device;
  }

  /** How the kernel runs. */
  get info(): KernelInfo {
    const { device, loop } = this.#supervisor.instance;
    return {
      device: device.info.name,
      strategy: loop.strategyName,
      strategyReason: loop.strategyReason,
      isShared: loop.isShared,
      workgroups: loop.workgroupCount,
      stateBytes: this.#types.stateBytes,
    };
  }

  /**
   * Sends a request to the kernel. The request waits while all slots are taken, and during a checkpoint or a recovery.
   * Urgent requests go first; otherwise the order of the calls counts. No request is refused.
   * @returns the response. Rejects with EW_BAD_ARGUMENT; EW_KERNEL_FAULT if the kernel called fail(); EW_TIMEOUT,
   * EW_ABORTED, EW_REQUEST_POISONED, EW_CLOSED; and the first cause (EW_DEVICE_LOST or another) if recovery failed
   */
  call(values: Infer<Q>, options?: CallOptions): Promise<Infer<R>> {
    return this.#ask(values, options, false);
  }

  /** Like `call`, but rejects with EW_QUEUE_FULL at once if `maxPending` requests are pending. */
  tryCall(values: Infer<Q>, options?: CallOptions): Promise<Infer<R>> {
    return this.#ask(values, options, true);
  }

  /**
   * Resolves when a `tryCall` would be accepted. Callers are told in the order of their calls. No place is reserved.
   */
  ready(): Promise<void> {
    return this.#dispatcher.pending.ready();
  }

  /**
   * Sends a request and spins until the answer arrives: microseconds if the kernel is resident. Blocks the event loop.
   * @param given its `timeoutMs` is 1000 by default
   * @throws the errors of `call`. EW_TIMEOUT if `timeoutMs` passed; the message says whether the request is still
   * performed. EW_TIMEOUT at once during a checkpoint, or if one is due, because it needs the event loop.
   * EW_DEVICE_LOST if the kernel was lost meanwhile: the request is not performed and may be repeated
   */
  callSync(values: Infer<Q>, given?: SyncCallOptions): Infer<R> {
    const options = given === undefined ? undefined : readSyncCallOptions(given);
    const timeoutMs = options?.timeoutMs ?? SYNC_TIMEOUT_MS;
    this.#assertCallable();
    const count = this.#types.encodeRequest(values, this.#words);
    const begin = nowMs();
    const request = new PendingRequest<Infer<R>>(priorityOf(options), begin);
    let answer: Infer<R> | undefined;
    let failure: EverwarpError | undefined;
    request.resolve = (response) => (answer = response);
    request.reject = (error) => (failure = error);
    this.#dispatcher.accept(request, this.#words, count);
    this.#poller.wake(); // other requests may be open when this returns
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
   * Takes a checkpoint. Recoveries return to the checkpoint, and another process can restore it from a file. Requests
   * wait for a few milliseconds and while the state is copied. They do not wait while the file is written.
   * @param file the file to write; it is replaced atomically
   * @throws EW_CLOSED, EW_PATH_NOT_FOUND, EW_PATH_UNWRITABLE. EW_OUT_OF_HOST_MEMORY, EW_OUT_OF_DEVICE_MEMORY: the
   * kernel continues. The first cause if the kernel could not be recovered
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

  /** Sets the share of the time that the kernel may work: above 0, at most 1. @throws EW_BAD_ARGUMENT, EW_CLOSED */
  setDutyCycle(share: number): void {
    this.#assertCallable();
    assertShare("share", share);
    this.#supervisor.setDutyCycle(share);
  }

  /** Statistics of the kernel so far. */
  stats(): KernelStats {
    return statsOf(this.#dispatcher, this.#supervisor, this.#refused);
  }

  /**
   * Writes the last requests, leases, checkpoints and recoveries as a trace for ui.perfetto.dev. The trace is empty
   * without the option `maxTraceEntries`.
   * @throws EW_BAD_ARGUMENT, EW_PATH_UNWRITABLE
   */
  async writeTrace(file: string): Promise<void> {
    fullText("file", file);
    return this.#trace.write(file);
  }

  /**
   * Waits for the requests so far, ends the kernel, and frees its memory. Closes its device too, if `open` opened the
   * device. Later calls are refused. A second `close` waits for the first.
   * @param options `timeoutMs`: how long to wait for answers, 30 seconds by default
   * @throws EW_BAD_ARGUMENT. EW_TIMEOUT if a request was not answered in time: the caller of that request gets
   * EW_CLOSED, and the kernel has ended
   */
  async close(options: { readonly timeoutMs?: number } = {}): Promise<void> {
    const { timeoutMs = CLOSE_TIMEOUT_MS } = readOptions<{ readonly timeoutMs?: number }>(
      "the options of close",
      options,
      { timeoutMs: duration },
    );
    return (this.#closed ??= this.#close(timeoutMs));
  }

  /** Like `close`. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #close(timeoutMs: number): Promise<void> {
    this.#isClosing = true;
    const begin = nowMs();
    while (this.#dispatcher.isBusy && this.#supervisor.state !== "failed" && nowMs() - begin < timeoutMs) {
      this.#poller.wake();
      await sleep(1);
    }
    const left = this.#dispatcher.inFlightCount + this.#dispatcher.pending.waitingCount;
    if (left > 0)
      this.#dispatcher.failAll(closedError("the kernel was closed before this request was answered"));
    try {
      await this.#supervisor.close();
    } finally {
      this.#session.end();
    }
    if (left > 0) {
      throw new EverwarpError("EW_TIMEOUT", `${left} requests were not answered within ${timeoutMs} ms`, {
        remedy: "Wait for them first, or allow more time.",
      });
    }
  }

  // The path of every request: no closures, for speed.

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
      if (isBounded && dispatcher.pending.isFull) throw this.#refuse();
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

  /** Polls once for answers and pending requests, and from time to time checks the kernel. */
  #pass(now: number): PassResult {
    const dispatcher = this.#dispatcher;
    const supervisor = this.#supervisor;
    // A checkpoint or a recovery is running. It wakes the completion poller at its end.
    if (supervisor.state !== "serving") return "idle";
    if (supervisor.isCheckpointDue(now)) this.#checkpointSoon();
    const { loop } = supervisor.instance;
    let found = 0;
    for (let poll = 0; poll < POLLS_PER_TURN && found === 0; poll++) found = loop.poll();
    if (found > 0 || loop.state === "lost") found = this.#collect();
    if (found > 0) {
      if (this.#trace.capacity !== 0) this.#leases.look(loop.counts.relaunches, now);
      return dispatcher.isBusy ? "answers" : "idle";
    }
    supervisor.watch(now);
    if (!dispatcher.journal.hasRoom) this.#checkpointSoon(); // if nothing is in flight, only a checkpoint makes room
    return dispatcher.isBusy ? "nothing" : "idle";
  }

  /** Delivers answers to their callers. Returns how many. */
  #collect(): number {
    const found = this.#dispatcher.collect();
    if (found > 0 && this.#dispatcher.journal.isFilling) this.#checkpointSoon();
    return found;
  }

  /** Takes a checkpoint because the journal is filling up, or because the last checkpoint is too old. */
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
        // The kernel continues, or its callers got an error. Requests that wait for room in the journal would otherwise
        // wait for ever.
        if (!journal.hasRoom) pending.failAll(error);
      },
    );
  }

  /** Repeats a request that was in flight in the checkpoint. */
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
    if (this.#isClosing) throw closedError("the kernel was closed");
    this.#supervisor.assertServing();
  }

  #refuse(): EverwarpError {
    this.#refused++;
    return queueFullError(this.#dispatcher.pending.limit);
  }

  #timedOut(request: PendingRequest<Infer<R>>, timeoutMs: number): EverwarpError {
    const wasPending = request.phase === "waiting";
    this.#dispatcher.pending.remove(request);
    this.#dispatcher.pending.settled(request);
    return syncTimeoutError(timeoutMs, wasPending);
  }

  #withdrawn(request: PendingRequest<Infer<R>>, state: string): EverwarpError {
    this.#dispatcher.pending.remove(request);
    request.isWithdrawn = true;
    this.#dispatcher.pending.settled(request);
    return withdrawnError(state, this.#supervisor.reason);
  }
}

// The functions of the last created promise. They avoid a closure for each request, because the executor runs at once.
let capturedResolve: (value: never) => void;
let capturedReject: (error: unknown) => void;
function capture(resolve: (value: never) => void, reject: (error: unknown) => void): void {
  capturedResolve = resolve;
  capturedReject = reject;
}
