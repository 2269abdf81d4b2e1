/** The shape of the lookup kernel for a device: its sizes and its rings. */
import { type DeviceProfile, softwareThreadCount } from "../../residency/index.ts";
import type { DeviceInfo } from "../../vulkan/index.ts";
import { PathRequest } from "../table/index.ts";

/** Sizes of the lookup kernel and of its rings. */
export interface LookupShape {
  /** Threads of a workgroup. */
  readonly workgroupSize: number;
  /** Number of workgroups to keep resident. */
  readonly residentWorkgroupCount: number;
  /** Number of workgroups for a launch that ends by itself. */
  readonly boundedWorkgroupCount: number;
  /** Maximum number of requests in one launch. */
  readonly requestsPerBatch: number;
  /** Maximum number of paths in one request. */
  readonly chunkPaths: number;
  /** Maximum bytes of the paths in one request; a single path may have more. */
  readonly chunkBytes: number;
  /** Bytes of the input ring. */
  readonly inputBytes: number;
  /** Number of results in the output ring. */
  readonly resultCount: number;
  /**
   * Up to this number of paths per subgroup, all lanes resolve each path together. With more, each lane takes its own.
   */
  readonly togetherPathsMax: number;
  /** Whether the lanes of a subgroup always run in lockstep. */
  readonly isInStep: boolean;
  /**
   * Number of directories that the kernel remembers by their paths: a power of two. Default: it follows the entries.
   */
  readonly guessCount?: number;
}

const GUESSES_LOG_MIN = 12;
const GUESSES_LOG_MAX = 20;
const ENTRIES_PER_GUESS = 4;

/** Number of directories that are worth remembering for `entryCount` entries, at one word each: a power of two. */
export function guessCountFor(entryCount: number): number {
  const log = Math.round(Math.log2(Math.max(1, entryCount / ENTRIES_PER_GUESS)));
  return 2 ** Math.min(Math.max(log, GUESSES_LOG_MIN), GUESSES_LOG_MAX);
}

/**
 * Number of small workgroups: one for each multiprocessor of a large GPU. All of them wait at a barrier before and
 * after each request. Measured with `everwarp bench paths-shapes`. A device with fewer multiprocessors keeps as many as
 * fit.
 */
const GPU_WORKGROUPS = 132;
const GPU_WORKGROUP_SIZE = 256;
/** Up to this number, all lanes on one path after the other are faster than one lane per path. */
const TOGETHER_PATHS = 8;

/** The shape for a device. @param wanted overrides parts of it, for measurements */
export function lookupShape(
  info: DeviceInfo,
  profile: DeviceProfile,
  wanted: Partial<LookupShape> = {},
): LookupShape {
  const shape = { ...defaultShape(info, profile), ...wanted };
  // Larger workgroups have no shared memory for texts, so their lanes resolve paths alone.
  return shape.workgroupSize > PathRequest.TOGETHER_THREADS_MAX ? { ...shape, togetherPathsMax: 0 } : shape;
}

function defaultShape(info: DeviceInfo, profile: DeviceProfile): LookupShape {
  const threads = softwareThreadCount();
  if (profile.loopLimit !== undefined) {
    // Every round of a loop counts against the limit. Lanes of a subgroup may run their loops one after the other. So
    // each lane takes only one path.
    return {
      workgroupSize: 64,
      residentWorkgroupCount: 1,
      boundedWorkgroupCount: 16,
      requestsPerBatch: 8,
      chunkPaths: 1024,
      chunkBytes: 256 << 10,
      inputBytes: 4 << 20,
      resultCount: 1 << 16,
      togetherPathsMax: 0,
      isInStep: true,
    };
  }
  if (info.type === "cpu") {
    return {
      workgroupSize: 64,
      residentWorkgroupCount: Math.max(1, threads - 1),
      boundedWorkgroupCount: threads * 4,
      requestsPerBatch: 64,
      chunkPaths: 1 << 14,
      chunkBytes: 4 << 20,
      inputBytes: 16 << 20,
      resultCount: 1 << 18,
      togetherPathsMax: 1,
      isInStep: true,
    };
  }
  return {
    workgroupSize: GPU_WORKGROUP_SIZE,
    residentWorkgroupCount: GPU_WORKGROUPS,
    boundedWorkgroupCount: GPU_WORKGROUPS,
    requestsPerBatch: 64,
    chunkPaths: 1 << 17,
    chunkBytes: 16 << 20,
    inputBytes: 64 << 20,
    resultCount: 1 << 20,
    togetherPathsMax: TOGETHER_PATHS,
    isInStep: false,
  };
}
