/** How the match kernel is laid over a device. */
import type { DeviceProfile } from "../../residency/index.ts";
import type { DeviceInfo } from "../../vulkan/index.ts";
import { Newline } from "./scan.schema.ts";

/** How the match kernel is laid over a device. */
export interface MatchShape {
  /** Threads of a workgroup. */
  readonly workgroupSize: number;
  /** Blocks of text that a thread owns. */
  readonly chunkBlocks: number;
  /** Bytes that a workgroup looks at together. */
  readonly tileBytes: number;
  /** Bytes that a subgroup looks at together: its records stand together, in order. */
  readonly shareBytes: number;
  /** Words of shared memory for tables. */
  readonly tableWords: number;
  /** Lines that go on for more blocks behind their chunk are left undecided. */
  readonly lineBlocksMax: number;
  /** Steps that a thread may take for the lines of a chunk that match. */
  readonly stepsMax: number;
  /** Requests that one launch takes at most. */
  readonly requestsPerBatch: number;
}

/**
 * Up to here columns fit their bits: the chunk before and the block that the line ends in count, too. A single thread
 * walks along a line.
 */
const LINE_BLOCKS_MAX = 504;
/**
 * A match takes up to three steps a byte, one after the other. With 2^19 steps, queries on an H200 waited for 122 ms:
 * for one long line that matched, as far as the limit tells, 0.23 µs a step. What takes more than this, a line of some
 * kilobytes, is left to the host's threads.
 */
const STEPS_MAX = 1 << 13;
/** What all devices have is 16 KiB, what most have 32. Half of that lets several workgroups live side by side. */
const TABLE_WORDS = 6144;
const SMALL_TABLE_WORDS = 2560;
const ROOMY_SHARED_BYTES = 32_768;

/** The shape for a device and what was measured of it. */
export function matchShape(info: DeviceInfo, profile: DeviceProfile): MatchShape {
  const isRoomy = info.limits.maxSharedMemoryBytes >= ROOMY_SHARED_BYTES;
  const shape = (workgroupSize: number, chunkBlocks: number, rest: Partial<MatchShape> = {}): MatchShape => ({
    workgroupSize,
    chunkBlocks,
    tileBytes: workgroupSize * chunkBlocks * Newline.BLOCK_BYTES,
    shareBytes: info.subgroupSize * chunkBlocks * Newline.BLOCK_BYTES,
    tableWords: isRoomy ? TABLE_WORDS : SMALL_TABLE_WORDS,
    lineBlocksMax: LINE_BLOCKS_MAX,
    stepsMax: STEPS_MAX,
    requestsPerBatch: 64,
    ...rest,
  });
  // Loops that are limited: in the worst case the lanes of a subgroup walk one after the other, twice. So one request
  // a launch, one tile a workgroup, and long lines are left to the host.
  if (profile.loopLimit !== undefined)
    return shape(128, 1, { lineBlocksMax: 4, stepsMax: 1024, requestsPerBatch: 1 });
  if (info.type === "cpu") return shape(64, 1);
  // Two blocks a thread: the lanes of a subgroup wait for the one whose last line is longest, half as often.
  return shape(256, 2);
}
