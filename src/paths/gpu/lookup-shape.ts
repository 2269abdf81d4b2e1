/** How the lookup kernel is laid over a device. */
import os from "node:os";
import type { DeviceProfile } from "../../residency/profile.ts";
import type { DeviceInfo } from "../../vulkan/index.ts";

export interface LookupShape {
  /** Threads of a workgroup. */
  readonly workgroupSize: number;
  /** Workgroups to try to keep resident. */
  readonly residentWorkgroupCount: number;
  /** Workgroups of a launch that ends by itself. */
  readonly boundedWorkgroupCount: number;
  /** Requests that one launch takes at most. */
  readonly requestsPerBatch: number;
  /** Paths, and bytes of paths, that one request has at most (a single path may have more bytes). */
  readonly chunkPaths: number;
  readonly chunkBytes: number;
  /** Bytes of the ring of inputs, and results in the ring of outputs. */
  readonly inputBytes: number;
  readonly resultCount: number;
}

/** Workgroups where a device does not tell how many multiprocessors it has: as many as the largest, so that one lies on each. */
const GPU_WORKGROUPS = 132;

export function lookupShape(
  info: DeviceInfo,
  profile: DeviceProfile,
  wanted: Partial<LookupShape> = {},
): LookupShape {
  return { ...defaultShape(info, profile), ...wanted };
}

function defaultShape(info: DeviceInfo, profile: DeviceProfile): LookupShape {
  const threads = Math.min(32, Number(process.env["LP_NUM_THREADS"] ?? os.availableParallelism()));
  if (profile.loopLimit !== undefined) {
    // Every round of a loop counts, and a path of 4095 bytes takes some ten thousand: so few bytes for each lane.
    return {
      workgroupSize: 64,
      residentWorkgroupCount: 1,
      boundedWorkgroupCount: 16,
      requestsPerBatch: 8,
      chunkPaths: 2048,
      chunkBytes: 64 << 10,
      inputBytes: 4 << 20,
      resultCount: 1 << 16,
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
    };
  }
  return {
    workgroupSize: 1024,
    residentWorkgroupCount: info.computeUnits ?? GPU_WORKGROUPS,
    boundedWorkgroupCount: info.computeUnits ?? GPU_WORKGROUPS,
    requestsPerBatch: 64,
    chunkPaths: 1 << 17,
    chunkBytes: 16 << 20,
    inputBytes: 64 << 20,
    resultCount: 1 << 20,
  };
}
