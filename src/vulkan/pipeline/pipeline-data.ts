/**
 * Pipeline data: the driver's data for one pipeline. With it, the same pipeline can be made again without compiling, in
 * this process or a later one.
 *
 * Drivers trust this data blindly: by the specification, damaged data is undefined behaviour. This file checks what the
 * format allows: sizes, and the header that names the device. Whoever stores the data must protect it by a checksum.
 *
 *   binary   VK_KHR_pipeline_binary: one or more keys of at most 32 bytes, each with its bytes
 *   cache    VkPipelineCache: a header of 32 bytes (length, version, vendor, device, UUID), then bytes of the driver
 *   none     the driver gives no data
 */

import type { DeviceInfo } from "../instance/index.ts";
import {
  VK_MAX_PIPELINE_BINARY_KEY_SIZE_KHR,
  VK_UUID_SIZE,
  VkPipelineCacheHeaderVersion,
} from "../generated/index.ts";
import { hexOf } from "../calls/index.ts";

/** The mechanism by which the driver gives out its data. */
export type PipelineDataKind = "binary" | "cache" | "none";

/** The driver's data for one pipeline. */
export interface PipelineData {
  readonly kind: PipelineDataKind;
  /** For the kind `binary`: the driver's key of each element of `bytes`. */
  readonly keys?: readonly Uint8Array[];
  /** For the kind `binary` one or more blobs, for `cache` exactly one. */
  readonly bytes: readonly Uint8Array[];
}

/** Size of the header of VkPipelineCache data, version one. */
export const CACHE_HEADER_BYTES = 16 + VK_UUID_SIZE;
/** More than any pipeline's data. Larger data is not given to a driver. */
export const MAX_DATA_BYTES = 256 * 1024 * 1024;
const MAX_BINARIES = 256;

/** The properties of a device that the header of its VkPipelineCache data contains. */
export type CacheIdentity = Pick<DeviceInfo, "vendorId" | "deviceId" | "pipelineCacheUuid">;

/**
 * Checks whether data may be given to a driver.
 *
 * @param identity the device that is to take the data
 * @returns undefined if it may; otherwise what is wrong with the data
 */
export function objectionTo(data: PipelineData, identity: CacheIdentity): string | undefined {
  const totalBytes = data.bytes.reduce((sum, { byteLength }) => sum + byteLength, 0);
  if (totalBytes > MAX_DATA_BYTES) return `${totalBytes} bytes of data, more than ${MAX_DATA_BYTES}`;
  switch (data.kind) {
    case "binary":
      return objectionToBinaries(data);
    case "cache":
      return data.bytes.length === 1 && data.bytes[0] !== undefined
        ? objectionToCache(data.bytes[0], identity)
        : `${data.bytes.length} blobs of cache data where there is one`;
    case "none":
      return "no data";
  }
}

function objectionToBinaries({ keys = [], bytes }: PipelineData): string | undefined {
  if (bytes.length === 0 || bytes.length > MAX_BINARIES) return `${bytes.length} binaries`;
  if (keys.length !== bytes.length) return `${keys.length} keys for ${bytes.length} binaries`;
  const badKey = keys.find(({ length }) => length === 0 || length > VK_MAX_PIPELINE_BINARY_KEY_SIZE_KHR);
  if (badKey !== undefined) return `a key of ${badKey.length} bytes`;
  return bytes.every(({ length }) => length > 0) ? undefined : "a binary without bytes";
}

function objectionToCache(bytes: Uint8Array, identity: CacheIdentity): string | undefined {
  if (bytes.length <= CACHE_HEADER_BYTES) return `${bytes.length} bytes of cache data, no more than a header`;
  const view = new DataView(bytes.buffer, bytes.byteOffset, CACHE_HEADER_BYTES);
  const headerBytes = view.getUint32(0, true);
  const version = view.getUint32(4, true);
  if (headerBytes !== CACHE_HEADER_BYTES) return `a cache header of ${headerBytes} bytes`;
  if (version !== VkPipelineCacheHeaderVersion.VK_PIPELINE_CACHE_HEADER_VERSION_ONE)
    return `a cache header of version ${version}`;
  const vendorId = view.getUint32(8, true);
  const deviceId = view.getUint32(12, true);
  if (vendorId !== identity.vendorId || deviceId !== identity.deviceId) {
    const name = (vendor: number, device: number): string => `${vendor.toString(16)}:${device.toString(16)}`;
    return `cache data of device ${name(vendorId, deviceId)}, this is ${name(identity.vendorId, identity.deviceId)}`;
  }
  const uuid = hexOf(bytes.subarray(16, CACHE_HEADER_BYTES));
  return uuid === identity.pipelineCacheUuid
    ? undefined
    : `cache data of driver ${uuid}, this is ${identity.pipelineCacheUuid}`;
}
