/**
 * Launches a kernel: its pipeline, its memory, and the control blocks that tell launches what to do.
 *
 * Each launch in flight has its own control block. So the last workgroups of a launch never see settings for the next
 * one. Launches are numbered (`epoch`). Everything that a kernel reports carries this number.
 */
import type {
  CommandBuffer,
  ComputePipeline,
  Device,
  DeviceBuffer,
  Queue as VulkanQueue,
  Recorder,
} from "../../vulkan/index.ts";
import {
  Control,
  Cursors,
  Heartbeat,
  Launch,
  Phase,
  Queue,
  sealMix,
  sealNumberAt,
  drainWriteCombining,
} from "../queue/index.ts";

const CONTROL_WORDS = Queue.CONTROL_STRIDE_BYTES / 4;
const { words: AT } = Control;
const DUTY_WHOLE = 0x1_0000;
/** Rounds of the canary loop, which detects loops that the driver ended early. */
const CANARY_ROUNDS = 3;

/** Maximum number of launches in flight. */
export const CONTROL_BLOCKS = 8;
/** Maximum number of workgroups whose start the host can see. */
export const WORKGROUPS_MAX = Cursors.WORKGROUPS_MAX - 1;

/** The memory of a kernel's loop, and the offsets in it, in bytes. */
export interface LaunchMemory {
  /** Control blocks, then slots ordered by priority. */
  readonly upload: DeviceBuffer;
  readonly slotsOffsetBytes: number;
  /** Completions ordered by priority, then the heartbeat, then the alive flags. */
  readonly readback: DeviceBuffer;
  readonly heartbeatOffsetBytes: number;
  readonly aliveOffsetBytes: number;
  /** One 64-bit counter per slot, then one word per slot for its ordinal. */
  readonly counters: DeviceBuffer;
  /** The cursors of all workgroups (queue.schema.ts). */
  readonly cursors: DeviceBuffer;
  /** Slots of each priority. */
  readonly slotCount: number;
  readonly completionVectors: number;
}

/** The limits of a launch in ticks; 0 means no limit. */
export interface LaunchSettings {
  leaseTicks: number;
  idleTicks: number;
  dozeTicks: number;
  dozeTicksMax: number;
  roundBudget: number;
  /** The share of the time for work: above 0, at most 1. */
  dutyCycle: number;
}

/** The last heartbeat of a kernel. Totals are over all launches. */
export interface HeartbeatReading {
  readonly epoch: number;
  /** One of `Phase`. */
  readonly phase: number;
  readonly rounds: number;
  /** From the end of the previous lease to the beginning of this launch; 0 without a previous lease. */
  readonly gapTicks: number;
  readonly ticks: number;
  readonly polls: number;
  readonly requests: number;
  readonly busyTicks: number;
  readonly activeLanes: number;
  readonly countedLanes: number;
}

/** Launches a kernel, and reads its reports. See the head of this file. */
export class Launcher {
  readonly device: Device;
  /** The queue of the launches. */
  readonly queue: VulkanQueue;
  readonly pipeline: ComputePipeline;
  readonly memory: LaunchMemory;
  readonly settings: LaunchSettings;
  /** Number of workgroups for launches that end by themselves. */
  boundedWorkgroupCount: number;
  /** Number of the newest launch. */
  epoch = 0;
  /** Called with the gap before each observed launch, if there was one. */
  onGap: ((gapTicks: number, epoch: number) => void) | undefined;
  readonly #control: Uint32Array;
  readonly #beat: Uint32Array;
  readonly #alive: Uint32Array;
  readonly #addresses: { inputs: bigint; outputs: bigint; state: bigint };
  readonly #pollLimit: number;
  #settingsNumber = 1;
  /** The newest launch whose gap was reported. */
  #gapEpoch = 0;

  constructor(options: {
    device: Device;
    queue: VulkanQueue;
    pipeline: ComputePipeline;
    memory: LaunchMemory;
    settings: LaunchSettings;
    boundedWorkgroupCount: number;
    addresses: { inputs: bigint; outputs: bigint; state: bigint };
    pollLimit: number;
  }) {
    this.device = options.device;
    this.queue = options.queue;
    this.pipeline = options.pipeline;
    this.memory = options.memory;
    this.settings = options.settings;
    this.boundedWorkgroupCount = options.boundedWorkgroupCount;
    this.#addresses = options.addresses;
    this.#pollLimit = options.pollLimit;
    const { upload, readback, heartbeatOffsetBytes, aliveOffsetBytes } = options.memory;
    this.#control = new Uint32Array(upload.host, 0, CONTROL_BLOCKS * CONTROL_WORDS);
    this.#beat = new Uint32Array(readback.host, heartbeatOffsetBytes, Heartbeat.BYTES / 4);
    this.#alive = new Uint32Array(readback.host, aliveOffsetBytes, WORKGROUPS_MAX);
  }

  /**
   * Writes the control block of the next launch, and numbers the launch.
   * @param last the last request of each priority; used only by bounded launches
   * @returns the launch's epoch
   */
  control(block: number, lastNormal: number, lastUrgent: number): number {
    const base = block * CONTROL_WORDS;
    const control = this.#control;
    this.epoch = (this.epoch + 1) >>> 0;
    control[base + AT.stopFlag] = 0;
    control[base + AT.lastNormal] = lastNormal;
    control[base + AT.lastUrgent] = lastUrgent;
    control[base + AT.epoch] = this.epoch;
    this.#writeSettings(base);
    drainWriteCombining();
    return this.epoch;
  }

  /** Changes the limits of launches, including those that run. */
  change(settings: Partial<LaunchSettings>): void {
    Object.assign(this.settings, settings);
    this.#settingsNumber = (this.#settingsNumber + 1) >>> 0;
    for (let block = 0; block < CONTROL_BLOCKS; block++) this.#writeSettings(block * CONTROL_WORDS);
    drainWriteCombining();
  }

  /** Tells every workgroup of the launches on a control block to end at its next poll. */
  stop(block: number): void {
    this.#control[block * CONTROL_WORDS + AT.stopFlag] = 1;
    drainWriteCombining();
  }

  /** Records one launch. It runs after everything before it on the queue. */
  record(recorder: Recorder, block: number, workgroupCount: number, bounded: boolean): void {
    const { upload, readback, counters, cursors, slotsOffsetBytes, slotCount } = this.memory;
    const launch = Launch.pack({
      control: upload.address + BigInt(block * Queue.CONTROL_STRIDE_BYTES),
      slots: upload.address + BigInt(slotsOffsetBytes),
      completions: readback.address,
      heartbeat: readback.address + BigInt(this.memory.heartbeatOffsetBytes),
      alive: readback.address + BigInt(this.memory.aliveOffsetBytes),
      counters: counters.address,
      cursors: cursors.address,
      ...this.#addresses,
      slotMask: slotCount - 1,
      bounded: bounded ? 1 : 0,
      pollLimit: this.#pollLimit,
      completionVectors: this.memory.completionVectors,
      canaryRounds: this.settings.roundBudget === 0 ? 0 : CANARY_ROUNDS,
    });
    recorder.barrier("compute", "compute").bind(this.pipeline).push(launch).dispatch(workgroupCount);
  }

  /** Records consecutive launches in one command buffer, each with its own control block. */
  recordLaunches(blocks: readonly number[], workgroupCount: number, bounded: boolean): CommandBuffer {
    return this.device.record(
      (recorder) => {
        for (const block of blocks) this.record(recorder, block, workgroupCount, bounded);
      },
      { queue: this.queue },
    );
  }

  /**
   * Sets every cursor behind the requests of the queues so far, and clears the counters. For a start with nothing in
   * flight.
   * @throws EW_TIMEOUT, EW_DEVICE_LOST
   */
  async reset(doneByLane: readonly number[]): Promise<void> {
    const { counters, cursors } = this.memory;
    const priorityBytes = Cursors.WORKGROUPS_MAX * 4;
    await this.device.runAsync(
      (recorder) => {
        recorder.barrier("compute", "transfer").fill(counters, 0, counters.sizeBytes, 0);
        doneByLane.forEach((done, priority) =>
          recorder.fill(cursors, Cursors.DONE + priority * priorityBytes, priorityBytes, done),
        );
        recorder.fill(cursors, Cursors.PROGRESS, Cursors.BYTES - Cursors.PROGRESS, 0);
        recorder.barrier("transfer", "compute");
      },
      { queue: this.queue },
    );
  }

  /** Number of workgroups of a launch that have started. */
  aliveCount(epoch: number, workgroupCount: number): number {
    let count = 0;
    for (let index = 0; index < workgroupCount; index++)
      if (Atomics.load(this.#alive, index) === epoch) count++;
    return count;
  }

  /**
   * The phase of a launch: `Phase.RUNNING` until it reports another one. A report of a later launch means that it
   * ended. Reads mapped memory once, for hot paths.
   */
  phaseOf(epoch: number): number {
    const beat = this.#beat;
    const seal = Atomics.load(beat, 3);
    const phase = beat[0];
    const gapTicks = beat[2];
    const reportedEpoch = (seal - sealMix(phase, beat[1], gapTicks)) >>> 0;
    if (reportedEpoch > this.#gapEpoch && reportedEpoch <= this.epoch) {
      this.#gapEpoch = reportedEpoch;
      if (gapTicks !== 0) this.onGap?.(gapTicks, reportedEpoch);
    }
    if (reportedEpoch === epoch) return phase;
    // Incomplete, or of an earlier launch: this launch has not ended. Of a later launch: this launch has ended.
    return reportedEpoch > epoch && reportedEpoch <= this.epoch ? Phase.LEASE_OVER : Phase.RUNNING;
  }

  /**
   * The workgroup that found its loops ended early by the driver, in a launch after `epoch`, and its reported loop
   * rounds. Undefined if there is none.
   */
  readFault(epoch: number): { workgroup: number; rounds: number } | undefined {
    const at = Heartbeat.FAULT_VECTOR * 4;
    const reportedEpoch = sealNumberAt(this.#beat, at);
    if (reportedEpoch <= epoch || reportedEpoch > this.epoch) return undefined;
    return { workgroup: this.#beat[at + 1], rounds: this.#beat[at + 2] };
  }

  /** The last heartbeat; undefined before the first one, or while one is being written. */
  readHeartbeat(): HeartbeatReading | undefined {
    const beat = this.#beat;
    const epoch = sealNumberAt(beat, 0);
    if (epoch === 0 || epoch > this.epoch) return undefined;
    for (let vector = 1; vector < Heartbeat.VECTORS; vector++)
      if (sealNumberAt(beat, vector * 4) !== epoch) return undefined;
    const word = (index: number): number => beat[Math.floor(index / 3) * 4 + (index % 3)];
    const sum = (index: number): number => word(index) + word(index + 1) * 2 ** 32;
    return {
      epoch,
      phase: word(Heartbeat.PHASE),
      rounds: word(Heartbeat.ROUNDS),
      gapTicks: word(Heartbeat.GAP_TICKS),
      ticks: sum(Heartbeat.TICKS),
      polls: sum(Heartbeat.POLLS),
      requests: sum(Heartbeat.REQUESTS),
      busyTicks: sum(Heartbeat.BUSY_TICKS),
      activeLanes: sum(Heartbeat.ACTIVE_LANES),
      countedLanes: sum(Heartbeat.COUNTED_LANES),
    };
  }

  #writeSettings(base: number): void {
    const { leaseTicks, idleTicks, dozeTicks, dozeTicksMax, roundBudget, dutyCycle } = this.settings;
    const control = this.#control;
    const writeTicks = (at: number, ticks: number): void => {
      control[base + at] = ticks % 2 ** 32;
      control[base + at + 1] = Math.floor(ticks / 2 ** 32);
    };
    control[base + AT.roundBudget] = roundBudget;
    control[base + AT.dutyShare] = Math.max(1, Math.round(dutyCycle * DUTY_WHOLE));
    control[base + AT.dozeTicksMax] = dozeTicksMax;
    writeTicks(AT.leaseTicks, leaseTicks);
    writeTicks(AT.idleTicks, idleTicks);
    writeTicks(AT.dozeTicks, dozeTicks);
    drainWriteCombining();
    control[base + AT.settings] = this.#settingsNumber;
  }
}
