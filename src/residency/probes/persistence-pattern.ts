/** The pattern that the persistence probes write and search, on the host and on the device. */
import type { DeviceBuffer } from "../../vulkan/index.ts";
import type { Gap } from "../profile/index.ts";
import { patternWord } from "../reference/index.ts";
import type { ProbeValues } from "./probe-kernel.ts";

/** The seed of the pattern. */
export const SEED = 0x2b7e_1516;
/** Bytes of the pattern, except for the traces. */
export const SMALL_BYTES = 2 ** 20;
/** Bytes of the traces in device memory. */
export const TRACE_BYTES = 16 * 2 ** 20;
/** Number of repetitions of a timed step. */
export const REPETITIONS = 5;
/** Bytes that a thread reads at a time. */
export const VECTOR_BYTES = 16;

/** How many words of a pattern were found. */
export interface Found {
  readonly count: number;
  readonly of: number;
}

/** The findings for each gap; undefined if a gap was not tested. */
export type FoundPerGap = Record<Gap, Found | undefined>;

/** The values that let the traffic kernel write, read or count the pattern in a buffer. */
export function patternOf(buffer: DeviceBuffer, mode: number): ProbeValues {
  const count = buffer.sizeBytes / VECTOR_BYTES;
  return { target: buffer.address, count, mode, limit: roundsFor(buffer.sizeBytes), value: SEED };
}

const WORKGROUP_THREADS = 64;
const WORKGROUPS_MAX = 4_096;
/** Number of workgroups for a number of bytes. */
export const workgroupsFor = (sizeBytes: number): number =>
  Math.max(1, Math.min(WORKGROUPS_MAX, Math.ceil(sizeBytes / VECTOR_BYTES / WORKGROUP_THREADS)));
const roundsFor = (sizeBytes: number): number =>
  Math.ceil(sizeBytes / VECTOR_BYTES / (workgroupsFor(sizeBytes) * WORKGROUP_THREADS));

/** Writes the pattern from the host. */
export function fillPattern(target: Uint32Array): void {
  for (let index = 0; index < target.length; index++) target[index] = patternWord(index, SEED);
}

/** Counts the words of the pattern, read by the host. */
export function countPattern(source: Uint32Array): number {
  let count = 0;
  for (let index = 0; index < source.length; index++)
    count += Number(source[index] === patternWord(index, SEED));
  return count;
}
