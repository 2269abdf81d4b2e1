/**
 * Searches corpora in device memory with the resident scan kernel.
 *
 *     submit ──▶ one scan a literal (or a piece of a long one) ──▶ work queue ──▶ kernel ──▶ records in readback memory
 *                    ▲                                                                          │ copied at once
 *                    └── asked again with more room, range by range, where they did not fit ◀──┘
 *
 * Invariants: a record region belongs to at most one scan, from its submission until its records were copied out; the spill
 * region serves one scan at a time; scans wait in line when regions or queue slots are out, so any number of queries may be in flight. The kernel is
 * stopped while a corpus is loaded or unloaded, and queries wait.
 */
import os from "node:os";
import { EverwarpError } from "../../base/index.ts";
import { type ProgramLease, sharedPrograms } from "../../programs/index.ts";
import {
  type DeviceSession,
  openSession,
  type SessionOptions,
  type DeviceProfile,
  ResidentLoop,
  sealNumberAt,
  STRATEGY_NAMES,
  type StrategyName,
  type Ticket,
} from "../../residency/index.ts";
import type { BufferOptions, ComputePipeline, Device, DeviceBuffer } from "../../vulkan/index.ts";
import type {
  Backend,
  BackendInfo,
  BackendTicket,
  LoadedCorpus,
  RawHits,
  SubmitOptions,
} from "../backend/index.ts";
import type { Literal } from "../contracts.ts";
import type { Corpus } from "../corpus/index.ts";
import { DeviceCorpus, type IndexPipelines } from "./device-corpus.ts";
import { DeviceSink } from "./device-sink.ts";
import { DeviceHits } from "./hit-records.ts";
import { DeviceQuery, type Scan } from "./device-query.ts";
import { encodeScanRequest } from "./scan-request.ts";
import { CorpusEntry, Record as HitRecord, Request } from "./scan.schema.ts";
import { scanShape, type ScanShape } from "./scan-shape.ts";
import { type SearchProgramName, searchPrograms } from "./search-programs.ts";

const BOUNDED_STRATEGIES: readonly StrategyName[] = ["dispatch", "redispatch", "batch"];
const CORPORA_MAX = 256;
const SLOT_COUNT = 256;
/** An idle kernel gives the device back to others (a software driver: the processor) after this long; the next query launches it again. */
const PARK_AFTER_MS = 1_000;
/** Records that a scan can deliver at the first try. */
const REGION_RECORDS = 4096;
/** Records that a scan can deliver when it is asked again: all of a range at once. */
const SPILL_RECORDS = 1 << 20;
/** How long a record may come after the completion that counts it. */
const RECORD_TIMEOUT_MS = 1_000;
/** How often the driver is asked whether the kernel is still there, where nobody waits for one request. */
const ASSERT_INTERVAL_MS = 20;
/** A kernel that answers nothing for so long, with scans before it, never will. */
const STALL_MS = 60_000;
const TAG_SEQUENCE_MASK = 2 ** (32 - HitRecord.SEGMENT_BITS) - 1;
/** Beyond this, a workgroup would take more tiles in a launch than the loops of a driver with a limit allow. */
const LIMITED_CORPUS_BYTES_MAX = 1 << 30;

export interface DeviceBackendOptions extends SessionOptions {
  /** How the kernel is run; `auto` lets the device profile decide. */
  strategy?: StrategyName | "auto";
  /** How long the kernel may finish nothing; 60 s if not given. */
  stallMs?: number;
}

export class DeviceBackend implements Backend {
  readonly device: Device;
  readonly profile: DeviceProfile;
  readonly #shape: ScanShape;
  readonly #kernel: ResidentLoop;
  readonly #pipelines: IndexPipelines;
  readonly #table: DeviceBuffer;
  readonly #records: Uint32Array;
  readonly #corpora: (DeviceCorpus | undefined)[] = [];
  readonly #freeRegions: number[] = Array.from({ length: SLOT_COUNT }, (_, region) => region);
  readonly #running: Scan[] = [];
  readonly #waiting: Scan[] = [];
  readonly #words = new Uint32Array(Request.LITERAL + Request.LITERAL_BYTES_MAX / 4);
  #spillOwner: Scan | undefined;
  /** Loads and unloads, one after the other; queries wait while there are any. */
  #changes: Promise<unknown> = Promise.resolve();
  #changeCount = 0;
  #assertedMs = 0;
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
    this.#records = new Uint32Array(parts.records.host);
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
        sizeBytes: (SLOT_COUNT * REGION_RECORDS + SPILL_RECORDS) * HitRecord.BYTES,
        label: "hit records",
      });
      const kernel = await ResidentLoop.launch({
        device,
        profile,
        pipeline,
        strategy,
        // A launch that stays must account for its loops where the driver limits them; a scan does not (scan-shape.ts bounds it).
        strategies: profile.loopLimit === undefined ? STRATEGY_NAMES : BOUNDED_STRATEGIES,
        slotCount: SLOT_COUNT,
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

  submit(loaded: LoadedCorpus, literals: readonly Literal[], options: SubmitOptions = {}): BackendTicket {
    this.#assertOpen();
    if (!(loaded instanceof DeviceCorpus) || !loaded.isLoaded || this.#corpora[loaded.index] !== loaded) {
      throw new EverwarpError(
        "EW_CORPUS_UNKNOWN",
        "the query names a corpus that this device does not hold",
        {
          remedy: "Load it first; an unloaded corpus cannot be searched.",
        },
      );
    }
    const query = new DeviceQuery(loaded, literals, options.maxHits ?? Infinity);
    for (const scan of query.scans) this.#waiting.push(scan);
    this.#pump();
    return new DeviceTicket(this, query);
  }

  /** Lets everything that can go on go on. Never blocks. */
  advance(): void {
    this.#kernel.poll();
    const now = performance.now();
    if (this.#running.length > 0 && now - this.#assertedMs > ASSERT_INTERVAL_MS) {
      this.#assertedMs = now;
      this.#kernel.assertRunning();
    }
    this.#collect();
    this.#pump();
  }

  /** Blocks until the query is answered, or the time is over. */
  waitSync(query: DeviceQuery, timeoutMs: number): boolean {
    const begin = performance.now();
    for (;;) {
      if (query.isDone) return true;
      const scan = query.pendingScan();
      const left = timeoutMs - (performance.now() - begin);
      if (scan?.ticket === undefined) {
        // In line behind others, or behind a load, which needs the event loop to end.
        if (this.#running.length === 0 || left <= 0) return false;
        this.#kernel.waitSync(this.#running[0].ticket as Ticket, left);
      } else if (!this.#kernel.waitSync(scan.ticket, left)) {
        return query.isDone;
      }
      // Others of a burst are answered by now too: taken together, their waits find them done.
      if (this.#running.length > 1) this.#kernel.poll();
      this.#collect();
      this.#pump();
    }
  }

  async wait(query: DeviceQuery): Promise<void> {
    while (!query.isDone) {
      const scan = query.pendingScan();
      const ticket = scan?.ticket ?? this.#running[0]?.ticket;
      if (ticket === undefined) await this.#changes.catch(() => undefined); // a load that fails is told to its caller
      else await this.#kernel.wait(ticket);
      this.#collect();
      this.#pump();
    }
  }

  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    await this.#changes.catch(() => undefined); // its caller has been told
    const closed = new EverwarpError("EW_CLOSED", "the engine was closed before this query was answered", {
      remedy: "Wait for queries before closing.",
    });
    for (const scan of [...this.#waiting.splice(0), ...this.#running.splice(0)]) scan.query.fail(closed);
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
    this.#changeCount++;
    const change = this.#changes
      .catch(() => undefined) // its caller has been told
      .then(async () => {
        try {
          while (this.#running.length > 0) {
            this.advance();
            if (this.#running.length > 0) await new Promise(setImmediate);
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
          // Also where the kernel did not stop or start: waiting queries are then told by the kernel, and wait no longer.
          this.#changeCount--;
          this.#pump();
        }
      });
    this.#changes = change;
    return change;
  }

  #unload(corpus: DeviceCorpus): Promise<void> {
    return this.#change(async () => {
      this.#corpora[corpus.index] = undefined;
      corpus.dispose();
    });
  }

  /** Sends waiting scans to the kernel, in line, while there is room. */
  #pump(): void {
    while (this.#waiting.length > 0 && this.#changeCount === 0) {
      const scan = this.#waiting[0];
      if (this.#kernel.isFull) return;
      const isSpill = scan.ranges !== undefined;
      if (
        isSpill ? this.#spillOwner !== undefined && this.#spillOwner !== scan : this.#freeRegions.length === 0
      )
        return;
      this.#waiting.shift();
      this.#launch(scan, isSpill);
    }
  }

  #launch(scan: Scan, isSpill: boolean): void {
    const { corpus } = scan.query;
    const range = scan.ranges?.[0];
    const region = isSpill ? SLOT_COUNT : (this.#freeRegions.pop() as number);
    if (isSpill) this.#spillOwner = scan;
    scan.region = region;
    scan.capacity = isSpill ? SPILL_RECORDS : Math.min(REGION_RECORDS, scan.query.recordsWanted);
    try {
      const wordCount = encodeScanRequest(
        this.#words,
        scan.literal,
        {
          corpusIndex: corpus.index,
          recordBase: region * REGION_RECORDS,
          recordCapacity: scan.capacity,
          rangeBegin: range?.begin ?? 0,
          rangeEnd: range?.end ?? corpus.tileCount,
        },
        corpus.pairs,
      );
      scan.ticket = this.#kernel.submit(this.#words, wordCount);
      this.#running.push(scan);
    } catch (error) {
      this.#release(scan);
      scan.query.fail(error);
    }
  }

  /** Takes the records of every scan that was answered. */
  #collect(): void {
    const running = this.#running;
    let kept = 0;
    for (let index = 0; index < running.length; index++) {
      const scan = running[index];
      if (scan.ticket?.isDone === true) this.#take(scan, scan.ticket);
      else running[kept++] = scan;
    }
    running.length = kept;
  }

  #take(scan: Scan, ticket: Ticket): void {
    scan.ticket = undefined;
    if (ticket.failure !== undefined) {
      this.#release(scan);
      scan.query.fail(ticket.failure);
      return;
    }
    const total = ticket.result;
    const isComplete = total <= scan.capacity || scan.capacity >= scan.query.recordsWanted;
    if (isComplete) {
      try {
        scan.records.push(this.#copyRecords(scan, ticket.sequence, Math.min(total, scan.capacity)));
      } catch (error) {
        this.#release(scan);
        scan.query.fail(error);
        return;
      }
    }
    if (scan.advance(total, isComplete, SPILL_RECORDS)) {
      this.#release(scan);
      scan.query.scanDone();
    } else {
      if (scan.region !== SLOT_COUNT) this.#release(scan);
      // Ahead of everything else, so that the spill region is soon free again.
      this.#waiting.unshift(scan);
    }
  }

  #release(scan: Scan): void {
    if (this.#spillOwner === scan) this.#spillOwner = undefined;
    if (scan.region >= 0 && scan.region < SLOT_COUNT) this.#freeRegions.push(scan.region);
    scan.region = -1;
  }

  /** Copies records out of readback memory, each when its seal shows that it has come; puts tags in the place of seals. */
  #copyRecords(scan: Scan, sequence: number, count: number): Uint32Array {
    const source = this.#records;
    const base = scan.region * REGION_RECORDS * HitRecord.WORDS;
    const end = base + count * HitRecord.WORDS;
    const wanted = sequence & TAG_SEQUENCE_MASK;
    const records = new Uint32Array(count * HitRecord.WORDS);
    for (let from = base, to = 0; from < end; from += HitRecord.WORDS, to += HitRecord.WORDS) {
      let tag = sealNumberAt(source, from);
      if (tag >>> HitRecord.SEGMENT_BITS !== wanted) tag = awaitRecord(source, from, wanted);
      records[to] = source[from];
      records[to + 1] = source[from + 1];
      records[to + 2] = source[from + 2];
      records[to + 3] = tag;
    }
    source.fill(0, base, end); // a record of this request is never taken for one of a later one
    return records;
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

function awaitRecord(records: Uint32Array, at: number, wanted: number): number {
  const begin = performance.now();
  for (;;) {
    const tag = sealNumberAt(records, at);
    if (tag >>> HitRecord.SEGMENT_BITS === wanted) return tag;
    if (performance.now() - begin > RECORD_TIMEOUT_MS) {
      throw new EverwarpError(
        "EW_KERNEL_FAULT",
        `a hit that the kernel counted did not arrive within ${RECORD_TIMEOUT_MS} ms`,
        { remedy: "Please report this, with the device and its driver." },
      );
    }
  }
}

class DeviceTicket implements BackendTicket {
  readonly #backend: DeviceBackend;
  readonly #query: DeviceQuery;
  #hits: RawHits | undefined;

  constructor(backend: DeviceBackend, query: DeviceQuery) {
    this.#backend = backend;
    this.#query = query;
  }

  get done(): boolean {
    if (!this.#query.isDone) this.#backend.advance();
    this.#query.throwFailure();
    return this.#query.isDone;
  }

  waitSync(timeoutMs: number): boolean {
    const isDone = this.#backend.waitSync(this.#query, timeoutMs);
    this.#query.throwFailure();
    return isDone;
  }

  async wait(): Promise<void> {
    await this.#backend.wait(this.#query);
    this.#query.throwFailure();
  }

  result(): RawHits {
    if (this.#hits === undefined) {
      this.#query.throwFailure();
      if (!this.#query.isDone) {
        throw new EverwarpError("EW_TIMEOUT", "the query is still in flight", {
          remedy: "Wait for it first.",
        });
      }
      this.#hits = new DeviceHits(this.#query.batch(), this.#query.corpus.map);
    }
    return this.#hits;
  }
}
