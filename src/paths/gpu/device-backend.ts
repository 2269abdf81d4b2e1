/**
 * Looks paths up in device memory, with the lookup kernel kept resident (or dispatched, where it cannot stay).
 *
 *     lookup ──▶ line ──chunks──▶ ring of inputs (upload) + request ──▶ kernel ──▶ ring of results (readback) ──▶ Int32Array
 *     apply ───▶ line ──runs────▶ the same ring ─────────────────────────▶ kernel stores them in the table
 *
 * The line (request-line.ts) keeps the order, request-driver.ts sees to it that it goes on; here is what they work
 * with.
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
/** An idle kernel gives the device back to others after this long; the next lookup launches it again. */
const PARK_AFTER_MS = 1_000;
const VECTOR_BYTES = 16;
/** Specialization constants of lookup.comp. */
const TOGETHER_PATHS_MAX_ID = 1;
const IS_IN_STEP_ID = 2;

export interface DeviceBackendOptions extends SessionOptions {
  /** How the kernel is run; `auto` lets the device profile decide. */
  strategy?: StrategyName | "auto";
  /** Overrules how the kernel is laid over the device; for measurements. */
  shape?: Partial<LookupShape>;
  /** Idle time after which the kernel parks; a second if not given. */
  parkAfterMs?: number;
}

export class DeviceBackend implements Backend {
  readonly kind = "device";
  readonly device: Device;
  readonly profile: DeviceProfile;
  readonly shape: LookupShape;
  readonly #program: ProgramLoop;
  readonly #table: DeviceTable;
  readonly #driver: RequestDriver;
  /** Gives back what `open` took. */
  readonly #giveBack: () => void;

  private constructor(parts: {
    session: DeviceSession;
    shape: LookupShape;
    image: TableImage;
    program: ProgramLoop;
    table: DeviceTable;
    inputs: DeviceBuffer;
    results: DeviceBuffer;
    giveBack: () => void;
  }) {
    const { shape, program, table } = parts;
    const { device, profile } = parts.session;
    const kernel = program.loop;
    const { words } = parts.image;
    this.device = device;
    this.#giveBack = parts.giveBack;
    this.profile = profile;
    this.shape = shape;
    this.#program = program;
    this.#table = table;
    const line = new RequestQueue(
      kernel,
      new RequestSender(kernel, shape, table, words, parts.inputs),
      new ResultReader(new Int32Array(parts.results.host)),
      profile.loopLimit === undefined ? undefined : new PathWalker(words),
    );
    this.#driver = new RequestDriver(kernel, line);
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
    const giveBack = (): void => {
      for (const one of taken.splice(0).toReversed()) one[Symbol.dispose]();
      session.end();
    };
    let backend: DeviceBackend | undefined;
    try {
      const shape = lookupShape(device.info, profile, wanted);
      const table = take(new DeviceTable(device, image.words, shape.guessCount));
      // What the kernel reads in vectors may lie a little behind the last byte.
      const inputs = take(
        device.createBuffer({
          role: "upload",
          sizeBytes: shape.inputBytes + 2 * VECTOR_BYTES,
          label: "paths to look up",
        }),
      );
      const results = take(
        device.createBuffer({
          role: "readback",
          sizeBytes: shape.resultCount * PathRequest.RESULT_BYTES,
          label: "inodes found",
        }),
      );
      new Uint32Array(results.host).fill(0);
      const request = {
        file: kernelFile("paths/kernels/lookup"),
        label: "lookup",
        specialization: {
          [WORKGROUP_SIZE_ID]: shape.workgroupSize,
          [TOGETHER_PATHS_MAX_ID]: shape.togetherPathsMax,
          [IS_IN_STEP_ID]: shape.isInStep ? 1 : 0,
        },
      };
      const program = await launchProgram(request, {
        device,
        profile,
        strategy,
        // Where loops are limited, a poll in vain counts all loops of the kernel, as each is entered by no lane: no
        // launch could stay for long.
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
      backend = new DeviceBackend({ session, shape, image, program, table, inputs, results, giveBack });
      const runs = image.regions().flatMap(({ begin, end }) => [begin, end]);
      await backend.apply({ runs: Uint32Array.from(runs) });
      return backend;
    } catch (error) {
      if (backend === undefined) giveBack();
      else await backend.close().catch(() => undefined); // the first error is the one to tell
      throw error;
    }
  }

  /** How the kernel is run. */
  get strategyName(): StrategyName {
    return this.#program.loop.strategyName;
  }

  /** Why the strategy was taken. */
  get strategyReason(): string {
    return this.#program.loop.strategyReason;
  }

  /** Workgroups that each request is spread over. */
  get workgroupCount(): number {
    return this.#program.loop.workgroupCount;
  }

  /** Device memory that the table takes. */
  get tableBytes(): number {
    return this.#table.allocatedBytes;
  }

  /** Directories that the kernel remembers, at most. */
  get guessCount(): number {
    return this.#table.guessCount;
  }

  async lookup(packed: PackedPaths, options: LookupOptions = {}): Promise<Int32Array> {
    if (packed.offsets.length === 0) checkPacked(packed); // all else the kernel checks
    return this.#driver.lookup(new PackedBatch(packed, options));
  }

  /** Copies paths to the device, for `lookupKept`. @throws EW_BAD_ARGUMENT, EW_OUT_OF_DEVICE_MEMORY, EW_CLOSED */
  keep(packed: PackedPaths): KeptPaths {
    checkPacked(packed);
    return new KeptPaths(this.device, packed);
  }

  /** Resolves paths that lie on the device already: nothing but results travels. @throws as `lookup` */
  lookupKept(kept: KeptPaths, options: LookupOptions = {}): Promise<Int32Array> {
    return this.#driver.lookup(new PackedBatch(kept.packed, options, kept));
  }

  /**
   * The same, and the results stay where the kernel wrote them: ends when it has. For measuring the kernel alone.
   * @throws as `lookup`
   */
  async resolveKept(kept: KeptPaths, options: LookupOptions = {}): Promise<void> {
    await this.#driver.lookup(new PackedBatch(kept.packed, options, kept, true));
  }

  /** Packs strings group by group, while the device looks the groups before up. */
  lookupPaths(paths: readonly PathLike[], options: LookupOptions = {}): Promise<Int32Array> {
    return this.#driver.lookup(new TextBatch(paths, options));
  }

  lookupSingle(path: PathLike, options: LookupOptions = {}): SingleLookup | undefined {
    return this.#driver.lookupSingle(path, options);
  }

  /**
   * Mirrors a change. What the runs hold is read when it is sent, together with all changes behind it by then: the
   * image and `apply` must
   * change in one stretch of code, as the contract says.
   */
  apply({ runs }: TableEdits): Promise<void> {
    return this.#driver.write(runs);
  }

  async close(): Promise<void> {
    this.#driver.end(
      new EverwarpError("EW_CLOSED", "the namespace was closed before this was answered", {
        remedy: "Wait for lookups and changes before closing.",
      }),
    );
    try {
      await this.#program[Symbol.asyncDispose]();
    } finally {
      this.#giveBack();
    }
  }
}
