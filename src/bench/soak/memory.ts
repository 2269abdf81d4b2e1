/** Is memory flat? The process's after each stop of the kernel, garbage collected; the device's to the byte, and its objects to the last. */
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { EverwarpError } from "../../base/index.ts";
import type { Device } from "../../vulkan/index.ts";
import { expectResult } from "../measure/index.ts";

const MIB = 1 << 20;
/** What the process may hold more in the end than after warming up: allocators keep some of what was freed. */
const GROWTH_BYTES_MAX = 64 * MIB;
/** The same where there were not so many readings while it warmed up: then it still does. */
const GROWTH_BYTES_MAX_WARMING = 192 * MIB;
const WARM_READINGS = 20;
/** The part of the readings that is warm-up, and the part that is the end. */
const PART = 1 / 3;

export class SoakMemory {
  readonly #residentBytes: number[] = [];
  /** What each device held when its first kernel had been stopped. */
  readonly #baselines = new WeakMap<Device, { allocatedBytes: number; handles: string }>();
  readonly #collectGarbage: () => void;

  constructor() {
    setFlagsFromString("--expose-gc");
    this.#collectGarbage = runInNewContext("gc") as () => void;
  }

  /** Takes a reading while no kernel is there. @throws EW_BENCH_WRONG_RESULT where a device holds other things than it did the first time */
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

  /** Resident bytes now, after the warm-up, and how much more that may become. */
  get figures(): { warmMiB: number; endMiB: number; limitMiB: number } {
    const count = Math.max(1, Math.floor(this.#residentBytes.length * PART));
    const warm = Math.max(...this.#residentBytes.slice(0, count), 0);
    const end = medianOf(this.#residentBytes.slice(-count));
    const limit = warm + (count < WARM_READINGS ? GROWTH_BYTES_MAX_WARMING : GROWTH_BYTES_MAX);
    return { warmMiB: toMiB(warm), endMiB: toMiB(end), limitMiB: toMiB(limit) };
  }

  /** @throws EW_BENCH_WRONG_RESULT where the process has grown */
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
