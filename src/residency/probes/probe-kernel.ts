/**
 * A probe's kernel, with the memory through which it and the host speak.
 *
 *     upload memory     control[0]: not 0 ends the kernel, where it sees that
 *     readback memory    answer[]: what the kernel found
 *
 * Invariant: memory that a kernel may still be using is never freed. A kernel that does not end in time keeps it, until
 * the device is closed.
 */
import { EverwarpError } from "../../base/index.ts";
import { kernelFile, type ProgramLease, sharedPrograms } from "../../programs/index.ts";
import type { Device, DeviceBuffer, Fence, Recorder } from "../../vulkan/index.ts";
import type { Infer } from "../../schema/index.ts";
import { drainWriteCombining } from "../queue/index.ts";
import { Probe } from "./probe.schema.ts";

/** What a launch is given; addresses that are left out are those of the kernel's own memory. */
export type ProbeValues = Partial<Infer<typeof Probe>>;

/** The push constants of a probe that needs none of them. */
export const NO_PROBE_VALUES: Infer<typeof Probe> = {
  target: 0n,
  answer: 0n,
  control: 0n,
  count: 0,
  mode: 0,
  limit: 0,
  value: 0,
};

/** More than any launch of a probe takes that ends well, but for those that are meant to be long. */
const LAUNCH_TIMEOUT_MS = 5_000;
/** A software driver compiles at the first launch, on cores that it shares. */
const SOFTWARE_LAUNCH_TIMEOUT_MS = 60_000;

/** How a probe's kernel is made. */
export interface ProbeKernelOptions {
  readonly specialization?: Readonly<Record<number, number>>;
  /** Words of the answer; 4 if not given. */
  readonly answerWords?: number;
}

/** A probe's kernel with its answer in mapped memory. Every launch ends by itself. */
export class ProbeKernel implements Disposable {
  readonly device: Device;
  readonly program: ProgramLease;
  /** What the kernel wrote. */
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

  /** @param name file under src/residency/kernels */
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

  /** Device memory that lives as long as the kernel: zero at first, and freed when nothing uses it any more. */
  scratch(sizeBytes: number): DeviceBuffer {
    const buffer = this.device.createBuffer({ role: "device", sizeBytes, label: "probe scratch" });
    this.#scratch.push(buffer);
    this.device.run((recorder) => recorder.fill(buffer, 0, sizeBytes, 0));
    return buffer;
  }

  /** Lets launches run as long as they will. */
  allow(): void {
    this.#control[0] = 0;
    drainWriteCombining();
  }

  /** Tells a launch to end. */
  end(): void {
    this.#control[0] = 1;
    drainWriteCombining();
  }

  /** Records a launch, and what makes its answer visible to the host. */
  record(recorder: Recorder, values: ProbeValues, workgroupCount = 1): void {
    const { address: answer } = this.#answerBuffer;
    const control = this.#controlBuffer.address;
    const constants = Probe.pack({ ...NO_PROBE_VALUES, answer, control, ...values });
    recorder.bind(this.program.pipeline).push(constants).dispatch(workgroupCount).barrier("compute", "all");
  }

  /**
   * Launches once and waits.
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

  /** Waits for a launch; tells it to end when the time is over. @throws EW_TIMEOUT when it does not */
  async finish(fence: Fence, timeoutMs: number): Promise<void> {
    if (await fence.waitAsync(timeoutMs)) return;
    this.end();
    if (await fence.waitAsync(this.#launchTimeoutMs)) return;
    this.#isStuck = true;
    throw new EverwarpError(
      "EW_TIMEOUT",
      `a probe's kernel did not end within ${timeoutMs + this.#launchTimeoutMs} ms`,
      {
        remedy: "The driver may be at fault; leave the device to itself, or restart the machine.",
      },
    );
  }

  /** Runs a step that waits for launches of this kernel; one that does not end keeps the kernel's memory. */
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

/** Submits what is recorded, lets `watch` look on, and frees both when it has ended. */
export async function launched<T>(
  device: Device,
  record: (recorder: Recorder) => void,
  watch: (fence: Fence) => Promise<T>,
): Promise<T> {
  const commandBuffer = device.record(record);
  const fence = device.createFence();
  device.queue.submit(commandBuffer, fence);
  const result = await watch(fence); // one that did not end keeps what it uses
  fence[Symbol.dispose]();
  commandBuffer[Symbol.dispose]();
  return result;
}
