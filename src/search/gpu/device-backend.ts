/**
 * Searches corpora in device memory with resident kernels: one scans for literals, one runs automata.
 *
 *     submit ──literals──▶ one request a literal (or a piece of a long one) ──▶ queue ──▶ scan kernel ──▶ records
 *        └───automaton──▶ one request ──▶ queue ──▶ match kernel, launched by the first ──▶ records
 *
 * Invariant: the kernels are stopped while a corpus is loaded or unloaded, and queries wait.
 */
import { EverwarpError, STALL_MS } from "../../base/index.ts";
import {
  type DeviceProfile,
  type DeviceSession,
  openSession,
  type ResidentLoop,
  type SessionOptions,
  type StrategyName,
} from "../../residency/index.ts";
import type { ComputePipeline, Device, DeviceBuffer } from "../../vulkan/index.ts";
import {
  type Backend,
  type BackendInfo,
  type BackendTicket,
  literalsOf,
  type LineTicket,
  type LoadedCorpus,
  type LoadOptions,
  type SubmitOptions,
} from "../backend/index.ts";
import type { Plan } from "../contracts.ts";
import type { Corpus } from "../corpus/index.ts";
import type { PlaneProgram } from "../planes/index.ts";
import { DeviceCorpus, type IndexPipelines } from "./device-corpus.ts";
import type { SkippingTrial } from "./device-signatures.ts";
import { maxPlaceBytes } from "./device-sink.ts";
import { DeviceTicket } from "./device-ticket.ts";
import { assertWithinLoopLimit, fill, freeIndex, sinkFor, unknownCorpusError } from "./fill-device.ts";
import { KernelGround } from "./kernel-ground.ts";
import { KernelTurns } from "./kernel-turns.ts";
import { MatchKernel, staysOnDevice } from "./match-kernel.ts";
import type { PlaneQueue } from "./plane-queue.ts";
import { PlaneSearch } from "./plane-search.ts";
import type { PlaneTrial } from "./plane-shape.ts";
import { RequestQueue, type RequestTaker } from "./request-queue.ts";
import { ScanQuery } from "./scan-query.ts";
import { scanShape, type ScanShape } from "./scan-shape.ts";
import { CorpusEntry } from "./scan.schema.ts";

const CORPORA_MAX = 256;
/** A thread of the host runs a regex over so much text in about a millisecond. */
const PLANES_PAY_FROM = 4 << 20;
const CORPUS_TABLE_BYTES = CORPORA_MAX * CorpusEntry.strideBytes;

/** Which device, and how the kernel runs on it. */
export interface DeviceBackendOptions extends SessionOptions {
  /** How the kernel is run; `auto` lets the device profile decide. */
  strategy?: StrategyName | "auto";
  /** How long the kernel may finish nothing; 60 s if not given. */
  stallMs?: number;
  /** For tests: how signatures are made and used. */
  skippingTrial?: SkippingTrial;
  /** For tests and measurements: how the kernels of bit planes are laid over the device. */
  planeTrial?: PlaneTrial;
}

/** Searches on a device. Open it with `DeviceBackend.open`. */
export class DeviceBackend implements Backend {
  readonly device: Device;
  readonly profile: DeviceProfile;
  readonly #shape: ScanShape;
  readonly #kernel: ResidentLoop;
  readonly #matches: MatchKernel;
  readonly #planes: PlaneSearch;
  /** Undefined where no kernel stays on the device. */
  readonly #turns: KernelTurns | undefined;
  /** Why there is no match kernel. */
  #matchFailure: unknown;
  #isLaunchingMatches = false;
  readonly #pipelines: IndexPipelines;
  readonly #signing: { readonly pipeline: ComputePipeline; readonly trial: SkippingTrial };
  readonly #table: DeviceBuffer;
  readonly #queue: RequestQueue;
  readonly #corpora: (DeviceCorpus | undefined)[] = [];
  readonly #stallMs: number;
  /** Loads and unloads, one after the other; queries wait while there are any. */
  #changes: Promise<unknown> = Promise.resolve();
  /** Gives back what `open` took. */
  readonly #giveBack: () => void;
  #isClosed = false;

  private constructor(parts: {
    session: DeviceSession;
    shape: ScanShape;
    taker: RequestTaker;
    pipelines: IndexPipelines;
    signing: { readonly pipeline: ComputePipeline; readonly trial: SkippingTrial };
    table: DeviceBuffer;
    stallMs: number;
    planeTrial: PlaneTrial | undefined;
    giveBack: () => void;
  }) {
    const { session, shape, taker, stallMs, planeTrial: trial } = parts;
    this.device = session.device;
    this.profile = session.profile;
    this.#giveBack = parts.giveBack;
    this.#shape = shape;
    this.#kernel = taker.kernel;
    this.#matches = new MatchKernel(session, shape);
    this.#pipelines = parts.pipelines;
    this.#signing = parts.signing;
    this.#table = parts.table;
    this.#stallMs = stallMs;
    this.#queue = new RequestQueue("scan kernel", taker);
    this.#turns = staysOnDevice(taker.kernel.strategyName)
      ? new KernelTurns(this.#queue, taker.kernel)
      : undefined;
    this.#planes = new PlaneSearch(session, shape, {
      change: (body) => this.#change(body),
      begin: (queue) => this.#turns?.admit(queue),
      stallMs,
      trial,
    });
  }

  /**
   * Opens a device and starts the kernel on it.
   * @throws EW_NO_VULKAN, EW_NO_DEVICE, EW_DEVICE_FORBIDDEN, EW_DRIVER_TOO_OLD, EW_STRATEGY_UNSUPPORTED
   */
  static async open(options: DeviceBackendOptions = {}): Promise<DeviceBackend> {
    const { strategy = "auto", stallMs = STALL_MS, skippingTrial: trial = {}, planeTrial, ...rest } = options;
    const session = await openSession({ ...rest, sharesSoftware: strategy === "adaptive" });
    const shape = scanShape(session.device.info, session.profile);
    const ground = new KernelGround(session, shape, trial.rowMask);
    const giveBack = (): void => {
      ground.giveBack();
      session.end();
    };
    try {
      const pipelines = {
        newlineCount: await ground.acquire("newlineCount"),
        newlineSpine: await ground.acquire("newlineSpine"),
        lineRanks: await ground.acquire("lineRanks"),
      };
      const signing = { pipeline: await ground.acquire("signatures"), trial };
      const pipeline = await ground.acquire("scan");
      const table = ground.createBuffer({
        role: "upload",
        sizeBytes: CORPUS_TABLE_BYTES,
        label: "corpus table",
      });
      const taker = await ground.launch(pipeline, {
        strategy,
        requestsPerBatch: shape.requestsPerBatch,
        tileCount: 1,
        inputsAddress: table.address,
        stallMs,
      });
      return new DeviceBackend({
        session,
        shape,
        taker,
        pipelines,
        signing,
        table,
        stallMs,
        planeTrial,
        giveBack,
      });
    } catch (error) {
      giveBack();
      throw error;
    }
  }

  get hasOwnMemory(): boolean {
    return this.device.info.type !== "cpu";
  }

  get planesPayFrom(): number {
    return this.hasOwnMemory ? PLANES_PAY_FROM : Infinity;
  }

  get maxPlaceBytes(): number {
    return maxPlaceBytes(this.device);
  }

  get info(): BackendInfo {
    return { kind: "device", device: this.device.info.name, strategy: this.#kernel.strategyName };
  }

  /** Why the strategy in `info` was taken. */
  get strategyReason(): string {
    return this.#kernel.strategyReason;
  }

  /** Workgroups that each query is spread over. */
  get workgroupCount(): number {
    return this.#kernel.workgroupCount;
  }

  async load(corpus: Corpus, options: LoadOptions = {}): Promise<DeviceCorpus> {
    const { automata = false, index: isSigned = true } = options;
    const signedBytesMin = this.#signing.trial.bytesMin ?? this.#shape.signedBytesMin;
    return this.#change(async () => {
      const index = freeIndex(this.#corpora, CORPORA_MAX);
      const sink = sinkFor(this.device, options);
      let loaded: DeviceCorpus | undefined;
      try {
        const placement = await fill(sink, corpus, options);
        const { arenaBytes } = placement.stats;
        assertWithinLoopLimit(this.device, this.profile, arenaBytes);
        loaded = new DeviceCorpus({
          device: this.device,
          pipelines: this.#pipelines,
          corpus,
          placement,
          segments: sink.segments,
          tileBytes: this.#shape.tileBytes,
          matchTileBytes: this.#shape.match.tileBytes,
          index,
          signing: isSigned && arenaBytes >= signedBytesMin ? this.#signing : undefined,
          unload: (unloaded) => this.#unload(unloaded),
        });
      } catch (error) {
        await sink.abandon();
        throw error;
      }
      const { segmentTable, tileCount, matchTileCount } = loaded;
      CorpusEntry.pack(
        { segments: segmentTable.address, tileCount, matchTileCount },
        new Uint32Array(this.#table.host, index * CorpusEntry.strideBytes, CorpusEntry.sizeBytes / 4),
      );
      this.#corpora[index] = loaded;
      if (automata) await this.#prepareMatches();
      return loaded;
    });
  }

  /** Launches the match kernel. Where it has no room, plans with automata are refused from then on. */
  async #prepareMatches(): Promise<void> {
    if (this.#matches.loop !== undefined || this.#matchFailure !== undefined) return;
    try {
      await this.#launchMatches();
    } catch (error) {
      if (this.device.isLost) throw error;
      this.#matchFailure = error;
    }
  }

  /** A kernel ended by itself, or its device was lost: every query fails with the reason. */
  get isLost(): boolean {
    return this.device.isLost || this.#loops().some(({ state }) => state === "lost");
  }

  canCountLines(program: PlaneProgram, corpus: LoadedCorpus): boolean {
    return this.#planes.isReady(this.#held(corpus), program);
  }

  countLines(program: PlaneProgram, corpus: LoadedCorpus): LineTicket {
    return this.#planes.count(this.#held(corpus), program);
  }

  submit(plan: Plan, options: SubmitOptions): BackendTicket {
    const loaded = this.#held(options.corpus);
    const { maxHits = Infinity } = options;
    if (plan.kind === "lines") return this.#planes.lines(loaded, plan.program);
    if (plan.kind === "automaton") {
      if (this.#matchFailure !== undefined) {
        throw new EverwarpError("EW_REQUEST_TOO_LARGE", "the device has no room for the kernel of automata", {
          remedy: "Ask for the literals that the pattern requires.",
          cause: this.#matchFailure,
        });
      }
      const query = this.#matches.query(loaded, plan.automaton, maxHits);
      this.#matches.queue.add(query);
      if (this.#matches.loop === undefined) this.#launchMatchesLate();
      return new DeviceTicket(this.#matches.queue, query);
    }
    const query = new ScanQuery(loaded, literalsOf(plan), maxHits, options.countOnly);
    this.#queue.add(query);
    return new DeviceTicket(this.#queue, query);
  }

  /** @throws EW_CORPUS_UNKNOWN, EW_CLOSED */
  #held(loaded: LoadedCorpus): DeviceCorpus {
    this.#assertOpen();
    const isHeld =
      loaded instanceof DeviceCorpus && loaded.isLoaded && this.#corpora[loaded.index] === loaded;
    if (!isHeld) throw unknownCorpusError();
    return loaded;
  }

  #launchMatches(): Promise<void> {
    return this.#matches.launch(
      { kernel: this.#kernel, turns: this.#turns },
      {
        tileCount: this.#largest("matchTileCount"),
        inputsAddress: this.#table.address,
        stallMs: this.#stallMs,
      },
    );
  }

  /**
   * Starts the match kernel for a query that waits already. What waits learns of a failure, and the next query tries
   * again.
   */
  #launchMatchesLate(): void {
    if (this.#isLaunchingMatches) return;
    this.#isLaunchingMatches = true;
    this.#change(() => this.#launchMatches())
      .catch((error: unknown) => this.#matches.queue.end(error))
      .finally(() => (this.#isLaunchingMatches = false));
  }

  #queues(): readonly (RequestQueue | PlaneQueue)[] {
    return [this.#queue, this.#matches.queue, this.#planes.queue];
  }

  /** The kernels that were launched: the one that stays last, so that the others begin before it takes the device. */
  #loops(): ResidentLoop[] {
    const { loop } = this.#matches;
    return loop === undefined ? [this.#kernel] : [loop, this.#kernel];
  }

  /** Tiles of the largest corpus. */
  #largest(count: "tileCount" | "matchTileCount"): number {
    return Math.max(1, ...this.#corpora.map((corpus) => corpus?.[count] ?? 0));
  }

  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    await this.#changes.catch(() => undefined); // its caller has been told
    const closed = new EverwarpError("EW_CLOSED", "the engine was closed before this query was answered", {
      remedy: "Wait for queries before closing.",
    });
    for (const queue of this.#queues()) queue.close(closed);
    try {
      await Promise.all([this.#kernel[Symbol.asyncDispose](), this.#matches.close()]);
    } finally {
      this.#planes.giveBack();
      for (const corpus of this.#corpora.splice(0)) corpus?.dispose();
      this.#giveBack();
    }
  }

  /** Runs something that needs the compute queue: with the kernels stopped, and no query running. */
  #change<T>(body: () => Promise<T>): Promise<T> {
    this.#assertOpen();
    const queues = this.#queues();
    const change = this.#changes
      .catch(() => undefined) // its caller has been told
      .then(async () => {
        try {
          while (!queues.every((queue) => queue.isAtRest)) {
            for (const queue of queues) queue.advance();
            if (!queues.every((queue) => queue.isAtRest)) await new Promise(setImmediate);
          }
          for (const loop of this.#loops()) await loop.stop();
          try {
            return await body();
          } finally {
            await this.#startKernels();
          }
        } finally {
          // Also where a kernel did not stop or start: waiting queries are then told by the kernel, and wait no
          // longer.
          for (const queue of queues) queue.resume();
        }
      });
    this.#changes = change;
    for (const queue of queues) queue.pause();
    return change;
  }

  async #startKernels(): Promise<void> {
    const { loop } = this.#matches;
    if (loop !== undefined) {
      loop.boundedWorkgroupCount = this.#shape.boundedWorkgroupCount(this.#largest("matchTileCount"));
      await loop.start();
      loop.leave(); // until it is asked
    }
    this.#kernel.boundedWorkgroupCount = this.#shape.boundedWorkgroupCount(this.#largest("tileCount"));
    await this.#kernel.start();
  }

  #unload(corpus: DeviceCorpus): Promise<void> {
    return this.#change(async () => {
      this.#corpora[corpus.index] = undefined;
      this.#planes.forget(corpus);
      corpus.dispose();
    });
  }

  #assertOpen(): void {
    if (this.#isClosed) {
      throw new EverwarpError("EW_CLOSED", "the engine was closed", { remedy: "Open it again." });
    }
  }
}
