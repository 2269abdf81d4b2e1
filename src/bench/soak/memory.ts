/**
 * Checks that memory does not grow: the process's memory after each stop of the kernel, with garbage
 * collected, and the device's memory and objects exactly.
 */
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { EverwarpError } from "../../base/index.ts";
import type { Device } from "../../vulkan/index.ts";
import { expectResult } from "../measure/index.ts";

const MIB = 1 << 20;
/** Growth that is allowed after the warm-up, because allocators keep some freed memory. */
const GROWTH_BYTES_MAX = 64 * MIB;
/** The same after a warm-up with few readings: then the process is still warming up. */
const GROWTH_BYTES_MAX_WARMING = 192 * MIB;
const WARM_READINGS = 20;
/** The share of the readings that is warm-up, and the share that is the end. */
const PART = 1 / 3;

/** Readings of memory over a soak. */
export class SoakMemory {
  readonly #residentBytes: number[] = [];
  /** What each device held after the first stop of its kernel. */
  readonly #baselines = new WeakMap<Device, { allocatedBytes: number; handles: string }>();
  readonly #collectGarbage: () => void;

  constructor() {
    setFlagsFromString("--expose-gc");
    this.#collectGarbage = runInNewContext("gc") as () => void;
  }

  /**
   * Takes a reading while there is no kernel.
   * @throws EW_BENCH_WRONG_RESULT if a device holds something else than at the first reading
   */
  read(device: Device): void {
    this.#collectGarbage();
    this.#residentBytes.push(process.memoryUsage.rss());
    if (device.isLost) return; // some of what it holds goes with it
    const { pipeline: _, ...handles } = device.liveHandles; // compiled programs are kept
    const reading = {
      allocatedBytes: device.counters.allocatedBytes,
      handles: JSON.stringify(handles),
    };
    const baseline = this.#baselines.get(device);
    if (baseline === undefined) {
      this.#baselines.set(device, reading);
      return;
    }
    expectResult(
      "bytes of device memory after the kernel was stopped",
      reading.allocatedBytes,
      baseline.allocatedBytes,
    );
    expectResult("Vulkan objects after the kernel was stopped", reading.handles, baseline.handles);
  }

  /** Resident bytes now and after the warm-up, and the allowed growth. */
  get figures(): { warmMiB: number; endMiB: number; limitMiB: number } {
    const count = Math.max(1, Math.floor(this.#residentBytes.length * PART));
    const warm = Math.max(...this.#residentBytes.slice(0, count), 0);
    const end = medianOf(this.#residentBytes.slice(-count));
    const limit = warm + (count < WARM_READINGS ? GROWTH_BYTES_MAX_WARMING : GROWTH_BYTES_MAX);
    return { warmMiB: toMiB(warm), endMiB: toMiB(end), limitMiB: toMiB(limit) };
  }

  /** @throws EW_BENCH_WRONG_RESULT if the process has grown */
  judge(): void {
    const { warmMiB, endMiB, limitMiB } = this.figures;
    if (endMiB <= limitMiB) return;
    throw new EverwarpError(
      "EW_BENCH_WRONG_RESULT",
      `the process holds ${endMiB} MiB in the end, ${warmMiB} after warming up; at most ${limitMiB} would count as flat`,
    );
  }
}

function medianOf(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1] ?? 0;
}

function toMiB(bytes: number): number {
  return Math.round(bytes / MIB);
}
