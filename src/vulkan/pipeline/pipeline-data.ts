/**
 * What a driver gave for one pipeline, to make the same pipeline again without compiling, in this process or a later
 * one.
 *
 * Drivers trust these bytes blindly: the specification calls damaged ones undefined behaviour. What is checked here is
 * what the format lets one check (sizes, and the header that says for whom the bytes are); that they are the bytes that
 * were given is for whoever stored them to make sure of, by a checksum.
 *
 *   binary   VK_KHR_pipeline_binary: one or more keys of at most 32 bytes, each with its bytes
 *   cache    VkPipelineCache: 32 bytes of header (length, version, vendor, device, UUID), then the driver's own bytes
 *   none     the driver keeps nothing for us
 */

import type { DeviceInfo } from "../instance/index.ts";
import {
  VK_MAX_PIPELINE_BINARY_KEY_SIZE_KHR,
  VK_UUID_SIZE,
  VkPipelineCacheHeaderVersion,
} from "../generated/index.ts";
import { hexOf } from "../calls/index.ts";

/** By what means the driver lets its work be kept. */
export type PipelineDataKind = "binary" | "cache" | "none";

/** What a driver gave for one pipeline. */
export interface PipelineData {
  readonly kind: PipelineDataKind;
  /** Of a binary: the driver's key of each of `bytes`. */
  readonly keys?: readonly Uint8Array[];
  /** Of a binary one or more blobs, of a cache exactly one. */
  readonly bytes: readonly Uint8Array[];
}

/** Size of the header of VkPipelineCache data, version one. */
export const CACHE_HEADER_BYTES = 16 + VK_UUID_SIZE;
/** More than any pipeline's data; what claims to be larger is not handed to a driver. */
export const MAX_DATA_BYTES = 256 * 1024 * 1024;
const MAX_BINARIES = 256;

/** Those facts of a device that its VkPipelineCache data begins with. */
export type CacheIdentity = Pick<DeviceInfo, "vendorId" | "deviceId" | "pipelineCacheUuid">;

/**
 * Whether data may be shown to a driver.
 *
 * @param identity the device that is to take it
 * @returns undefined when it may, else what is wrong with it
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
