/**
 * The resources of a resident loop on a device: its admission, its membership in the company of the card, and the
 * memory of its work queue. They are released together.
 */
import type { Device, DeviceBuffer, Queue as VulkanQueue } from "../../vulkan/index.ts";
import { Cursors, Heartbeat, Queue, WorkQueue } from "../queue/index.ts";
import {
  admissionOf,
  type CompanyGuest,
  type CompanyMember,
  isCard,
  joinCompany,
  NO_COMPANY,
  type Place,
} from "../sharing/index.ts";
import { CONTROL_BLOCKS, type LaunchMemory, type StrategyName, WORKGROUPS_MAX } from "../strategies/index.ts";
import { kindOf } from "./choose-strategy.ts";
import type { ResidentLoopOptions } from "./loop-options.ts";

/** Bytes of a slot's arrival counter and ordinal. */
const COUNTER_BYTES = 12;
const VECTOR_BYTES = 16;

/** What other programs on the card learn about a loop. */
export type LoopGuest = Pick<CompanyGuest, "onChange" | "hasMadeRoom" | "quietSince">;

/** The resources of a loop. When they are released, nothing of the kernel may be running. */
export class LoopResources {
  readonly device: Device;
  readonly #undo: (() => void)[] = [];
  #queue: VulkanQueue;
  #company: CompanyMember = NO_COMPANY;

  private constructor(device: Device, queue: VulkanQueue) {
    this.device = device;
    this.#queue = queue;
  }

  /** The queue of the launches. */
  get queue(): VulkanQueue {
    return this.#queue;
  }

  /** The loop's membership in the company of the card. */
  get company(): CompanyMember {
    return this.#company;
  }

  /**
   * Enters the device: its admission, and the company of its card.
   * @throws EW_NO_ROOM if the admitted kernels leave no place; nothing is taken then
   */
  static async enter(
    options: ResidentLoopOptions,
    strategy: StrategyName,
    guest: LoopGuest,
  ): Promise<LoopResources> {
    const { device } = options;
    const resources = new LoopResources(device, options.queue ?? device.queue);
    try {
      await resources.#enter(options, strategy, guest);
      return resources;
    } catch (error) {
      resources.release();
      throw error;
    }
  }

  async #enter(options: ResidentLoopOptions, strategy: StrategyName, guest: LoopGuest): Promise<void> {
    const { device } = this;
    const label = options.pipeline.label ?? "a kernel";
    // The host reads mapped memory, so the device must stay open.
    this.#undo.push(device.hold(label));
    if (options.queue === undefined) {
      const place: Place = admissionOf(device).enter({ kind: kindOf(strategy), label });
      this.#undo.push(() => place.leave());
      this.#queue = place.queue;
    }
    // On a card, others learn about every kernel, whatever its strategy: they may have to make room for it.
    if (isCard(device) || strategy === "adaptive") {
      const company = (options.joinCompany ?? joinCompany)(device, {
        ...guest,
        sharesQueue: this.#queue === device.queue,
      });
      this.#undo.push(() => company[Symbol.dispose]());
      this.#company = company;
    }
    await this.#company.makeRoom();
  }

  /** Creates the memory of the loop, filled with zeros. @throws EW_OUT_OF_DEVICE_MEMORY, EW_DEVICE_LOST */
  async createMemory(options: ResidentLoopOptions): Promise<LaunchMemory> {
    const { slotCount = 256, priorityCount = 1, completionVectors = 1 } = options;
    const slotsOffsetBytes = CONTROL_BLOCKS * Queue.CONTROL_STRIDE_BYTES;
    const heartbeatOffsetBytes = priorityCount * slotCount * completionVectors * VECTOR_BYTES;
    const aliveOffsetBytes = heartbeatOffsetBytes + Heartbeat.BYTES;
    const uploadBytes = slotsOffsetBytes + priorityCount * slotCount * Queue.SLOT_BYTES;
    const upload = this.#create("upload", uploadBytes, "work queue");
    const readback = this.#create("readback", aliveOffsetBytes + WORKGROUPS_MAX * 4, "completions");
    const counters = this.#create("device", priorityCount * slotCount * COUNTER_BYTES, "arrival counters");
    const cursors = this.#create("device", Cursors.BYTES, "cursors");
    await this.device.runAsync(
      (recorder) => recorder.fill(cursors, 0, cursors.sizeBytes, 0).fill(counters, 0, counters.sizeBytes, 0),
      { queue: this.#queue },
    );
    return {
      upload,
      slotsOffsetBytes,
      readback,
      heartbeatOffsetBytes,
      aliveOffsetBytes,
      counters,
      cursors,
      slotCount,
      completionVectors,
    };
  }

  /** Releases all resources, the last one first. A second call does nothing. */
  release(): void {
    for (let undo = this.#undo.pop(); undo !== undefined; undo = this.#undo.pop()) undo();
  }

  #create(role: "upload" | "readback" | "device", sizeBytes: number, label: string): DeviceBuffer {
    const buffer = this.device.createBuffer({ role, sizeBytes, label });
    this.#undo.push(() => buffer[Symbol.dispose]());
    if (buffer.mapped !== undefined) new Uint32Array(buffer.mapped).fill(0);
    return buffer;
  }
}

/** The work queues in a loop's memory, one per priority. */
export function workQueuesIn(memory: LaunchMemory, priorityCount: number): WorkQueue[] {
  const { upload, readback, slotsOffsetBytes, slotCount, completionVectors } = memory;
  const slotBytes = slotCount * Queue.SLOT_BYTES;
  const completionWords = slotCount * completionVectors * 4;
  return Array.from(
    { length: priorityCount },
    (_, priority) =>
      new WorkQueue(
        new Uint32Array(upload.host, slotsOffsetBytes + priority * slotBytes, slotBytes / 4),
        new Uint32Array(readback.host, priority * completionWords * 4, completionWords),
        priority,
      ),
  );
}
