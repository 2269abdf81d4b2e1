/**
 * Looks paths up in device memory, with the lookup kernel kept resident (or dispatched, where it cannot stay).
 *
 *     lookup ──▶ line ──chunks──▶ ring of inputs (doorbell) + request ──▶ kernel ──▶ ring of results (mailbox) ──▶ Int32Array
 *     apply ───▶ line ──runs────▶ the same ring ─────────────────────────▶ kernel stores them in the table
 *
 * Invariants: the line is served in its order. A write waits until no lookup is in flight, and lookups behind it wait until it is answered: so no lookup
 * sees half of a change, and every lookup behind `apply` sees all of it. Chunks are answered in the order of their requests, so both rings are first in, first out.
 * Whatever is in the line or in flight when the device is lost, or the backend closed, ends with that error; results that have come are kept.
 *
 * Why writes wait instead of lookups checking: docs/decisions/0004-path-table-writes.md.
 */
import { setImmediate as turn, setTimeout as sleep } from "node:timers/promises";
import { EverwarpError } from "../../base/errors.ts";
import { kernelFile, sharedPrograms } from "../../programs/index.ts";
import { type DeviceProfile, openProfiledDevice } from "../../residency/profile.ts";
import { ResidentLoop, WORKGROUP_SIZE_ID } from "../../residency/resident-loop.ts";
import { Seal } from "../../residency/seal.schema.ts";
import { STRATEGY_NAMES, type StrategyName } from "../../residency/strategies/index.ts";
import type { Ticket } from "../../residency/work-queue.ts";
import { drainWriteCombining } from "../../residency/write-combining.ts";
import type { Device, DeviceBuffer, DeviceOptions } from "../../vulkan/index.ts";
import {
  type LookupOptions,
  type PackedPaths,
  type PathsBackend,
  ROOT_INODE,
  type TableEdits,
  type TableImage,
} from "../contracts.ts";
import { PathWalker } from "../host/path-walker.ts";
import { PathRequest, Table } from "../table.schema.ts";
import { DeviceTable } from "./device-table.ts";
import { type LookupShape, lookupShape } from "./lookup-shape.ts";
import { Ring } from "./ring.ts";

const BOUNDED_STRATEGIES: readonly StrategyName[] = ["dispatch", "redispatch", "batch"];
const SLOT_COUNT = 256;
/** An idle kernel gives the device back to others after this long; the next lookup launches it again. */
const PARK_AFTER_MS = 1_000;
/** How long a small batch is waited for on the spot: sooner than the event loop could come back. */
const SPIN_MS = 0.1;
const SPIN_PATHS_MAX = 8192;
const SPINS_PER_CLOCK = 64;
/** How long a result may come after the completion that counts it. */
const RESULT_TIMEOUT_MS = 1_000;
const ASSERT_INTERVAL_MS = 20;
const EAGER_MS = 20;
/** Vectors of a run that one workgroup stores. */
const RUN_VECTORS_MAX = 4096;
/** Bytes of a write that are copied between two turns of the event loop. */
const WRITE_BYTES_MAX = 8 << 20;
const VECTOR_BYTES = 16;
/** What Ring.place says when it is full. */
const NO_ROOM = -1;
/** In place of where results go: that of a single path comes with the completion. */
const ANSWERED_INLINE = -2;
const UNRESOLVED = PathRequest.UNRESOLVED | 0;

export interface DevicePathsOptions extends DeviceOptions {
  /** How the kernel is run; `auto` lets the device profile decide. */
  strategy?: StrategyName | "auto";
  /** Overrules how the kernel is laid over the device; for measurements. */
  shape?: Partial<LookupShape>;
  /** Idle time after which the kernel parks; a second if not given. */
  parkAfterMs?: number;
}

/** Packed paths that lie on the device, to be looked up again and again. */
export class KeptPaths implements Disposable {
  readonly packed: PackedPaths;
  /** Bytes from 0 on, then offsets. */
  readonly buffer: DeviceBuffer;
  readonly offsetsAt: number;

  constructor(device: Device, packed: PackedPaths) {
    const { bytes, offsets } = packed;
    const begin = offsets[0];
    const length = offsets[offsets.length - 1] - begin;
    this.packed = packed;
    this.offsetsAt = (length + VECTOR_BYTES - 1) & -VECTOR_BYTES;
    this.buffer = device.createBuffer({
      role: "doorbell",
      sizeBytes: this.offsetsAt + offsets.length * 4 + 2 * VECTOR_BYTES,
      label: "kept paths",
    });
    new Uint8Array(this.buffer.host).set(bytes.subarray(begin, begin + length));
    new Uint32Array(this.buffer.host).set(offsets, this.offsetsAt >> 2);
    drainWriteCombining();
  }

  /** Frees the memory; no lookup of these paths may be in flight. */
  [Symbol.dispose](): void {
    this.buffer[Symbol.dispose]();
  }
}

/** A lookup in the line. */
interface Batch {
  readonly kind: "lookup";
  readonly kept: KeptPaths | undefined;
  readonly packed: PackedPaths;
  readonly results: Int32Array;
  readonly directory: number;
  readonly operation: number;
  /** First path that was not sent yet. */
  next: number;
  /** Paths without a result. */
  left: number;
  readonly resolve: (results: Int32Array) => void;
  readonly reject: (error: unknown) => void;
  isSettled: boolean;
}

/** Changes in the line that are written together. */
interface Write {
  readonly kind: "write";
  /** Pairs of begin and end, in words, that are not sent yet; the last is next. */
  readonly runs: Uint32Array[];
  /** Where in runs[0] the next pair is, and how far it was sent. */
  at: number;
  sentTo: number;
  readonly waiters: { resolve: () => void; reject: (error: unknown) => void }[];
}

/** A request in flight. */
interface Flight {
  readonly ticket: Ticket;
  readonly batch: Batch | undefined;
  readonly first: number;
  readonly count: number;
  readonly resultsAt: number;
  readonly inputMark: number;
  readonly resultMark: number;
}

export class DevicePathsBackend implements PathsBackend {
  readonly kind = "device";
  readonly device: Device;
  readonly profile: DeviceProfile;
  readonly shape: LookupShape;
  readonly #image: TableImage;
  readonly #kernel: ResidentLoop;
  readonly #table: DeviceTable;
  readonly #walker: PathWalker;
  readonly #inputAddress: bigint;
  readonly #inputWords: Uint32Array;
  readonly #inputBytes: Uint8Array;
  readonly #results: Uint32Array;
  readonly #inputRing: Ring;
  readonly #resultRing: Ring;
  readonly #line: (Batch | Write)[] = [];
  readonly #flights: Flight[] = [];
  /** The one write in the line; all changes until it is sent are part of it. */
  #pending: Write | undefined;
  /** The write whose requests are in flight. */
  #writing: Write | undefined;
  #edition = 1;
  #isDriven = false;
  #failure: EverwarpError | undefined;
  readonly #payload = new Uint32Array(PathRequest.INLINE + PathRequest.INLINE_BYTES_MAX / 4);
  readonly #inlineBytes = new Uint8Array(this.#payload.buffer, PathRequest.INLINE * 4);

  private constructor(parts: {
    device: Device;
    profile: DeviceProfile;
    shape: LookupShape;
    image: TableImage;
    kernel: ResidentLoop;
    table: DeviceTable;
    inputs: DeviceBuffer;
    results: DeviceBuffer;
  }) {
    this.device = parts.device;
    this.profile = parts.profile;
    this.shape = parts.shape;
    this.#image = parts.image;
    this.#kernel = parts.kernel;
    this.#table = parts.table;
    this.#walker = new PathWalker(parts.image.words);
    this.#inputAddress = parts.inputs.address;
    this.#inputWords = new Uint32Array(parts.inputs.host);
    this.#inputBytes = new Uint8Array(parts.inputs.host);
    this.#results = new Uint32Array(parts.results.host);
    this.#inputRing = new Ring(parts.shape.inputBytes);
    this.#resultRing = new Ring(parts.shape.resultCount);
  }

  /**
   * Opens a device, starts the kernel on it, and copies the table there.
   * @throws EW_NO_VULKAN, EW_NO_DEVICE, EW_DEVICE_FORBIDDEN, EW_DRIVER_TOO_OLD, EW_STRATEGY_UNSUPPORTED, EW_OUT_OF_DEVICE_MEMORY
   */
  static async open(image: TableImage, options: DevicePathsOptions = {}): Promise<DevicePathsBackend> {
    const { strategy = "auto", shape: wanted, parkAfterMs = PARK_AFTER_MS, ...deviceOptions } = options;
    const { device, profile } = await openProfiledDevice(deviceOptions);
    try {
      const shape = lookupShape(device.info, profile, wanted);
      const program = await sharedPrograms().acquire(device, {
        file: kernelFile("paths/kernels/lookup"),
        label: "lookup",
        specialization: {
          [WORKGROUP_SIZE_ID]: shape.workgroupSize,
          TOGETHER_PATHS_MAX: shape.togetherPathsMax,
          IS_IN_STEP: shape.isInStep ? 1 : 0,
        },
      });
      const table = new DeviceTable(device, shape.guessCount);
      // What the kernel reads in vectors may lie a little behind the last byte.
      const inputs = device.createBuffer({
        role: "doorbell",
        sizeBytes: shape.inputBytes + 2 * VECTOR_BYTES,
        label: "paths to look up",
      });
      const results = device.createBuffer({
        role: "mailbox",
        sizeBytes: shape.resultCount * PathRequest.RESULT_BYTES,
        label: "inodes found",
      });
      new Uint32Array(results.host).fill(0);
      const kernel = await ResidentLoop.launch({
        device,
        profile,
        pipeline: program.pipeline,
        strategy,
        // Where loops are limited, a poll in vain counts all loops of the kernel, as each is entered by no lane: no launch could stay for long.
        strategies: profile.loopLimit === undefined ? STRATEGY_NAMES : BOUNDED_STRATEGIES,
        slotCount: SLOT_COUNT,
        parkAfterMs,
        residentWorkgroupCount: shape.residentWorkgroupCount,
        requestsPerBatch: shape.requestsPerBatch,
        boundedWorkgroupCount: shape.boundedWorkgroupCount,
        inputsAddress: inputs.address,
        outputsAddress: results.address,
        stateAddress: table.directory.address,
      });
      const backend = new DevicePathsBackend({
        device,
        profile,
        shape,
        image,
        kernel,
        table,
        inputs,
        results,
      });
      const runs = image.regions().flatMap(({ begin, end }) => [begin, end]);
      try {
        await backend.apply({ runs: Uint32Array.from(runs) });
      } catch (error) {
        await backend.close();
        throw error;
      }
      return backend;
    } catch (error) {
      if (!device.isClosed) device.close();
      throw error;
    }
  }

  /** How the kernel is run. */
  get strategyName(): StrategyName {
    return this.#kernel.strategyName;
  }

  /** Workgroups that each request is spread over. */
  get workgroupCount(): number {
    return this.#kernel.workgroupCount;
  }

  /** Device memory that the table takes. */
  get tableBytes(): number {
    return this.#table.allocatedBytes;
  }

  lookup(packed: PackedPaths, options: LookupOptions = {}): Promise<Int32Array> {
    return this.#lookUp(packed, options, undefined);
  }

  /** Copies paths to the device, for `lookupKept`. @throws EW_OUT_OF_DEVICE_MEMORY, EW_CLOSED */
  keep(packed: PackedPaths): KeptPaths {
    return new KeptPaths(this.device, packed);
  }

  /** Resolves paths that lie on the device already: nothing but results travels. @throws as `lookup` */
  lookupKept(kept: KeptPaths, options: LookupOptions = {}): Promise<Int32Array> {
    return this.#lookUp(kept.packed, options, kept);
  }

  #lookUp(packed: PackedPaths, options: LookupOptions, kept: KeptPaths | undefined): Promise<Int32Array> {
    const { directory = ROOT_INODE, followSymlinks = true } = options;
    const count = packed.offsets.length - 1;
    if (this.#failure !== undefined) return Promise.reject(this.#failure);
    if (count <= 0) return Promise.resolve(new Int32Array(0));
    return new Promise((resolve, reject) => {
      const batch: Batch = {
        kind: "lookup",
        kept,
        packed,
        results: new Int32Array(count),
        directory,
        operation: PathRequest.LOOKUP | (followSymlinks ? PathRequest.FOLLOW : 0),
        next: 0,
        left: count,
        resolve,
        reject,
        isSettled: false,
      };
      this.#line.push(batch);
      this.#pump();
      if (count > SPIN_PATHS_MAX) this.#drive();
      // Behind what the caller still does in this stretch: more lookups, mostly, that can then be gathered.
      else queueMicrotask(() => this.#spin(batch));
    });
  }

  /**
   * Mirrors a change. What the runs hold is read when it is sent, together with all changes behind it by then: the image and `apply` must
   * change in one stretch of code, as the contract says.
   */
  apply(edits: TableEdits): Promise<void> {
    if (this.#failure !== undefined) return Promise.reject(this.#failure);
    if (edits.runs.length === 0) return Promise.resolve();
    return new Promise((resolve, reject) => {
      // What a write reads is the table of that moment, newest changes and all: so they all must be part of it, or an entry could come
      // before what it points to. Lookups in between may see a change that was asked for behind them.
      const open =
        this.#writing !== undefined && this.#writing.runs.length > 0 ? this.#writing : this.#pending;
      if (open !== undefined) {
        open.runs.push(edits.runs);
        open.waiters.push({ resolve, reject });
      } else {
        this.#pending = {
          kind: "write",
          runs: [edits.runs],
          at: 0,
          sentTo: 0,
          waiters: [{ resolve, reject }],
        };
        this.#line.push(this.#pending);
      }
      this.#pump();
      this.#drive();
    });
  }

  async close(): Promise<void> {
    this.#end(
      new EverwarpError("EW_CLOSED", "the namespace was closed before this was answered", {
        remedy: "Wait for lookups and changes before closing.",
      }),
    );
    if (this.device.isClosed) return;
    try {
      await this.#kernel[Symbol.asyncDispose]();
    } finally {
      this.device.close();
    }
  }

  /** Nothing is answered any more: everyone who waits is told why. */
  #end(error: EverwarpError): void {
    this.#failure ??= error;
    for (const { batch } of this.#flights.splice(0)) if (batch !== undefined) rejectBatch(batch, error);
    const writing = this.#writing;
    this.#writing = this.#pending = undefined;
    for (const waiting of [...(writing === undefined ? [] : [writing]), ...this.#line.splice(0)]) {
      if (waiting.kind === "lookup") rejectBatch(waiting, error);
      else for (const { reject } of waiting.waiters) reject(error);
    }
  }

  /** Sends what can be sent, in line. */
  #pump(): void {
    try {
      for (;;) {
        if (this.#writing !== undefined) {
          if (!this.#sendWrite(this.#writing)) return;
          continue;
        }
        const next = this.#line[0];
        if (next === undefined) return;
        if (next.kind === "write") {
          if (this.#flights.length > 0) return;
          this.#line.shift();
          this.#pending = undefined;
          this.#writing = next;
          this.#edition = this.#edition === 0xffff_ffff ? 1 : this.#edition + 1;
        } else {
          if (!this.#sendChunk(next)) return;
          if (next.next === next.results.length) this.#line.shift();
        }
      }
    } catch (error) {
      if (!(error instanceof EverwarpError)) throw error;
      this.#end(error);
    }
  }

  /** Sends some paths of a batch; false where there is no room now. */
  #sendChunk(batch: Batch): boolean {
    if (this.#kernel.isFull) return false;
    const { offsets, bytes } = batch.packed;
    const { next: first, results } = batch;
    const { shape } = this;
    const payload = this.#payload;
    let count = Math.min(shape.chunkPaths, results.length - first, shape.resultCount);
    const base = offsets[first];
    if (offsets[first + count] - base > shape.chunkBytes)
      count = Math.max(1, pathsWithin(offsets, first, count, base + shape.chunkBytes));
    let length = offsets[first + count] - base;
    const { kept } = batch;
    const isInline = kept === undefined && count === 1 && length <= PathRequest.INLINE_BYTES_MAX;
    // A path that is too long is not looked at: none of its bytes are sent, only how many there were.
    if (count === 1 && length > shape.chunkBytes) length = 0;
    const textBytes = (length + VECTOR_BYTES - 1) & -VECTOR_BYTES;
    const size =
      isInline || kept !== undefined ? 0 : (textBytes + (count + 1) * 4 + VECTOR_BYTES - 1) & -VECTOR_BYTES;
    const inputAt = size === 0 ? 0 : this.#inputRing.place(size);
    const resultsAt = isInline ? ANSWERED_INLINE : this.#resultRing.place(count);
    if (inputAt < 0 || resultsAt === NO_ROOM) return false;
    let wordCount: number = PathRequest.INLINE;
    if (kept !== undefined) {
      this.#setAddress(PathRequest.BYTES, kept.buffer.address, 0);
      this.#setAddress(PathRequest.OFFSETS, kept.buffer.address, kept.offsetsAt + first * 4);
      payload[PathRequest.OFFSETS_BASE] = offsets[0];
    } else if (isInline) {
      for (let index = 0; index < length; index++) this.#inlineBytes[index] = bytes[base + index];
      wordCount += (length + 3) >> 2;
      payload[PathRequest.OFFSETS_BASE] = length;
    } else {
      this.#inputBytes.set(bytes.subarray(base, base + length), inputAt);
      this.#inputWords.set(offsets.subarray(first, first + count + 1), (inputAt + textBytes) >> 2);
      drainWriteCombining();
      this.#setAddress(PathRequest.BYTES, this.#inputAddress, inputAt);
      this.#setAddress(PathRequest.OFFSETS, this.#inputAddress, inputAt + textBytes);
      payload[PathRequest.OFFSETS_BASE] = base;
    }
    payload[PathRequest.OPERATION] = batch.operation | (isInline ? PathRequest.IS_INLINE : 0);
    payload[PathRequest.COUNT] = count;
    payload[PathRequest.RESULTS_AT] = isInline ? 0 : resultsAt;
    payload[PathRequest.DIRECTORY] = batch.directory;
    payload[PathRequest.EDITION] = this.#edition;
    payload[PathRequest.GRANULES] = this.#table.granuleCount;
    const ticket = this.#kernel.submit(payload, wordCount);
    this.#flights.push({
      ticket,
      batch,
      first,
      count,
      resultsAt,
      inputMark: size === 0 ? -1 : this.#inputRing.take(size),
      resultMark: isInline ? -1 : this.#resultRing.take(count),
    });
    batch.next += count;
    return true;
  }

  #setAddress(word: number, base: bigint, offsetBytes: number): void {
    const address = base + BigInt(offsetBytes);
    this.#payload[word] = Number(address & 0xffff_ffffn);
    this.#payload[word + 1] = Number(address >> 32n);
  }

  /** Sends a piece of a write; false where there is no room now, or everything was sent. */
  #sendWrite(write: Write): boolean {
    if (write.runs.length === 0 || this.#kernel.isFull) return false;
    const sizeMax = Math.min(WRITE_BYTES_MAX, this.shape.inputBytes >> 1);
    const places = this.#takePlaces(write, sizeMax);
    const dataBytes = places.reduce((sum, { end, begin }) => sum + (end - begin) * 4, 0);
    const tableBytes = places.length * VECTOR_BYTES;
    const inputAt = this.#inputRing.place(tableBytes + dataBytes);
    if (inputAt < 0) return false;
    this.#table.cover(places);
    const inputs = this.#inputWords;
    let table = inputAt >> 2;
    let data = (inputAt + tableBytes) >> 2;
    for (const { begin, end } of places) {
      inputs[table] = begin;
      inputs[table + 1] = data >> 2;
      inputs[table + 2] = (end - begin) >> 2;
      inputs[table + 3] = 0;
      inputs.set(this.#image.words.subarray(begin, end), data);
      table += 4;
      data += end - begin;
    }
    drainWriteCombining();
    const last = places[places.length - 1];
    write.at = last.nextAt;
    write.sentTo = last.nextFrom;
    write.runs.splice(0, last.runsDone);
    const payload = this.#payload;
    payload.fill(0, 0, PathRequest.INLINE);
    payload[PathRequest.OPERATION] = PathRequest.WRITE;
    payload[PathRequest.COUNT] = places.length;
    this.#setAddress(PathRequest.BYTES, this.#inputAddress, 0);
    this.#setAddress(PathRequest.OFFSETS, this.#inputAddress, inputAt);
    payload[PathRequest.EDITION] = this.#edition;
    payload[PathRequest.GRANULES] = this.#table.granuleCount;
    const ticket = this.#kernel.submit(payload, PathRequest.INLINE);
    const inputMark = this.#inputRing.take(tableBytes + dataBytes);
    this.#flights.push({
      ticket,
      batch: undefined,
      first: 0,
      count: 0,
      resultsAt: 0,
      inputMark,
      resultMark: -1,
    });
    return true;
  }

  /** Cuts what is left of a write into runs for one request: within a granule each, and not too long for a workgroup. */
  #takePlaces(write: Write, sizeMax: number): Place[] {
    const places: Place[] = [];
    let size = 0;
    let list = 0;
    let { at, sentTo } = write;
    while (list < write.runs.length && size + 2 * VECTOR_BYTES <= sizeMax) {
      const runs = write.runs[list];
      const begin = Math.max(runs[at], sentTo);
      const granuleEnd = (Math.floor(begin / Table.GRANULE_WORDS) + 1) * Table.GRANULE_WORDS;
      const roomVectors = Math.floor((sizeMax - size) / VECTOR_BYTES) - 1;
      const end = Math.min(runs[at + 1], granuleEnd, begin + Math.min(RUN_VECTORS_MAX, roomVectors) * 4);
      sentTo = end;
      if (end === runs[at + 1]) {
        at += 2;
        sentTo = 0;
        if (at === runs.length) {
          at = 0;
          list++;
        }
      }
      size += (end - begin) * 4 + VECTOR_BYTES;
      places.push({ begin, end, nextAt: at, nextFrom: sentTo, runsDone: list });
    }
    return places;
  }

  /** Takes the results of everything that was answered, in order. */
  #collect(): void {
    const flights = this.#flights;
    let taken = 0;
    for (; taken < flights.length && flights[taken].ticket.isDone; taken++) {
      const { ticket, batch, first, count, resultsAt, inputMark, resultMark } = flights[taken];
      if (ticket.failure !== undefined) {
        flights.splice(0, taken);
        this.#end(ticket.failure);
        return;
      }
      if (inputMark >= 0) this.#inputRing.release(inputMark);
      if (batch === undefined) continue;
      try {
        if (resultsAt === ANSWERED_INLINE) batch.results[first] = ticket.result;
        else this.#copyResults(batch.results, first, count, resultsAt, ticket.sequence);
        if (this.profile.loopLimit !== undefined) this.#resolveRest(batch, first, count);
      } catch (error) {
        rejectBatch(batch, error);
      }
      if (resultMark >= 0) this.#resultRing.release(resultMark);
      batch.left -= count;
      if (batch.left === 0 && !batch.isSettled) {
        batch.isSettled = true;
        batch.resolve(batch.results);
      }
    }
    if (taken > 0) flights.splice(0, taken);
    const writing = this.#writing;
    if (writing !== undefined && writing.runs.length === 0 && flights.length === 0) {
      this.#writing = undefined;
      for (const { resolve } of writing.waiters) resolve();
    }
  }

  /** Copies results out of the mailbox, each when its seal shows that it has come. */
  #copyResults(results: Int32Array, first: number, count: number, at: number, sequence: number): void {
    const words = this.#results;
    for (let index = 0, word = at * 2; index < count; index++, word += 2) {
      const result = words[word];
      if ((words[word + 1] - Math.imul(result, Seal.MIX_X)) >>> 0 === sequence)
        results[first + index] = result;
      else results[first + index] = this.#awaitResult(word, sequence);
    }
  }

  /** Paths that the kernel gave up, as their symlinks and components were too many for a driver that limits loops. */
  #resolveRest({ packed, results, directory, operation }: Batch, first: number, count: number): void {
    const { bytes, offsets } = packed;
    const isFollowing = (operation & PathRequest.FOLLOW) !== 0;
    for (let index = first; index < first + count; index++) {
      if (results[index] !== UNRESOLVED) continue;
      results[index] = this.#walker.resolve(
        bytes,
        offsets[index],
        offsets[index + 1],
        directory,
        isFollowing,
      );
    }
  }

  /** A result that comes later than the completion that counts it. @throws EW_TIMEOUT */
  #awaitResult(word: number, sequence: number): number {
    const begin = performance.now();
    do {
      const seal = Atomics.load(this.#results, word + 1);
      const result = Atomics.load(this.#results, word);
      if ((seal - Math.imul(result, Seal.MIX_X)) >>> 0 === sequence) return result;
    } while (performance.now() - begin < RESULT_TIMEOUT_MS);
    throw new EverwarpError(
      "EW_TIMEOUT",
      `a result of request ${sequence} did not come within ${RESULT_TIMEOUT_MS} ms of its completion`,
      { remedy: "Please report this, with the output of `everwarp doctor`." },
    );
  }

  /** Waits on the spot, for a short time, until a batch is answered. */
  #spin(batch: Batch): void {
    const begin = performance.now();
    while (!batch.isSettled) {
      for (let spin = 0; spin < SPINS_PER_CLOCK; spin++) if (this.#kernel.poll() > 0) break;
      this.#collect();
      if (batch.isSettled) return;
      this.#pump();
      if (performance.now() - begin < SPIN_MS) continue;
      this.#drive();
      return;
    }
  }

  /** Goes on until nothing is in line or in flight. */
  #drive(): void {
    if (this.#isDriven) return;
    this.#isDriven = true;
    void this.#driveOn();
  }

  async #driveOn(): Promise<void> {
    let asserted = performance.now();
    let worked = asserted;
    for (;;) {
      const now = performance.now();
      if (this.#kernel.poll() > 0) worked = now;
      this.#collect();
      this.#pump();
      if (now - asserted > ASSERT_INTERVAL_MS) {
        asserted = now;
        this.#kernel.assertRunning();
        this.#collect();
      }
      if (this.#flights.length === 0 && this.#line.length === 0) {
        // Before anyone who was answered goes on, and asks for more.
        this.#isDriven = false;
        return;
      }
      await (now - worked < EAGER_MS ? turn() : sleep(1));
    }
  }
}

interface Place {
  readonly begin: number;
  readonly end: number;
  /** Where the write goes on behind it: position in its list of runs, how far that run was sent, lists that are done. */
  readonly nextAt: number;
  readonly nextFrom: number;
  readonly runsDone: number;
}

/** How many of `count` paths from `first` on end at or before `end`. */
function pathsWithin(offsets: Uint32Array, first: number, count: number, end: number): number {
  let low = 0;
  let high = count;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (offsets[first + middle] <= end) low = middle;
    else high = middle - 1;
  }
  return low;
}

function rejectBatch(batch: Batch, error: unknown): void {
  if (batch.isSettled) return;
  batch.isSettled = true;
  batch.reject(error);
}
