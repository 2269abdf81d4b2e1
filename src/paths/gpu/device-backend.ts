/**
 * Looks paths up in device memory, with the lookup kernel kept resident (or dispatched, where it cannot stay).
 *
 *     lookup ──▶ line ──chunks──▶ ring of inputs (doorbell) + request ──▶ kernel ──▶ ring of results (mailbox) ──▶ Int32Array
 *     apply ───▶ line ──runs────▶ the same ring ─────────────────────────▶ kernel stores them in the table
 *
 * The line (request-line.ts) keeps the order; here is who drives it: small batches are waited for on the spot, for a short time; everything else goes on in
 * turns of the event loop, until nothing is in line or in flight.
 */
import { setImmediate as turn, setTimeout as sleep } from "node:timers/promises";
import { EverwarpError } from "../../base/errors.ts";
import { kernelFile, sharedPrograms } from "../../programs/index.ts";
import { type DeviceProfile, openProfiledDevice } from "../../residency/profile.ts";
import { ResidentLoop, WORKGROUP_SIZE_ID } from "../../residency/resident-loop.ts";
import { STRATEGY_NAMES, type StrategyName } from "../../residency/strategies/index.ts";
import type { Device, DeviceBuffer, DeviceOptions } from "../../vulkan/index.ts";
import type { LookupOptions, PackedPaths, PathsBackend, TableEdits, TableImage } from "../contracts.ts";
import { PathWalker } from "../host/path-walker.ts";
import { PathRequest } from "../table.schema.ts";
import { DeviceTable } from "./device-table.ts";
import { KeptPaths } from "./kept-paths.ts";
import { LookupBatch } from "./lookup-batch.ts";
import { type LookupShape, lookupShape } from "./lookup-shape.ts";
import { RequestLine } from "./request-line.ts";
import { RequestSender } from "./request-sender.ts";
import { ResultMailbox } from "./result-mailbox.ts";

const BOUNDED_STRATEGIES: readonly StrategyName[] = ["dispatch", "redispatch", "batch"];
const SLOT_COUNT = 256;
/** An idle kernel gives the device back to others after this long; the next lookup launches it again. */
const PARK_AFTER_MS = 1_000;
/** How long a small batch is waited for on the spot: sooner than the event loop could come back. */
const SPIN_MS = 0.1;
const SPIN_PATHS_MAX = 8192;
const SPINS_PER_CLOCK = 64;
const ASSERT_INTERVAL_MS = 20;
const EAGER_MS = 20;
const VECTOR_BYTES = 16;
/** Specialization constants of lookup.comp. */
const TOGETHER_PATHS_MAX_ID = 1;
const IS_IN_STEP_ID = 2;

export interface DevicePathsOptions extends DeviceOptions {
  /** How the kernel is run; `auto` lets the device profile decide. */
  strategy?: StrategyName | "auto";
  /** Overrules how the kernel is laid over the device; for measurements. */
  shape?: Partial<LookupShape>;
  /** Idle time after which the kernel parks; a second if not given. */
  parkAfterMs?: number;
}

export class DevicePathsBackend implements PathsBackend {
  readonly kind = "device";
  readonly device: Device;
  readonly profile: DeviceProfile;
  readonly shape: LookupShape;
  readonly #kernel: ResidentLoop;
  readonly #table: DeviceTable;
  readonly #line: RequestLine;
  #isDriven = false;

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
    const { shape, kernel, table, profile } = parts;
    const { words } = parts.image;
    this.device = parts.device;
    this.profile = profile;
    this.shape = shape;
    this.#kernel = kernel;
    this.#table = table;
    this.#line = new RequestLine(
      new RequestSender(kernel, shape, table, words, parts.inputs),
      new ResultMailbox(new Uint32Array(parts.results.host)),
      profile.loopLimit === undefined ? undefined : new PathWalker(words),
    );
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
          [TOGETHER_PATHS_MAX_ID]: shape.togetherPathsMax,
          [IS_IN_STEP_ID]: shape.isInStep ? 1 : 0,
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
    const count = packed.offsets.length - 1;
    if (this.#line.failure !== undefined) return Promise.reject(this.#line.failure);
    if (count <= 0) return Promise.resolve(new Int32Array(0));
    return new Promise((resolve, reject) => {
      const batch = new LookupBatch(packed, kept, options, resolve, reject);
      this.#line.lookup(batch);
      if (count > SPIN_PATHS_MAX) this.#drive();
      // Behind what the caller still does in this stretch: more lookups, mostly, that can then be gathered.
      else queueMicrotask(() => this.#spin(batch));
    });
  }

  /**
   * Mirrors a change. What the runs hold is read when it is sent, together with all changes behind it by then: the image and `apply` must
   * change in one stretch of code, as the contract says.
   */
  apply({ runs }: TableEdits): Promise<void> {
    if (this.#line.failure !== undefined) return Promise.reject(this.#line.failure);
    if (runs.length === 0) return Promise.resolve();
    return new Promise((resolve, reject) => {
      this.#line.write(runs, resolve, reject);
      this.#drive();
    });
  }

  async close(): Promise<void> {
    this.#line.end(
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

  /** Waits on the spot, for a short time, until a batch is answered. */
  #spin(batch: LookupBatch): void {
    const begin = performance.now();
    while (!batch.isSettled) {
      for (let spin = 0; spin < SPINS_PER_CLOCK; spin++) if (this.#kernel.poll() > 0) break;
      this.#line.collect();
      if (batch.isSettled) return;
      this.#line.pump();
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
      this.#line.collect();
      this.#line.pump();
      if (now - asserted > ASSERT_INTERVAL_MS) {
        asserted = now;
        this.#kernel.assertRunning();
        this.#line.collect();
      }
      if (this.#line.isIdle) {
        // Before anyone who was answered goes on, and asks for more.
        this.#isDriven = false;
        return;
      }
      await (now - worked < EAGER_MS ? turn() : sleep(1));
    }
  }
}
