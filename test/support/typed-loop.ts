/** A kernel with typed requests on a bare `ResidentLoop`: no supervisor, no lines, no pump. For tests of what lies below `ResidentKernel`. */
import { EverwarpError } from "../../src/base/errors.ts";
import { type ProgramLease, sharedPrograms } from "../../src/programs/index.ts";
import {
  KERNEL_TYPES_FILE,
  type KernelSchemas,
  type KernelTypes,
  kernelTypes,
} from "../../src/residency/kernel-source.ts";
import type { DeviceProfile } from "../../src/residency/profile.ts";
import {
  ResidentLoop,
  type ResidentLoopOptions,
  WORKGROUP_SIZE_ID,
} from "../../src/residency/resident-loop.ts";
import type { Ticket } from "../../src/residency/work-queue.ts";
import type { Infer, StructLayout } from "../../src/schema/index.ts";
import type { Device, DeviceBuffer } from "../../src/vulkan/index.ts";

const ANSWER_MS = 60_000;

export interface TypedLoopOptions<Q extends StructLayout, R extends StructLayout> extends KernelSchemas<
  Q,
  R
> {
  device: Device;
  profile: DeviceProfile;
  /** Path of the kernel, or its text. */
  source: string | { text: string };
  workgroupSize?: number;
  loop?: Partial<ResidentLoopOptions>;
}

export class TypedLoop<Q extends StructLayout, R extends StructLayout> implements AsyncDisposable {
  readonly loop: ResidentLoop;
  readonly types: KernelTypes<Q, R>;
  readonly #lease: ProgramLease;
  readonly #state: DeviceBuffer | undefined;

  private constructor(
    loop: ResidentLoop,
    types: KernelTypes<Q, R>,
    lease: ProgramLease,
    state: DeviceBuffer | undefined,
  ) {
    this.loop = loop;
    this.types = types;
    this.#lease = lease;
    this.#state = state;
  }

  static async launch<Q extends StructLayout, R extends StructLayout>(
    options: TypedLoopOptions<Q, R>,
  ): Promise<TypedLoop<Q, R>> {
    const { device, profile, source, workgroupSize = 32 } = options;
    const types = kernelTypes(options);
    const hasClock = device.info.features.includes("shaderDeviceClock");
    const lease = await sharedPrograms().acquire(device, {
      ...(typeof source === "string" ? { file: source } : { source: source.text }),
      defines: hasClock ? { RESIDENCY_CLOCK: 1 } : {},
      virtualFiles: { [KERNEL_TYPES_FILE]: types.glsl },
      specialization: { [WORKGROUP_SIZE_ID]: workgroupSize },
    });
    const state =
      types.stateBytes === 0
        ? undefined
        : device.createBuffer({ role: "device", sizeBytes: types.stateBytes, label: "state" });
    if (state !== undefined) device.run((recorder) => recorder.fill(state, 0, state.sizeBytes, 0));
    try {
      const loop = await ResidentLoop.launch({
        device,
        profile,
        pipeline: lease.pipeline,
        hasClock,
        laneCount: 2,
        slotCount: 16,
        completionVectors: types.completionVectors,
        stateAddress: state?.address ?? 0n,
        ...options.loop,
      });
      return new TypedLoop(loop, types, lease, state);
    } catch (error) {
      state?.[Symbol.dispose]();
      lease.release();
      throw error;
    }
  }

  /** Publishes a request. */
  submit(values: Infer<Q>, lane = 0): Ticket {
    const words = new Uint32Array(this.types.requestWords);
    return this.loop.submit(words, this.types.encodeRequest(values, words), lane);
  }

  /** Waits for the answer to a request. @throws EW_KERNEL_FAULT when the kernel calls fail */
  async answer(ticket: Ticket): Promise<Infer<R>> {
    await this.loop.wait(ticket, ANSWER_MS);
    if (ticket.failure !== undefined) throw ticket.failure;
    if (ticket.words === undefined || ticket.result > 1)
      throw new EverwarpError("EW_KERNEL_FAULT", `the kernel answered ${ticket.result} times`);
    return this.types.decodeResponse(ticket.words);
  }

  /** Sends a request and waits for its answer. @throws EW_KERNEL_FAULT when the kernel calls fail */
  async call(values: Infer<Q>, lane = 0): Promise<Infer<R>> {
    return await this.answer(this.submit(values, lane));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.loop[Symbol.asyncDispose]();
    this.#state?.[Symbol.dispose]();
    this.#lease.release();
  }
}
