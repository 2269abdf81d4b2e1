/** How the kernels of bit planes are laid over a device. */
import type { DeviceProfile } from "../../residency/index.ts";
import type { DeviceInfo } from "../../vulkan/index.ts";
import { Plane } from "./planes.schema.ts";

/** One way to run programs over bit planes. */
export interface PlaneKernelShape {
  /** Threads of a workgroup. */
  readonly workgroupSize: number;
  /** Words of a stream that a thread looks at together: 1 or 4. */
  readonly words: 1 | 4;
  /** Words that a thread walks at most behind its span, to the end of a line. */
  readonly walkMax: number;
}

/** How the kernels of bit planes are laid over a device. */
export interface PlaneShape {
  /** The kernel that was compiled for its program. */
  readonly compiled: PlaneKernelShape;
  /** The kernel that reads its program's steps. */
  readonly interpreted: PlaneKernelShape;
  /** Bytes of text that a program has read by its steps before a kernel is compiled for it. */
  readonly interpretedBytesMax: number;
  /** Logarithm of the words of a span, for a corpus of so many bytes. */
  spanShift(contentBytes: number): number;
}

/** What tests and measurements change. */
export type PlaneTrial = Partial<
  Pick<PlaneShape, "compiled" | "interpreted" | "interpretedBytesMax" | "spanShift">
>;

/** Enough threads to fill a large GPU. */
const SPANS_WANTED = 1 << 18;
const SPAN_SHIFT_MIN = 3;
/** On a large GPU, spans twice as long make all patterns slower by 2 to 20 %. */
const SPAN_SHIFT_MAX = 6;

/** The shape for what was measured of a device. */
export function planeShape(
  { type }: DeviceInfo,
  { loopLimit }: DeviceProfile,
  trial: PlaneTrial = {},
): PlaneShape {
  // A line of 1 MiB: one thread walks along it. Where loops are limited, those of the steps count, too.
  const isLimited = loopLimit !== undefined;
  return {
    compiled: { workgroupSize: 128, words: 1, walkMax: isLimited ? 8192 : 32_768 },
    interpreted: { workgroupSize: 64, words: 4, walkMax: isLimited ? 512 : 8192 },
    interpretedBytesMax: type === "cpu" ? 32 << 20 : 256 << 20,
    spanShift(contentBytes) {
      const shift = Math.ceil(Math.log2(Math.max(1, contentBytes / Plane.WORD_BYTES / SPANS_WANTED)));
      return Math.min(SPAN_SHIFT_MAX, Math.max(SPAN_SHIFT_MIN, shift));
    },
    ...trial,
  };
}
