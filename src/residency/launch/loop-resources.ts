/**
 * What a resident loop takes of a device: a place among its kernels, membership in the company of its card, the memory
 * of its work queue. The loop gives all of it back together.
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

/** Bytes of a slot's arrival counter and of its ordinal. */
const COUNTER_BYTES = 12;
const VECTOR_BYTES = 16;

/** What the others on the card are told of a loop. */
export type LoopGuest = Pick<CompanyGuest, "onChange" | "hasMadeRoom" | "quietSince">;

/** What a loop has taken. Releasing it gives all back; nothing of the kernel may run then. */
export class LoopResources {
  readonly device: Device;
  readonly #undo: (() => void)[] = [];
  #queue: VulkanQueue;
  #company: CompanyMember = NO_COMPANY;

  private constructor(device: Device, queue: VulkanQueue) {
    this.device = device;
    this.#queue = queue;
  }

  /** Takes the launches. */
  get queue(): VulkanQueue {
    return this.#queue;
  }

  /** Who else is on the card. */
  get company(): CompanyMember {
    return this.#company;
  }

  /**
   * Enters the device: its kernels, and the company of its card.
   * @throws EW_NO_ROOM where the kernels that are there leave no place; nothing is taken then
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
    // The host looks at mapped memory, which must not go before it does.
    this.#undo.push(device.hold(label));
    if (options.queue === undefined) {
      const place: Place = admissionOf(device).enter({ kind: kindOf(strategy), label });
      this.#undo.push(() => place.leave());
      this.#queue = place.queue;
    }
    // On a card others learn of every kernel, whatever its strategy is. They may have to make room for it.
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

  /** Makes the memory of the loop, full of zeros. @throws EW_OUT_OF_DEVICE_MEMORY, EW_DEVICE_LOST */
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

  /** Gives all back, the last first. A second call does nothing. */
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

/** The work queue of each priority, in a loop's memory. */
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
