/** How the search kernels are laid over a device. */
import { type DeviceProfile, softwareThreadCount } from "../../residency/index.ts";
import type { DeviceInfo } from "../../vulkan/index.ts";
import { matchShape, type MatchShape } from "./match-shape.ts";

/** How the scan kernel is laid over a device. */
export interface ScanShape {
  /** Threads of a workgroup. */
  readonly workgroupSize: number;
  /** Vectors of 16 bytes that a thread has in flight. */
  readonly unroll: number;
  /** Bytes that a workgroup reads at a time. */
  readonly tileBytes: number;
  /** Do kernels read the device's clock? Their leases are as long as they should be then. */
  readonly hasClock: boolean;
  /** Workgroups to try to keep resident. */
  readonly residentWorkgroupCount: number;
  /** Requests that one launch takes at most. */
  readonly requestsPerBatch: number;
  /** Bytes from which on a corpus has signatures; smaller ones are looked at as quickly without. */
  readonly signedBytesMin: number;
  /** Workgroups of a launch that ends by itself, for a corpus of `tileCount` tiles. */
  boundedWorkgroupCount(tileCount: number): number;
  /** The same of the match kernel. */
  readonly match: MatchShape;
}

/** More than any device keeps resident; the strategy finds out how many fit. */
const RESIDENT_ATTEMPT = 4096;
/** Enough to fill a large GPU in a bounded launch. */
const BOUNDED_GROUPS_MAX = 1056;
const WORKGROUPS_PER_DISPATCH_MAX = 65_535;

/** The shape for a device and what was measured of it. */
export function scanShape(info: DeviceInfo, profile: DeviceProfile): ScanShape {
  const hasClock = info.features.includes("shaderDeviceClock");
  const shape = (
    workgroupSize: number,
    unroll: number,
    rest: Pick<
      ScanShape,
      "residentWorkgroupCount" | "requestsPerBatch" | "signedBytesMin" | "boundedWorkgroupCount"
    >,
  ): ScanShape => ({
    workgroupSize,
    unroll,
    tileBytes: workgroupSize * unroll * 16,
    hasClock,
    match: matchShape(info, profile),
    ...rest,
  });

  if (profile.loopLimit !== undefined) {
    // Every loop of an invocation counts, and in the worst case each byte of its subgroup's share is a hit whose line
    // must be found: some thousands of rounds a tile and request. So one tile a workgroup and launch, and few
    // requests together.
    return shape(512, 1, {
      residentWorkgroupCount: 1,
      requestsPerBatch: 4,
      signedBytesMin: Infinity, // a block in which each byte is a hit takes a subgroup too many rounds
      boundedWorkgroupCount: (tileCount) => Math.min(Math.max(tileCount, 1), WORKGROUPS_PER_DISPATCH_MAX),
    });
  }
  if (info.type === "cpu") {
    // A workgroup has a thread of the driver's pool to itself; one is left for everything else of this process.
    return shape(64, 4, {
      residentWorkgroupCount: Math.max(1, softwareThreadCount() - 1),
      requestsPerBatch: 64,
      signedBytesMin: 128 << 10,
      boundedWorkgroupCount: (tileCount) => Math.min(Math.max(tileCount, 1), 256),
    });
  }
  // Measured on an H200: 4.2 TB/s with 256, 384 and 768 threads; with 512 the compiler's choice of registers costs a
  // quarter of that.
  return shape(256, 4, {
    residentWorkgroupCount: RESIDENT_ATTEMPT,
    requestsPerBatch: 64,
    signedBytesMin: 16 << 20,
    boundedWorkgroupCount: (tileCount) => Math.min(Math.max(tileCount, 1), BOUNDED_GROUPS_MAX),
  });
}
