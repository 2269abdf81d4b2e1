/**
 * A kernel with typed requests on a bare `ResidentLoop`: no supervisor, no pending queue, no completion poller. For tests
 * of what lies below `ResidentKernel`.
 */
import { EverwarpError } from "../../src/base/errors.ts";
import { KERNEL_TYPES_FILE } from "../../src/residency/kernel/kernel-names.ts";
import {
  type KernelSchemas,
  type KernelTypes,
  kernelTypes,
} from "../../src/residency/kernel/kernel-source.ts";
import type { ResidentLoopOptions } from "../../src/residency/launch/loop-options.ts";
import type { ProgramLoop } from "../../src/residency/launch/program-loop.ts";
import { type ResidentLoop, WORKGROUP_SIZE_ID } from "../../src/residency/launch/resident-loop.ts";
import type { DeviceProfile } from "../../src/residency/profile/device-profile.ts";
import type { Ticket } from "../../src/residency/queue/work-queue.ts";
import type { Infer, StructLayout } from "../../src/schema/index.ts";
import type { Device } from "../../src/vulkan/index.ts";
import { launchWithState } from "./state-loop.ts";
import { patientMs } from "./patience.ts";

const ANSWER_MS = patientMs(60_000);

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
  readonly #kernel: ProgramLoop;

  private constructor(kernel: ProgramLoop, types: KernelTypes<Q, R>) {
    this.loop = kernel.loop;
    this.types = types;
    this.#kernel = kernel;
  }

  static async launch<Q extends StructLayout, R extends StructLayout>(
    options: TypedLoopOptions<Q, R>,
  ): Promise<TypedLoop<Q, R>> {
    const { device, profile, source, workgroupSize = 32 } = options;
    const types = kernelTypes(options);
    const request = {
      ...(typeof source === "string" ? { file: source } : { source: source.text }),
      virtualFiles: { [KERNEL_TYPES_FILE]: types.glsl },
      specialization: { [WORKGROUP_SIZE_ID]: workgroupSize },
    };
    const kernel = await launchWithState(request, types.stateBytes, {
      device,
      profile,
      completionVectors: types.completionVectors,
      ...options.loop,
    });
    return new TypedLoop(kernel, types);
  }

  /** Publishes a request. */
  submit(values: Infer<Q>, priority = 0): Ticket {
    const words = new Uint32Array(this.types.requestWords);
    return this.loop.submit(words, this.types.encodeRequest(values, words), priority);
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
  async call(values: Infer<Q>, priority = 0): Promise<Infer<R>> {
    return await this.answer(this.submit(values, priority));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#kernel[Symbol.asyncDispose]();
  }
}
