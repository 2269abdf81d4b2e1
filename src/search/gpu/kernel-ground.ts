/** What a kernel of a search takes of a device: programs, memory, its loop. All goes back together. */
import { type ProgramLease, type ProgramRequest, sharedPrograms } from "../../programs/index.ts";
import {
  type DeviceSession,
  ResidentLoop,
  STRATEGY_NAMES,
  type StrategyName,
} from "../../residency/index.ts";
import type { BufferOptions, ComputePipeline, DeviceBuffer, Queue } from "../../vulkan/index.ts";
import { RECORD_MEMORY_BYTES, RecordMemory, REGION_COUNT } from "./record-memory.ts";
import type { RequestTaker } from "./request-queue.ts";
import type { ScanShape } from "./scan-shape.ts";
import { type SearchProgramName, searchPrograms } from "./search-programs.ts";

const BOUNDED_STRATEGIES: readonly StrategyName[] = ["dispatch", "redispatch", "batch"];
/**
 * After this long an idle kernel gives the device (a software driver: the processor) back. The next query launches it
 * again.
 */
const PARK_AFTER_MS = 1_000;

/** How a kernel is launched. */
export interface KernelLaunch {
  readonly strategy: StrategyName | "auto";
  /** Takes the launches; as there is room, if not given. */
  readonly queue?: Queue;
  readonly requestsPerBatch: number;
  /** Tiles of the largest corpus. */
  readonly tileCount: number;
  /** Address of the corpus table. */
  readonly inputsAddress: bigint;
  readonly stallMs: number;
}

/** See the head of this file. */
export class KernelGround {
  readonly #session: DeviceSession;
  readonly #shape: ScanShape;
  readonly #rowMask: number | undefined;
  readonly #programs: ProgramLease[] = [];
  readonly #buffers: DeviceBuffer[] = [];

  /** @param rowMask rows that signatures have; less than all for tests */
  constructor(session: DeviceSession, shape: ScanShape, rowMask?: number) {
    this.#session = session;
    this.#shape = shape;
    this.#rowMask = rowMask;
  }

  async acquire(name: SearchProgramName): Promise<ComputePipeline> {
    return this.acquireProgram(searchPrograms(this.#shape, this.#rowMask)[name]);
  }

  async acquireProgram(request: ProgramRequest): Promise<ComputePipeline> {
    const program = await this.lease(request);
    this.#programs.push(program);
    return program.pipeline;
  }

  /** A program that the caller gives back. */
  lease(request: ProgramRequest): Promise<ProgramLease> {
    return sharedPrograms().acquire(this.#session.device, request);
  }

  createBuffer(options: BufferOptions): DeviceBuffer {
    const buffer = this.#session.device.createBuffer(options);
    this.#buffers.push(buffer);
    return buffer;
  }

  /** Launches a kernel that answers in records. @throws as `ResidentLoop.launch` */
  async launch(pipeline: ComputePipeline, launch: KernelLaunch): Promise<RequestTaker> {
    const { device, profile } = this.#session;
    const shape = this.#shape;
    const { tileCount, ...options } = launch;
    const records = this.createBuffer({
      role: "readback",
      sizeBytes: RECORD_MEMORY_BYTES,
      label: "hit records",
    });
    const kernel = await ResidentLoop.launch({
      ...options,
      device,
      profile,
      pipeline,
      // A launch that stays must count its loops where the driver limits them. A search does not; see scan-shape.ts.
      strategies: profile.loopLimit === undefined ? STRATEGY_NAMES : BOUNDED_STRATEGIES,
      slotCount: REGION_COUNT,
      hasClock: shape.hasClock,
      parkAfterMs: PARK_AFTER_MS,
      residentWorkgroupCount: shape.residentWorkgroupCount,
      boundedWorkgroupCount: shape.boundedWorkgroupCount(tileCount),
      outputsAddress: records.address,
    });
    return { kernel, memory: new RecordMemory(records) };
  }

  /** Nothing of the kernel may run any more. */
  giveBack(): void {
    for (const buffer of this.#buffers.splice(0).toReversed()) buffer[Symbol.dispose]();
    for (const program of this.#programs.splice(0).toReversed()) program.release();
  }
}
