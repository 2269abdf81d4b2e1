/**
 * Looks up paths in device memory. The lookup kernel stays resident, or is dispatched if it cannot stay.
 *
 *     lookup ──▶ queue ──chunks──▶ input ring (upload) + request ──▶ kernel ──▶ result ring (readback) ──▶ Int32Array
 *     apply ───▶ queue ──spans───▶ the same ring ───────────────────▶ kernel stores them in the table
 *
 * `request-queue.ts` keeps the order. `request-driver.ts` waits. This file owns the device, the kernel and the memory.
 */
import { EverwarpError } from "../../base/index.ts";
import { kernelFile } from "../../programs/index.ts";
import {
  type DeviceSession,
  openSession,
  type SessionOptions,
  type DeviceProfile,
  launchProgram,
  type ProgramLoop,
  WORKGROUP_SIZE_ID,
  STRATEGY_NAMES,
  type StrategyName,
} from "../../residency/index.ts";
import type { Device, DeviceBuffer } from "../../vulkan/index.ts";
import {
  type LookupOptions,
  type PackedPaths,
  type Backend,
  type SingleLookup,
  PathWalker,
  checkPacked,
  type PathLike,
} from "../lookup/index.ts";
import { type TableEdits, type TableImage, PathRequest } from "../table/index.ts";
import { DeviceTable } from "./device-table.ts";
import { KeptPaths } from "./kept-paths.ts";
import { PackedBatch, TextBatch } from "./lookup-batch.ts";
import { type LookupShape, lookupShape } from "./lookup-shape.ts";
import { RequestDriver } from "./request-driver.ts";
import { RequestQueue } from "./request-queue.ts";
import { RequestSender } from "./request-sender.ts";
import { ResultReader } from "./result-reader.ts";

const BOUNDED_STRATEGIES: readonly StrategyName[] = ["dispatch", "redispatch", "batch"];
const SLOT_COUNT = 256;
/** An idle kernel parks after this time, so that others get the device. The next lookup launches it again. */
const PARK_AFTER_MS = 1_000;
const VECTOR_BYTES = 16;
/** Specialization constants of lookup.comp. */
const TOGETHER_PATHS_MAX_ID = 1;
const IS_IN_STEP_ID = 2;

/** Options of a device backend. */
export interface DeviceBackendOptions extends SessionOptions {
  /** How the kernel runs. Default: "auto", which follows the profile of the device. */
  strategy?: StrategyName | "auto";
  /** Overrides parts of the kernel's shape. For measurements. */
  shape?: Partial<LookupShape>;
  /** Milliseconds without lookups after which the kernel parks. Default: 1,000. */
  parkAfterMs?: number;
}

/** A backend that answers lookups on a device. */
export class DeviceBackend implements Backend {
  readonly kind = "device";
  readonly device: Device;
  readonly profile: DeviceProfile;
  readonly shape: LookupShape;
  readonly #program: ProgramLoop;
  readonly #table: DeviceTable;
  readonly #driver: RequestDriver;
  /** Frees everything that `open` took. */
  readonly #release: () => void;

  private constructor(parts: {
    session: DeviceSession;
    shape: LookupShape;
    image: TableImage;
    program: ProgramLoop;
    table: DeviceTable;
    inputs: DeviceBuffer;
    results: DeviceBuffer;
    release: () => void;
  }) {
    const { shape, program, table } = parts;
    const { device, profile } = parts.session;
    const kernel = program.loop;
    const { words } = parts.image;
    this.device = device;
    this.#release = parts.release;
    this.profile = profile;
    this.shape = shape;
    this.#program = program;
    this.#table = table;
    const queue = new RequestQueue(
      kernel,
      new RequestSender(kernel, shape, table, words, parts.inputs),
      new ResultReader(new Int32Array(parts.results.host)),
      profile.loopLimit === undefined ? undefined : new PathWalker(words),
    );
    this.#driver = new RequestDriver(kernel, queue);
  }

  /**
   * Opens a device, starts the kernel on it, and copies the table there.
   * @throws EW_NO_VULKAN, EW_NO_DEVICE, EW_DEVICE_FORBIDDEN, EW_DRIVER_TOO_OLD, EW_STRATEGY_UNSUPPORTED,
   * EW_OUT_OF_DEVICE_MEMORY
   */
  static async open(image: TableImage, options: DeviceBackendOptions = {}): Promise<DeviceBackend> {
    const { strategy = "auto", shape: wanted, parkAfterMs = PARK_AFTER_MS, ...deviceOptions } = options;
    const session = await openSession({ ...deviceOptions, sharesSoftware: strategy === "adaptive" });
    const { device, profile } = session;
    const taken: Disposable[] = [];
    const take = <T extends Disposable>(one: T): T => {
      taken.push(one);
      return one;
    };
    const release = (): void => {
      for (const one of taken.splice(0).toReversed()) one[Symbol.dispose]();
      session.end();
    };
    let backend: DeviceBackend | undefined;
    try {
      const shape = lookupShape(device.info, profile, wanted);
      const table = take(new DeviceTable(device, image.words, shape.guessCount));
      const inputs = take(inputRing(device, shape));
      const results = take(resultRing(device, shape));
      const program = await launchProgram(lookupProgram(shape), {
        device,
        profile,
        strategy,
        // If loops are limited, an idle poll counts like every loop of the kernel. So no launch could stay for long.
        strategies: profile.loopLimit === undefined ? STRATEGY_NAMES : BOUNDED_STRATEGIES,
        slotCount: SLOT_COUNT,
        hasClock: device.info.features.includes("shaderDeviceClock"),
        parkAfterMs,
        residentWorkgroupCount: shape.residentWorkgroupCount,
        requestsPerBatch: shape.requestsPerBatch,
        boundedWorkgroupCount: shape.boundedWorkgroupCount,
        inputsAddress: inputs.address,
        outputsAddress: results.address,
        stateAddress: table.directory.address,
      });
      backend = new DeviceBackend({ session, shape, image, program, table, inputs, results, release });
      const runs = image.regions().flatMap(({ begin, end }) => [begin, end]);
      await backend.apply({ runs: Uint32Array.from(runs) });
      return backend;
    } catch (error) {
      if (backend === undefined) release();
      else await backend.close().catch(() => undefined); // report only the first error
      throw error;
    }
  }

  /** How the kernel runs. */
  get strategyName(): StrategyName {
    return this.#program.loop.strategyName;
  }

  /** Why the strategy was chosen. */
  get strategyReason(): string {
    return this.#program.loop.strategyReason;
  }

  /** Number of workgroups that share each request. */
  get workgroupCount(): number {
    return this.#program.loop.workgroupCount;
  }

  /** Size of the table in device memory. */
  get tableBytes(): number {
    return this.#table.allocatedBytes;
  }

  /** Number of directories that the kernel can remember. */
  get guessCount(): number {
    return this.#table.guessCount;
  }

  /** See `Backend.lookup`. */
  async lookup(packed: PackedPaths, options: LookupOptions = {}): Promise<Int32Array> {
    if (packed.offsets.length === 0) checkPacked(packed); // the kernel checks all other offsets
    return this.#driver.lookup(new PackedBatch(packed, options));
  }

  /** Copies paths to the device, for `lookupKept`. @throws EW_BAD_ARGUMENT, EW_OUT_OF_DEVICE_MEMORY, EW_CLOSED */
  keep(packed: PackedPaths): KeptPaths {
    checkPacked(packed);
    return new KeptPaths(this.device, packed);
  }

  /** Resolves paths that are on the device already. Only results are transferred. @throws as `lookup` */
  lookupKept(kept: KeptPaths, options: LookupOptions = {}): Promise<Int32Array> {
    return this.#driver.lookup(new PackedBatch(kept.packed, options, kept));
  }

  /**
   * Like `lookupKept`, but leaves the results in the kernel's memory. For measurements of the kernel alone.
   * @throws as `lookup`
   */
  async resolveKept(kept: KeptPaths, options: LookupOptions = {}): Promise<void> {
    await this.#driver.lookup(new PackedBatch(kept.packed, options, kept, true));
  }

  /** Packs strings group by group, while the device looks up earlier groups. */
  lookupPaths(paths: readonly PathLike[], options: LookupOptions = {}): Promise<Int32Array> {
    return this.#driver.lookup(new TextBatch(paths, options));
  }

  /** See `Backend.lookupSingle`. */
  lookupSingle(path: PathLike, options: LookupOptions = {}): SingleLookup | undefined {
    return this.#driver.lookupSingle(path, options);
  }

  /**
   * See `Backend.apply`. The words of a run are read when the run is sent, and they then include later changes. So the
   * caller must change the image and call `apply` without an await in between.
   */
  apply({ runs }: TableEdits): Promise<void> {
    return this.#driver.write(runs);
  }

  /** See `Backend.close`. */
  async close(): Promise<void> {
    this.#driver.end(
      new EverwarpError("EW_CLOSED", "the namespace was closed before this was answered", {
        remedy: "Wait for lookups and changes before closing.",
      }),
    );
    try {
      await this.#program[Symbol.asyncDispose]();
    } finally {
      this.#release();
    }
  }
}

/** The ring for paths and for words of writes, on their way to the kernel. */
function inputRing(device: Device, { inputBytes }: LookupShape): DeviceBuffer {
  // The kernel reads whole vectors, so it may read slightly past the last byte.
  const sizeBytes = inputBytes + 2 * VECTOR_BYTES;
  return device.createBuffer({ role: "upload", sizeBytes, label: "paths to look up" });
}

/** The ring for results. Its initial words are no valid seals. */
function resultRing(device: Device, { resultCount }: LookupShape): DeviceBuffer {
  const sizeBytes = resultCount * PathRequest.RESULT_BYTES;
  const results = device.createBuffer({ role: "readback", sizeBytes, label: "inodes found" });
  new Uint32Array(results.host).fill(0);
  return results;
}

function lookupProgram(shape: LookupShape): Parameters<typeof launchProgram>[0] {
  return {
    file: kernelFile("paths/kernels/lookup"),
    label: "lookup",
    specialization: {
      [WORKGROUP_SIZE_ID]: shape.workgroupSize,
      [TOGETHER_PATHS_MAX_ID]: shape.togetherPathsMax,
      [IS_IN_STEP_ID]: shape.isInStep ? 1 : 0,
    },
  };
}
