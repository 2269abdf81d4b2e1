/**
 * Searches corpora in device memory with the resident scan kernel.
 *
 *     submit ──▶ one scan a literal (or a piece of a long one) ──▶ ScanQueue ──▶ kernel ──▶ records in readback memory
 *
 * Invariant: the kernel is stopped while a corpus is loaded or unloaded, and queries wait.
 */
import os from "node:os";
import { EverwarpError, STALL_MS } from "../../base/index.ts";
import { type ProgramLease, sharedPrograms } from "../../programs/index.ts";
import {
  type DeviceProfile,
  type DeviceSession,
  openSession,
  ResidentLoop,
  type SessionOptions,
  STRATEGY_NAMES,
  type StrategyName,
} from "../../residency/index.ts";
import type { BufferOptions, ComputePipeline, Device, DeviceBuffer } from "../../vulkan/index.ts";
import {
  type Backend,
  type BackendInfo,
  type BackendTicket,
  literalsOf,
  type SubmitOptions,
} from "../backend/index.ts";
import type { Plan } from "../contracts.ts";
import type { Corpus } from "../corpus/index.ts";
import { DeviceCorpus, type IndexPipelines } from "./device-corpus.ts";
import { DeviceQuery } from "./device-query.ts";
import { DeviceSink } from "./device-sink.ts";
import { DeviceTicket } from "./device-ticket.ts";
import { RECORD_MEMORY_BYTES, RecordMemory, REGION_COUNT } from "./record-memory.ts";
import { ScanQueue } from "./scan-queue.ts";
import { scanShape, type ScanShape } from "./scan-shape.ts";
import { CorpusEntry } from "./scan.schema.ts";
import { type SearchProgramName, searchPrograms } from "./search-programs.ts";

const BOUNDED_STRATEGIES: readonly StrategyName[] = ["dispatch", "redispatch", "batch"];
const CORPORA_MAX = 256;
/**
 * After this long an idle kernel gives the device (a software driver: the processor) back. The next query launches it
 * again.
 */
const PARK_AFTER_MS = 1_000;
/** Beyond this, a workgroup would take more tiles in a launch than the loops of a driver with a limit allow. */
const LIMITED_CORPUS_BYTES_MAX = 1 << 30;

/** Which device, and how the kernel runs on it. */
export interface DeviceBackendOptions extends SessionOptions {
  /** How the kernel is run; `auto` lets the device profile decide. */
  strategy?: StrategyName | "auto";
  /** How long the kernel may finish nothing; 60 s if not given. */
  stallMs?: number;
}

/** Searches on a device. Open it with `DeviceBackend.open`. */
export class DeviceBackend implements Backend {
  readonly device: Device;
  readonly profile: DeviceProfile;
  readonly #shape: ScanShape;
  readonly #kernel: ResidentLoop;
  readonly #pipelines: IndexPipelines;
  readonly #table: DeviceBuffer;
  readonly #queue: ScanQueue;
  readonly #corpora: (DeviceCorpus | undefined)[] = [];
  /** Loads and unloads, one after the other; queries wait while there are any. */
  #changes: Promise<unknown> = Promise.resolve();
  /** Gives back what `open` took. */
  readonly #giveBack: () => void;
  #isClosed = false;

  private constructor(parts: {
    session: DeviceSession;
    shape: ScanShape;
    kernel: ResidentLoop;
    pipelines: IndexPipelines;
    table: DeviceBuffer;
    records: DeviceBuffer;
    giveBack: () => void;
  }) {
    this.device = parts.session.device;
    this.profile = parts.session.profile;
    this.#giveBack = parts.giveBack;
    this.#shape = parts.shape;
    this.#kernel = parts.kernel;
    this.#pipelines = parts.pipelines;
    this.#table = parts.table;
    this.#queue = new ScanQueue(parts.kernel, new RecordMemory(parts.records));
  }

  /**
   * Opens a device and starts the kernel on it.
   * @throws EW_NO_VULKAN, EW_NO_DEVICE, EW_DEVICE_FORBIDDEN, EW_DRIVER_TOO_OLD, EW_STRATEGY_UNSUPPORTED
   */
  static async open(options: DeviceBackendOptions = {}): Promise<DeviceBackend> {
    const { strategy = "auto", stallMs = STALL_MS, ...deviceOptions } = options;
    const session = await openSession({ ...deviceOptions, sharesSoftware: strategy === "adaptive" });
    const { device, profile } = session;
    const shape = scanShape(device.info, profile);
    const programs: ProgramLease[] = [];
    const buffers: DeviceBuffer[] = [];
    const acquire = async (name: SearchProgramName): Promise<ComputePipeline> => {
      const program = await sharedPrograms().acquire(device, searchPrograms(shape)[name]);
      programs.push(program);
      return program.pipeline;
    };
    const create = (bufferOptions: BufferOptions): DeviceBuffer => {
      const buffer = device.createBuffer(bufferOptions);
      buffers.push(buffer);
      return buffer;
    };
    const giveBack = (): void => {
      for (const buffer of buffers.toReversed()) buffer[Symbol.dispose]();
      for (const program of programs.toReversed()) program.release();
      session.end();
    };
    try {
      const pipelines = {
        newlineCount: await acquire("newlineCount"),
        newlineSpine: await acquire("newlineSpine"),
        lineRanks: await acquire("lineRanks"),
      };
      const pipeline = await acquire("scan");
      const table = create({
        role: "upload",
        sizeBytes: CORPORA_MAX * CorpusEntry.strideBytes,
        label: "corpus table",
      });
      const records = create({
        role: "readback",
        sizeBytes: RECORD_MEMORY_BYTES,
        label: "hit records",
      });
      const kernel = await ResidentLoop.launch({
        device,
        profile,
        pipeline,
        strategy,
        // A launch that stays must count its loops where the driver limits them. A scan does not; see scan-shape.ts.
        strategies: profile.loopLimit === undefined ? STRATEGY_NAMES : BOUNDED_STRATEGIES,
        slotCount: REGION_COUNT,
        hasClock: shape.hasClock,
        parkAfterMs: PARK_AFTER_MS,
        residentWorkgroupCount: shape.residentWorkgroupCount,
        requestsPerBatch: shape.requestsPerBatch,
        boundedWorkgroupCount: shape.boundedWorkgroupCount(1),
        inputsAddress: table.address,
        outputsAddress: records.address,
        stallMs,
      });
      return new DeviceBackend({ session, shape, kernel, pipelines, table, records, giveBack });
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

  async load(corpus: Corpus, options: { threads?: number } = {}): Promise<DeviceCorpus> {
    return this.#change(async () => {
      const index = this.#freeCorpusIndex();
      const sink = new DeviceSink(this.device, 2 * (options.threads ?? os.availableParallelism()) + 2);
      let loaded: DeviceCorpus | undefined;
      try {
        const placement = await corpus.loadInto(sink, options);
        await sink.finish();
        this.#assertWithinLoopLimit(placement.stats.arenaBytes);
        loaded = new DeviceCorpus({
          device: this.device,
          pipelines: this.#pipelines,
          corpus,
          placement,
          segments: sink.segments,
          tileBytes: this.#shape.tileBytes,
          index,
          unload: (unloaded) => this.#unload(unloaded),
        });
      } catch (error) {
        await sink.abandon();
        throw error;
      }
      CorpusEntry.pack(
        { segments: loaded.segmentTable.address, tileCount: loaded.tileCount },
        new Uint32Array(this.#table.host, index * CorpusEntry.strideBytes, CorpusEntry.sizeBytes / 4),
      );
      this.#corpora[index] = loaded;
      return loaded;
    });
  }

  /** The kernel ended by itself, or its device was lost: every query fails with the reason. */
  get isLost(): boolean {
    return this.device.isLost || this.#kernel.state === "lost";
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
    const query = new DeviceQuery(loaded, literalsOf(plan), options.maxHits ?? Infinity, options.countOnly);
    this.#queue.add(query);
    return new DeviceTicket(this.#queue, query);
  }

  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    await this.#changes.catch(() => undefined); // its caller has been told
    const closed = new EverwarpError("EW_CLOSED", "the engine was closed before this query was answered", {
      remedy: "Wait for queries before closing.",
    });
    this.#queue.close(closed);
    try {
      await this.#kernel[Symbol.asyncDispose]();
    } finally {
      for (const corpus of this.#corpora.splice(0)) corpus?.dispose();
      this.#giveBack();
    }
  }

  /** Runs something that needs the compute queue: with the kernel stopped, and no query running. */
  #change<T>(body: () => Promise<T>): Promise<T> {
    this.#assertOpen();
    const change = this.#changes
      .catch(() => undefined) // its caller has been told
      .then(async () => {
        try {
          while (!this.#queue.isAtRest) {
            this.#queue.advance();
            if (!this.#queue.isAtRest) await new Promise(setImmediate);
          }
          await this.#kernel.stop();
          try {
            return await body();
          } finally {
            const tileCount = Math.max(1, ...this.#corpora.map((corpus) => corpus?.tileCount ?? 0));
            this.#kernel.boundedWorkgroupCount = this.#shape.boundedWorkgroupCount(tileCount);
            await this.#kernel.start();
          }
        } finally {
          // Also where the kernel did not stop or start: waiting queries are then told by the kernel, and wait no
          // longer.
          this.#queue.resume();
        }
      });
    this.#changes = change;
    this.#queue.pause();
    return change;
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
