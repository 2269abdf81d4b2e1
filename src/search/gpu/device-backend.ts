/**
 * Searches corpora in device memory with resident kernels: one scans for literals, one runs automata.
 *
 *     submit ──literals──▶ one request a literal (or a piece of a long one) ──▶ queue ──▶ scan kernel ──▶ records
 *        └───automaton──▶ one request ──▶ queue ──▶ match kernel, launched by the first ──▶ records
 *
 * Invariant: the kernels are stopped while a corpus is loaded or unloaded, and queries wait.
 */
import os from "node:os";
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
  type LoadOptions,
  type SubmitOptions,
} from "../backend/index.ts";
import type { Plan } from "../contracts.ts";
import { type Corpus, copyPlacement, type Placement } from "../corpus/index.ts";
import { DeviceCorpus, type IndexPipelines } from "./device-corpus.ts";
import type { SkippingTrial } from "./device-signatures.ts";
import { DeviceSink, maxPlaceBytes } from "./device-sink.ts";
import { DeviceTicket } from "./device-ticket.ts";
import { KernelGround } from "./kernel-ground.ts";
import { MatchKernel } from "./match-kernel.ts";
import { RequestQueue, type RequestTaker } from "./request-queue.ts";
import { ScanQuery } from "./scan-query.ts";
import { scanShape, type ScanShape } from "./scan-shape.ts";
import { CorpusEntry } from "./scan.schema.ts";

const CORPORA_MAX = 256;
const CORPUS_TABLE_BYTES = CORPORA_MAX * CorpusEntry.strideBytes;
/** Beyond this, a workgroup would take more tiles in a launch than the loops of a driver with a limit allow. */
const LIMITED_CORPUS_BYTES_MAX = 1 << 30;

/** Staging buffers by which a corpus is copied from host memory. One thread fills them. */
const COPY_CHUNKS = 8;
const COPY_CHUNK_BYTES = 4 << 20;

/** Which device, and how the kernel runs on it. */
export interface DeviceBackendOptions extends SessionOptions {
  /** How the kernel is run; `auto` lets the device profile decide. */
  strategy?: StrategyName | "auto";
  /** How long the kernel may finish nothing; 60 s if not given. */
  stallMs?: number;
  /** For tests: how signatures are made and used. */
  skippingTrial?: SkippingTrial;
}

/** Searches on a device. Open it with `DeviceBackend.open`. */
export class DeviceBackend implements Backend {
  readonly device: Device;
  readonly profile: DeviceProfile;
  readonly #shape: ScanShape;
  readonly #kernel: ResidentLoop;
  readonly #matches: MatchKernel;
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
    giveBack: () => void;
  }) {
    const { session, shape, taker } = parts;
    this.device = session.device;
    this.profile = session.profile;
    this.#giveBack = parts.giveBack;
    this.#shape = shape;
    this.#kernel = taker.kernel;
    this.#matches = new MatchKernel(session, shape);
    this.#pipelines = parts.pipelines;
    this.#signing = parts.signing;
    this.#table = parts.table;
    this.#stallMs = parts.stallMs;
    this.#queue = new RequestQueue("scan kernel", taker);
  }

  /**
   * Opens a device and starts the kernel on it.
   * @throws EW_NO_VULKAN, EW_NO_DEVICE, EW_DEVICE_FORBIDDEN, EW_DRIVER_TOO_OLD, EW_STRATEGY_UNSUPPORTED
   */
  static async open(options: DeviceBackendOptions = {}): Promise<DeviceBackend> {
    const { strategy = "auto", stallMs = STALL_MS, skippingTrial: trial = {}, ...deviceOptions } = options;
    const session = await openSession({ ...deviceOptions, sharesSoftware: strategy === "adaptive" });
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
      return new DeviceBackend({ session, shape, taker, pipelines, signing, table, stallMs, giveBack });
    } catch (error) {
      giveBack();
      throw error;
    }
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
    const { automata = false, index: isSigned, threads = os.availableParallelism() } = options;
    return this.#change(async () => {
      const index = this.#freeCorpusIndex();
      const sink =
        options.from === undefined
          ? new DeviceSink(this.device, 2 * threads + 2)
          : new DeviceSink(this.device, COPY_CHUNKS, COPY_CHUNK_BYTES);
      let loaded: DeviceCorpus | undefined;
      try {
        const placement = await fill(sink, corpus, options);
        this.#assertWithinLoopLimit(placement.stats.arenaBytes);
        loaded = new DeviceCorpus({
          device: this.device,
          pipelines: this.#pipelines,
          corpus,
          placement,
          segments: sink.segments,
          tileBytes: this.#shape.tileBytes,
          matchTileBytes: this.#shape.match.tileBytes,
          index,
          signing: this.#isSigned(placement.stats.arenaBytes, isSigned) ? this.#signing : undefined,
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

  submit(plan: Plan, options: SubmitOptions): BackendTicket {
    this.#assertOpen();
    const { corpus: loaded } = options;
    if (!(loaded instanceof DeviceCorpus) || !loaded.isLoaded || this.#corpora[loaded.index] !== loaded) {
      throw new EverwarpError(
        "EW_CORPUS_UNKNOWN",
        "the query names a corpus that this device does not hold",
        {
          remedy: "Load it first; an unloaded corpus cannot be searched.",
        },
      );
    }
    const { maxHits = Infinity } = options;
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

  #launchMatches(): Promise<void> {
    return this.#matches.launch(
      { queue: this.#queue, kernel: this.#kernel },
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
    this.#queue.close(closed);
    this.#matches.queue.close(closed);
    try {
      await Promise.all([this.#kernel[Symbol.asyncDispose](), this.#matches.close()]);
    } finally {
      for (const corpus of this.#corpora.splice(0)) corpus?.dispose();
      this.#giveBack();
    }
  }

  /** Runs something that needs the compute queue: with the kernels stopped, and no query running. */
  #change<T>(body: () => Promise<T>): Promise<T> {
    this.#assertOpen();
    const queues = [this.#queue, this.#matches.queue];
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
      corpus.dispose();
    });
  }

  #freeCorpusIndex(): number {
    for (let index = 0; index < CORPORA_MAX; index++) if (this.#corpora[index] === undefined) return index;
    throw new EverwarpError("EW_CORPUS_TOO_LARGE", `the device holds ${CORPORA_MAX} corpora already`, {
      remedy: "Unload one, or load several trees as one corpus.",
    });
  }

  get hasOwnMemory(): boolean {
    return this.device.info.type !== "cpu";
  }

  get maxPlaceBytes(): number {
    return maxPlaceBytes(this.device);
  }

  #isSigned(arenaBytes: number, isAsked = true): boolean {
    return isAsked && arenaBytes >= (this.#signing.trial.bytesMin ?? this.#shape.signedBytesMin);
  }

  #assertWithinLoopLimit(arenaBytes: number): void {
    if (this.profile.loopLimit === undefined || arenaBytes <= LIMITED_CORPUS_BYTES_MAX) return;
    throw new EverwarpError(
      "EW_CORPUS_TOO_LARGE",
      `${arenaBytes} bytes are too many for ${this.device.info.driverInfo}, whose kernels' loops are limited`,
      { remedy: "Use the host engine (--device cpu) or a newer driver." },
    );
  }

  #assertOpen(): void {
    if (this.#isClosed) {
      throw new EverwarpError("EW_CLOSED", "the engine was closed", { remedy: "Open it again." });
    }
  }
}

/** Brings the contents of a corpus into device memory: from host memory, or from the files. */
async function fill(sink: DeviceSink, corpus: Corpus, { threads, from }: LoadOptions): Promise<Placement> {
  if (from?.sharedSegments !== undefined) return copyPlacement(from.placement, from.sharedSegments, sink);
  const placement = await corpus.loadInto(sink, threads === undefined ? {} : { threads });
  await sink.finish();
  return placement;
}
