/**
 * A kernel on one device: its pipeline, its state, its loop, its place among others. What is left behind when the
 * device is lost, and made again on the next one.
 *
 *     open ──▶ running ──park──▶ parked ──start──▶ running
 *                │                 └ read: the checkpoint
 *                └──loss──▶ leave: what can be freed is freed, what may still be written to is abandoned with its device
 *
 * Invariants: while parked nothing of the kernel runs, so its memory may be copied; `leave` always ends, whatever the
 * kernel does.
 */
import { setImmediate as turn, setTimeout as sleep } from "node:timers/promises";
import { EverwarpError } from "../../base/index.ts";
import { type ProgramLease, sharedPrograms } from "../../programs/index.ts";
import type { Device, DeviceBuffer } from "../../vulkan/index.ts";
import { profileOf } from "../device/index.ts";
import {
  kindOf,
  type LoopPosition,
  loopRegions,
  positionFrom,
  regionBytes,
  ResidentLoop,
  WORKGROUP_SIZE_ID,
  chooseStrategy,
} from "../launch/index.ts";
import { type DeviceProfile, residentWorkgroups } from "../profile/index.ts";
import { Phase } from "../queue/index.ts";
import { isCard, type Place, admissionOf } from "../sharing/index.ts";
import { type CopyPart, DeviceCopy, type StagedPart } from "./device-copy.ts";
import { type KernelRecipe, readTextOf, sourceOf } from "./kernel-recipe.ts";

/** Priorities of the queue of a kernel that includes kernel.glsl. */
const PRIORITY_COUNT = 2;
/** Threads of a workgroup at least, as the loop is written (glsl/residency.glsl). */
const THREADS_MIN = 32;
/** How long a kernel that was told to stop has for it, before its device is given up. */
const LEAVE_TIMEOUT_MS = 1_000;
/** Written to between two turns of the event loop: some tenths of a millisecond. */
const TOUCH_BYTES = 1 << 20;
/** How long other workgroups may take to end after the first one. */
const OTHERS_END_MS = 100;

/** Memory of a parked kernel on its way to the host. */
export interface KernelCapture {
  readonly position: LoopPosition;
  /** Copies what is left, the state, to the host; the kernel may run meanwhile. Before the next capture. */
  finish(): Promise<KernelMemory>;
}

/** What the kernel of a instance has done, in sums that only grow. */
export interface KernelTotals {
  ticks: number;
  polls: number;
  busyTicks: number;
  activeLanes: number;
  countedLanes: number;
}

/** What a kernel is made of between two launches. */
export interface KernelMemory {
  /** The whole state buffer. */
  readonly state: Uint8Array;
  readonly position: LoopPosition;
}

/** A kernel on one device. See the head of this file. */
export class KernelInstance {
  readonly device: Device;
  readonly loop: ResidentLoop;
  readonly program: ProgramLease;
  readonly #recipe: KernelRecipe;
  readonly #place: Place;
  readonly #state: DeviceBuffer | undefined;
  readonly #copy: DeviceCopy;
  /** What the kernel had done when it was made here. */
  readonly #before: KernelTotals;
  #hasLeft = false;

  private constructor(parts: {
    device: Device;
    loop: ResidentLoop;
    program: ProgramLease;
    recipe: KernelRecipe;
    place: Place;
    state: DeviceBuffer | undefined;
    copy: DeviceCopy;
    memory: KernelMemory | undefined;
  }) {
    this.device = parts.device;
    this.loop = parts.loop;
    this.program = parts.program;
    this.#recipe = parts.recipe;
    this.#place = parts.place;
    this.#state = parts.state;
    this.#copy = parts.copy;
    const [ticks, polls, , busyTicks, activeLanes, countedLanes] = Array.from(
      parts.memory?.position.totals ?? [0n, 0n, 0n, 0n, 0n, 0n],
      Number,
    );
    this.#before = { ticks, polls, busyTicks, activeLanes, countedLanes };
  }

  /**
   * Launches the kernel: with zeros for its state, or where `memory` says it stood.
   * @throws EW_COMPILE, EW_PATH_NOT_FOUND, EW_NO_ROOM, EW_STRATEGY_UNSUPPORTED, EW_OUT_OF_DEVICE_MEMORY, EW_DEVICE_LOST
   */
  static async open(device: Device, recipe: KernelRecipe, memory?: KernelMemory): Promise<KernelInstance> {
    const { types, label } = recipe;
    assertWorkgroupSize(device, recipe.workgroupSize);
    const profile = await profileOf(device);
    const hasClock = device.info.features.includes("shaderDeviceClock");
    const { name: strategy } = chooseStrategy(profile, recipe.strategy, { isCard: isCard(device) });
    const undo: (() => void | Promise<void>)[] = [];
    try {
      // Before anything is asked of the driver: where a kernel holds the only queue, making a pipeline may wait for
      // that kernel's end.
      const place = admissionOf(device).enter({
        kind: kindOf(strategy),
        label,
        workgroupCount: recipe.workgroups,
        maxWorkgroups: residentWorkgroups(profile, recipe.workgroupSize),
      });
      undo.push(() => place.leave());
      await device.pipelinesCanBeMade();
      const program = await acquireProgram(device, recipe, hasClock);
      undo.push(() => program.release());
      const copyBytes = types.stateBytes + regionsBytes(recipe);
      const copy = new DeviceCopy(device, place.queue, copyBytes);
      undo.push(() => copy[Symbol.dispose]());
      const state =
        types.stateBytes === 0
          ? undefined
          : device.createBuffer({ role: "device", sizeBytes: types.stateBytes, label: `state of ${label}` });
      undo.push(() => state?.[Symbol.dispose]());
      if (state !== undefined) {
        if (memory !== undefined) await copy.write([{ buffer: state, offsetBytes: 0, bytes: memory.state }]);
        else
          await device.runAsync((recorder) => recorder.fill(state, 0, state.sizeBytes, 0), {
            queue: place.queue,
          });
      }
      const loop = await launchLoop(device, recipe, { profile, hasClock, program, place, state });
      undo.push(() => loop[Symbol.asyncDispose]());
      const instance = new KernelInstance({ device, loop, program, recipe, place, state, copy, memory });
      if (memory !== undefined) await instance.#goOnAt(memory.position);
      return instance;
    } catch (error) {
      // What cannot be undone on a lost device goes with the device; the first error is the one to tell.
      for (const step of undo.toReversed()) await Promise.resolve(step()).catch(() => undefined);
      throw error;
    }
  }

  /** What the kernel has done on this instance: the sums that it tells, without those that it was restored with. */
  get totals(): KernelTotals {
    const told: KernelTotals = this.loop.heartbeat ?? this.#before;
    const since = (name: keyof KernelTotals): number => Math.max(0, told[name] - this.#before[name]);
    return {
      ticks: since("ticks"),
      polls: since("polls"),
      busyTicks: since("busyTicks"),
      activeLanes: since("activeLanes"),
      countedLanes: since("countedLanes"),
    };
  }

  /**
   * Takes what a capture needs, so that the kernel stands still for the copy by the device alone.
   * @returns captures the kernel's memory, once; only while it is parked; throws EW_DEVICE_LOST, EW_TIMEOUT
   * @throws EW_OUT_OF_HOST_MEMORY, EW_OUT_OF_DEVICE_MEMORY, EW_DEVICE_LOST
   */
  async prepareCapture(): Promise<() => Promise<KernelCapture>> {
    const { loop } = this;
    const { workgroupCount, slotCount } = loop;
    const state = await hostMemory(this.#recipe.types.stateBytes);
    const regions = loopRegions(workgroupCount, slotCount).map((region) => ({
      buffer: loop[region.of],
      offsetBytes: region.offsetBytes,
      bytes: new Uint8Array(region.sizeBytes),
    }));
    const parts: CopyPart[] =
      this.#state === undefined
        ? regions
        : [...regions, { buffer: this.#state, offsetBytes: 0, bytes: state }];
    this.#copy.prepare(parts);
    return async () => {
      const late: StagedPart[] = [];
      for (const staged of await this.#copy.begin(parts)) {
        if (staged.buffer === this.#state) late.push(staged);
        else this.#copy.take(staged);
      }
      const position = positionFrom(
        regions.map(({ bytes }) => bytes),
        workgroupCount,
        slotCount,
      );
      const finish = async (): Promise<KernelMemory> => {
        await this.#copy.finish(late);
        return { state, position };
      };
      return { position, finish };
    };
  }

  /**
   * Ends the kernel, however it is, within a bound; what was in flight is not waited for. A kernel that does not end
   * keeps its memory: its device is abandoned. Throws nothing that a lost device says. A second call does nothing.
   */
  async leave(): Promise<void> {
    if (this.#hasLeft) return;
    this.#hasLeft = true;
    const { device, loop } = this;
    try {
      // Both store the stop flag first, which works on a device that says that it is lost, too.
      if (loop.state === "running") await loop.park(LEAVE_TIMEOUT_MS);
      else await loop.stop(LEAVE_TIMEOUT_MS);
    } catch (error) {
      if (!(error instanceof EverwarpError)) throw error;
      if (!device.isLost) return this.#abandon();
    }
    if (this.#copy.isPending && !device.isLost) return this.#abandon();
    // The driver of a lost device answers no question, and may still run the kernel. What the kernel says itself can be
    // believed.
    if (device.isLost && !(await hasEnded(loop))) return this.#abandon();
    await loop[Symbol.asyncDispose]();
    this.#free();
  }

  async #abandon(): Promise<void> {
    this.device.abandon(); // from now on nothing is freed by what is disposed
    await this.loop[Symbol.asyncDispose]();
    this.#free();
  }

  #free(): void {
    this.#copy[Symbol.dispose]();
    this.#state?.[Symbol.dispose]();
    this.program.release();
    this.#place.leave();
  }

  async #goOnAt(position: LoopPosition): Promise<void> {
    const { loop } = this;
    const { workgroupCount, slotCount } = loop;
    await loop.park();
    const bytes = regionBytes(position, workgroupCount, slotCount);
    const parts = loopRegions(workgroupCount, slotCount).map(({ of, offsetBytes }, index) => ({
      buffer: loop[of],
      offsetBytes,
      bytes: bytes[index],
    }));
    await this.#copy.write(parts);
    await loop.start();
  }
}

/**
 * Memory of the host that is there: the system gives it page by page, when it is first written to.
 * @throws EW_OUT_OF_HOST_MEMORY
 */
async function hostMemory(sizeBytes: number): Promise<Uint8Array> {
  let bytes: Uint8Array;
  try {
    bytes = new Uint8Array(sizeBytes);
  } catch (cause) {
    throw new EverwarpError("EW_OUT_OF_HOST_MEMORY", `${sizeBytes} bytes for a checkpoint`, {
      remedy: "Give the process more memory, or the kernel less state.",
      cause,
    });
  }
  for (let at = 0; at < sizeBytes; at += TOUCH_BYTES) {
    if (at > 0) await turn();
    bytes.fill(0, at, at + TOUCH_BYTES);
  }
  return bytes;
}

/** The loop polls with a whole subgroup. @throws EW_BAD_ARGUMENT */
function assertWorkgroupSize(device: Device, workgroupSize: number): void {
  const { limits, info } = device;
  const isWhole = workgroupSize % info.subgroupSize === 0;
  if (isWhole && workgroupSize >= THREADS_MIN && workgroupSize <= limits.maxWorkgroupInvocations) return;
  throw new EverwarpError("EW_BAD_ARGUMENT", `workgroupSize is ${workgroupSize}`, {
    remedy: `On ${info.name} it must be a multiple of ${info.subgroupSize}, at least ${THREADS_MIN} and at most ${limits.maxWorkgroupInvocations}.`,
  });
}

/** Waits, within a bound, until the heartbeat tells that the last launch has ended. */
async function hasEnded(loop: ResidentLoop): Promise<boolean> {
  const begin = performance.now();
  const isOver = (): boolean => {
    const { heartbeat, counts } = loop;
    if (heartbeat === undefined) return counts.launches === 0;
    return heartbeat.phase !== Phase.RUNNING && heartbeat.epoch >= counts.launches;
  };
  while (!isOver()) {
    if (performance.now() - begin > LEAVE_TIMEOUT_MS) return false;
    await sleep(1);
  }
  // Workgroup 0 tells of its own end.
  if (loop.workgroupCount > 1) await sleep(OTHERS_END_MS);
  return true;
}

function regionsBytes({ workgroups, maxInFlight }: KernelRecipe): number {
  return loopRegions(workgroups, maxInFlight).reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
}

async function acquireProgram(
  device: Device,
  recipe: KernelRecipe,
  hasClock: boolean,
): Promise<ProgramLease> {
  const isRelaunch = recipe.readText !== undefined;
  const { expanded } = readTextOf(recipe);
  return sharedPrograms().acquire(device, {
    // From the files at first, so that errors have their names and lines.
    ...(isRelaunch ? { source: expanded, name: recipe.label } : sourceOf(recipe)),
    ...(hasClock ? { defines: { RESIDENCY_CLOCK: 1 } } : {}),
    specialization: { [WORKGROUP_SIZE_ID]: recipe.workgroupSize },
    label: recipe.label,
  });
}

function launchLoop(
  device: Device,
  recipe: KernelRecipe,
  made: {
    profile: DeviceProfile;
    hasClock: boolean;
    program: ProgramLease;
    place: Place;
    state: DeviceBuffer | undefined;
  },
): Promise<ResidentLoop> {
  const { types, workgroups, leaseMs } = recipe;
  return ResidentLoop.launch({
    device,
    profile: made.profile,
    pipeline: made.program.pipeline,
    strategy: recipe.strategy,
    queue: made.place.queue,
    hasClock: made.hasClock,
    priorityCount: PRIORITY_COUNT,
    slotCount: recipe.maxInFlight,
    completionVectors: types.completionVectors,
    boundedWorkgroupCount: workgroups,
    residentWorkgroupCount: workgroups,
    leastWorkgroupCount: workgroups, // authors count on them, and so does what is restored
    stateAddress: made.state?.address ?? 0n,
    dutyCycle: recipe.dutyCycle,
    ...recipe.idle,
    ...(leaseMs === undefined ? {} : { leaseMs }),
  });
}
