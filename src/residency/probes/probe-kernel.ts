/**
 * The kernel of a probe, with the memory that it shares with the host.
 *
 *     upload memory     control[0]: not 0 ends the kernel, if the kernel sees the store
 *     readback memory    answer[]: the results of the kernel
 *
 * Invariant: memory that a kernel may be using is never freed. A kernel that does not end in time keeps its memory
 * until the device is closed.
 */
import { EverwarpError } from "../../base/index.ts";
import { kernelFile, type ProgramLease, sharedPrograms } from "../../programs/index.ts";
import type { Device, DeviceBuffer, Fence, Recorder } from "../../vulkan/index.ts";
import type { Infer } from "../../schema/index.ts";
import { drainWriteCombining } from "../queue/index.ts";
import { Probe } from "./probe.schema.ts";

/** The values of a launch. Omitted addresses are those of the kernel's own memory. */
export type ProbeValues = Partial<Infer<typeof Probe>>;

/** Push constants of a probe that needs none of them. */
export const NO_PROBE_VALUES: Infer<typeof Probe> = {
  target: 0n,
  answer: 0n,
  control: 0n,
  count: 0,
  mode: 0,
  limit: 0,
  value: 0,
};

/** Timeout of a launch: longer than any successful launch of a probe, except for those that are long on purpose. */
const LAUNCH_TIMEOUT_MS = 5_000;
/** Timeout on software drivers. They compile at the first launch, on shared cores. */
const SOFTWARE_LAUNCH_TIMEOUT_MS = 60_000;

/** Options of a probe's kernel. */
export interface ProbeKernelOptions {
  readonly specialization?: Readonly<Record<number, number>>;
  /** Words of the answer; 4 if not given. */
  readonly answerWords?: number;
}

/** The kernel of a probe, with its answer in mapped memory. Every launch ends by itself. */
export class ProbeKernel implements Disposable {
  readonly device: Device;
  readonly program: ProgramLease;
  /** The words that the kernel wrote. */
  readonly answer: Uint32Array;
  readonly #control: Uint32Array;
  readonly #answerBuffer: DeviceBuffer;
  readonly #controlBuffer: DeviceBuffer;
  readonly #scratch: DeviceBuffer[] = [];
  #isStuck = false;

  private constructor(device: Device, program: ProgramLease, answerWords: number) {
    this.device = device;
    this.program = program;
    this.#answerBuffer = device.createBuffer({
      role: "readback",
      sizeBytes: answerWords * 4,
      label: "probe answer",
    });
    this.#controlBuffer = device.createBuffer({ role: "upload", sizeBytes: 64, label: "probe control" });
    this.answer = new Uint32Array(this.#answerBuffer.host).fill(0);
    this.#control = new Uint32Array(this.#controlBuffer.host);
    this.allow();
  }

  /** @param name of a file in src/residency/kernels */
  static async open(device: Device, name: string, options: ProbeKernelOptions = {}): Promise<ProbeKernel> {
    const { specialization = {}, answerWords = 4 } = options;
    const file = kernelFile(`residency/kernels/${name}`);
    const program = await sharedPrograms().acquire(device, { file, specialization, label: `probe ${name}` });
    try {
      return new ProbeKernel(device, program, answerWords);
    } catch (error) {
      program.release();
      throw error;
    }
  }

  /** Zeroed device memory that lives as long as the kernel. */
  scratch(sizeBytes: number): DeviceBuffer {
    const buffer = this.device.createBuffer({ role: "device", sizeBytes, label: "probe scratch" });
    this.#scratch.push(buffer);
    this.device.run((recorder) => recorder.fill(buffer, 0, sizeBytes, 0));
    return buffer;
  }

  /** Clears the end flag, so that launches run to their own end. */
  allow(): void {
    this.#control[0] = 0;
    drainWriteCombining();
  }

  /** Sets the end flag of a launch. */
  end(): void {
    this.#control[0] = 1;
    drainWriteCombining();
  }

  /** Records a launch, and the barrier that makes its answer visible to the host. */
  record(recorder: Recorder, values: ProbeValues, workgroupCount = 1): void {
    const { address: answer } = this.#answerBuffer;
    const control = this.#controlBuffer.address;
    const constants = Probe.pack({ ...NO_PROBE_VALUES, answer, control, ...values });
    recorder.bind(this.program.pipeline).push(constants).dispatch(workgroupCount).barrier("compute", "all");
  }

  /**
   * Launches once and waits for the end.
   * @throws EW_TIMEOUT, EW_DEVICE_LOST
   */
  run(values: ProbeValues, workgroupCount = 1): void {
    this.guard(() =>
      this.device.run((recorder) => this.record(recorder, values, workgroupCount), {
        timeoutMs: this.#launchTimeoutMs,
      }),
    );
  }

  get #launchTimeoutMs(): number {
    return this.device.info.type === "cpu" ? SOFTWARE_LAUNCH_TIMEOUT_MS : LAUNCH_TIMEOUT_MS;
  }

  /** Waits for a launch. After the timeout, tells the launch to end. @throws EW_TIMEOUT if it does not end */
  async finish(fence: Fence, timeoutMs: number): Promise<void> {
    if (await fence.waitAsync({ timeoutMs })) return;
    this.end();
    if (await fence.waitAsync({ timeoutMs: this.#launchTimeoutMs })) return;
    this.#isStuck = true;
    throw new EverwarpError(
      "EW_TIMEOUT",
      `a probe's kernel did not end within ${timeoutMs + this.#launchTimeoutMs} ms`,
      {
        remedy: "The driver may be at fault; leave the device to itself, or restart the machine.",
      },
    );
  }

  /** Runs a step that waits for launches of this kernel. If a launch does not end, the kernel's memory is kept. */
  guard<T>(step: () => T): T {
    try {
      return step();
    } catch (error) {
      this.#isStuck = true;
      throw error;
    }
  }

  [Symbol.dispose](): void {
    if (this.#isStuck) return;
    for (const buffer of this.#scratch) buffer[Symbol.dispose]();
    this.#answerBuffer[Symbol.dispose]();
    this.#controlBuffer[Symbol.dispose]();
    this.program.release();
  }
}

/** Submits a recording, runs `watch` meanwhile, and frees both when the work has ended. */
export async function launched<T>(
  device: Device,
  record: (recorder: Recorder) => void,
  watch: (fence: Fence) => Promise<T>,
): Promise<T> {
  const commandBuffer = device.record(record);
  const fence = device.createFence();
  device.queue.submit(commandBuffer, fence);
  const result = await watch(fence); // after a timeout, recording and fence stay allocated
  fence[Symbol.dispose]();
  commandBuffer[Symbol.dispose]();
  return result;
}
