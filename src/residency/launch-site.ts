/**
 * Where a kernel is launched: its pipeline, the memory it is given, and the control blocks through which it is told what to do.
 *
 * Each launch that may be in flight has a control block of its own, so that what is written for the next one is never seen
 * by the last workgroups of the one before.
 */
import type { CommandBuffer, ComputePipeline, Device, DeviceBuffer, Recorder } from "../vulkan/index.ts";
import { Control, Launch, Queue } from "./queue.schema.ts";
import { drainWriteCombining } from "./write-combining.ts";

const CONTROL_WORDS = Queue.CONTROL_STRIDE_BYTES / 4;
const STOP_FLAG = Control.words.stopFlag;
const FIRST_SEQUENCE = Control.words.firstSequence;
const LAST_SEQUENCE = Control.words.lastSequence;

/** Launches that may be in flight at a time. */
export const CONTROL_BLOCKS = 4;
/** Workgroups whose start the host can see. */
export const WORKGROUPS_MAX = 65_535;

export interface LaunchMemory {
  /** Control blocks, then slots. */
  readonly doorbell: DeviceBuffer;
  readonly slotsOffsetBytes: number;
  /** Completions, then alive flags. */
  readonly mailbox: DeviceBuffer;
  readonly aliveOffsetBytes: number;
  /** One 64-bit counter a slot. */
  readonly counters: DeviceBuffer;
  readonly slotCount: number;
}

export class LaunchSite {
  readonly device: Device;
  readonly pipeline: ComputePipeline;
  readonly memory: LaunchMemory;
  /** Workgroups of a launch that ends by itself. */
  boundedWorkgroupCount: number;
  readonly #control: Uint32Array;
  readonly #alive: Uint32Array;
  readonly #inputsAddress: bigint;
  readonly #outputsAddress: bigint;
  readonly #pollLimit: number;
  #launchId = 0;

  constructor(options: {
    device: Device;
    pipeline: ComputePipeline;
    memory: LaunchMemory;
    boundedWorkgroupCount: number;
    inputsAddress: bigint;
    outputsAddress: bigint;
    pollLimit: number;
  }) {
    this.device = options.device;
    this.pipeline = options.pipeline;
    this.memory = options.memory;
    this.boundedWorkgroupCount = options.boundedWorkgroupCount;
    this.#inputsAddress = options.inputsAddress;
    this.#outputsAddress = options.outputsAddress;
    this.#pollLimit = options.pollLimit;
    this.#control = new Uint32Array(options.memory.doorbell.host, 0, CONTROL_BLOCKS * CONTROL_WORDS);
    this.#alive = new Uint32Array(
      options.memory.mailbox.host,
      options.memory.aliveOffsetBytes,
      WORKGROUPS_MAX,
    );
  }

  /** Writes a control block. `lastSequence` counts in bounded launches alone. */
  control(block: number, firstSequence: number, lastSequence: number): void {
    const base = block * CONTROL_WORDS;
    this.#control[base + STOP_FLAG] = 0;
    this.#control[base + FIRST_SEQUENCE] = firstSequence;
    this.#control[base + LAST_SEQUENCE] = lastSequence;
    drainWriteCombining();
  }

  /** Tells every workgroup of the launches on a control block to end at its next poll. */
  stop(block: number): void {
    this.#control[block * CONTROL_WORDS + STOP_FLAG] = 1;
    drainWriteCombining();
  }

  /** Records one launch. */
  record(recorder: Recorder, block: number, workgroupCount: number, bounded: boolean, launchId = 0): void {
    const { doorbell, mailbox, counters, slotsOffsetBytes, aliveOffsetBytes, slotCount } = this.memory;
    const launch = new DataView(new ArrayBuffer(Launch.sizeBytes));
    Launch.write(launch, 0, {
      control: doorbell.address + BigInt(block * Queue.CONTROL_STRIDE_BYTES),
      slots: doorbell.address + BigInt(slotsOffsetBytes),
      completions: mailbox.address,
      alive: mailbox.address + BigInt(aliveOffsetBytes),
      counters: counters.address,
      inputs: this.#inputsAddress,
      outputs: this.#outputsAddress,
      slotMask: slotCount - 1,
      launchId,
      bounded: bounded ? 1 : 0,
      pollLimit: this.#pollLimit,
    });
    recorder.bind(this.pipeline).push(launch).dispatch(workgroupCount);
  }

  /** A command buffer for one launch that stays, its counters cleared first; and the id its workgroups sign in with. */
  recordResident(block: number, workgroupCount: number): { commandBuffer: CommandBuffer; launchId: number } {
    const launchId = ++this.#launchId;
    const { counters } = this.memory;
    const commandBuffer = this.device.record((recorder) => {
      recorder.fill(counters, 0, counters.sizeBytes, 0).barrier("transfer", "compute");
      this.record(recorder, block, workgroupCount, false, launchId);
    });
    return { commandBuffer, launchId };
  }

  /** Workgroups of a launch that have started. */
  aliveCount(launchId: number, workgroupCount: number): number {
    let count = 0;
    for (let index = 0; index < workgroupCount; index++)
      if (Atomics.load(this.#alive, index) === launchId) count++;
    return count;
  }
}
