/**
 * A kernel on one device: its pipeline, its state, its loop, and its admission to the device. When the device is lost,
 * the instance is left behind, and a new one is made on the next device.
 *
 *     open ──▶ running ──park──▶ parked ──start──▶ running
 *                │                 └ read: the checkpoint
 *                └──loss──▶ leave: unused memory is freed; memory that may still be in use is abandoned with its device
 *
 * Invariants: while parked, nothing of the kernel runs, so its memory may be copied. `leave` always ends, whatever the
 * kernel does.
 */
import { setImmediate as turn, setTimeout as sleep } from "node:timers/promises";
import { EverwarpError } from "../../base/index.ts";
import { type ProgramLease, sharedPrograms, type SourceRequest } from "../../programs/index.ts";
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
import { assertSafe } from "./kernel-safety.ts";

/** Priorities of the queue of a kernel that includes kernel.glsl. */
const PRIORITY_COUNT = 2;
/** Minimum number of threads in a workgroup. The loop requires it (glsl/residency.glsl). */
const THREADS_MIN = 32;
/** How long to wait for a kernel that was told to stop. After that, its device is abandoned. */
const LEAVE_TIMEOUT_MS = 1_000;
/** Bytes that are written between two turns of the event loop. It takes a few tenths of a millisecond. */
const TOUCH_BYTES = 1 << 20;
/** How long to wait for the other workgroups after workgroup 0 has ended. */
const OTHERS_END_MS = 100;

/** Memory of a parked kernel on its way to the host. */
export interface KernelCapture {
  readonly position: LoopPosition;
  /** Copies the rest (the state) to the host. The kernel may run meanwhile. Must end before the next capture. */
  finish(): Promise<KernelMemory>;
}

/** Totals of a kernel's work. They only grow. */
export interface KernelTotals {
  ticks: number;
  polls: number;
  busyTicks: number;
  activeLanes: number;
  countedLanes: number;
}

/** The memory of a kernel between two launches. */
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
  /** The totals that the kernel was restored with. */
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
   * Launches the kernel: with zeroed state, or with the memory of a checkpoint.
   * @throws EW_COMPILE, EW_PATH_NOT_FOUND, EW_KERNEL_UNSAFE, EW_NO_ROOM, EW_STRATEGY_UNSUPPORTED,
   * EW_OUT_OF_DEVICE_MEMORY, EW_DEVICE_LOST
   */
  static async open(device: Device, recipe: KernelRecipe, memory?: KernelMemory): Promise<KernelInstance> {
    const { types, label } = recipe;
    assertWorkgroupSize(device, recipe.workgroupSize);
    const profile = await profileOf(device);
    const hasClock = device.info.features.includes("shaderDeviceClock");
    const { name: strategy } = chooseStrategy(profile, recipe.strategy, { isCard: isCard(device) });
    const undo: (() => void | Promise<void>)[] = [];
    try {
      // Ask for admission before using the driver: if a kernel occupies the only queue, making a pipeline may wait for
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
      if (!recipe.isUnsafe)
        await assertSafe(program.program.spirv, label, programSource(recipe, hasClock, false));
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
      // On a lost device some steps fail; the rest is freed with the device. Report only the first error.
      for (const step of undo.toReversed()) await Promise.resolve(step()).catch(() => undefined);
      throw error;
    }
  }

  /** The work of the kernel on this instance: its totals, minus those that it was restored with. */
  get totals(): KernelTotals {
    const totals: KernelTotals = this.loop.heartbeat ?? this.#before;
    const since = (name: keyof KernelTotals): number => Math.max(0, totals[name] - this.#before[name]);
    return {
      ticks: since("ticks"),
      polls: since("polls"),
      busyTicks: since("busyTicks"),
      activeLanes: since("activeLanes"),
      countedLanes: since("countedLanes"),
    };
  }

  /**
   * Allocates everything that a capture needs. So the kernel is parked only for the copy by the device.
   * @returns a function that captures the kernel's memory once, while it is parked; throws EW_DEVICE_LOST, EW_TIMEOUT
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
   * Ends the kernel within a time limit, in whatever state it is. Does not wait for requests in flight. If the kernel
   * does not end, it keeps its memory, and its device is abandoned. Ignores errors of a lost device. A second call does
   * nothing.
   */
  async leave(): Promise<void> {
    if (this.#hasLeft) return;
    this.#hasLeft = true;
    const { device, loop } = this;
    try {
      // Both calls store the stop flag first. The store works even if the device reports a loss.
      if (loop.state === "running") await loop.park(LEAVE_TIMEOUT_MS);
      else await loop.stop(LEAVE_TIMEOUT_MS);
    } catch (error) {
      if (!(error instanceof EverwarpError)) throw error;
      if (!device.isLost) return this.#abandon();
    }
    if (this.#copy.isPending && !device.isLost) return this.#abandon();
    // The driver of a lost device gives no answers, and may still run the kernel. The kernel's own heartbeat is
    // reliable.
    if (device.isLost && !(await hasEnded(loop))) return this.#abandon();
    await loop[Symbol.asyncDispose]();
    this.#free();
  }

  async #abandon(): Promise<void> {
    this.device.abandon(); // from now on, disposing objects frees nothing
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
 * Allocates host memory and touches it, because the system provides pages only at the first write.
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

/** Checks the size, because the loop polls with a whole subgroup. @throws EW_BAD_ARGUMENT */
function assertWorkgroupSize(device: Device, workgroupSize: number): void {
  const { limits, info } = device;
  const isWhole = workgroupSize % info.subgroupSize === 0;
  if (isWhole && workgroupSize >= THREADS_MIN && workgroupSize <= limits.maxWorkgroupInvocations) return;
  throw new EverwarpError("EW_BAD_ARGUMENT", `workgroupSize is ${workgroupSize}`, {
    remedy:
      `On ${info.name} it must be a multiple of ${info.subgroupSize}, ` +
      `at least ${THREADS_MIN} and at most ${limits.maxWorkgroupInvocations}.`,
  });
}

/** Waits, with a limit, until the heartbeat reports the end of the last launch. */
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
  // The heartbeat reports only the end of workgroup 0.
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
  return sharedPrograms().acquire(device, {
    ...programSource(recipe, hasClock, isRelaunch),
    specialization: { [WORKGROUP_SIZE_ID]: recipe.workgroupSize },
    label: recipe.label,
  });
}

/** What is compiled. The first launch uses the files, so that errors contain file names and lines. */
function programSource(recipe: KernelRecipe, hasClock: boolean, isRelaunch: boolean): SourceRequest {
  const { expanded } = readTextOf(recipe);
  return {
    ...(isRelaunch ? { source: expanded, name: recipe.label } : sourceOf(recipe)),
    ...(hasClock ? { defines: { RESIDENCY_CLOCK: 1 } } : {}),
  };
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
    leastWorkgroupCount: workgroups, // authors and restored checkpoints rely on this number
    stateAddress: made.state?.address ?? 0n,
    dutyCycle: recipe.dutyCycle,
    ...recipe.idle,
    ...(leaseMs === undefined ? {} : { leaseMs }),
  });
}
