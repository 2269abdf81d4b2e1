/** Translations between Vulkan's numbers and this package's names. */

import {
  VkDriverId,
  VkMemoryPropertyFlagBits as Memory,
  VkPhysicalDeviceType,
  VkSubgroupFeatureFlagBits as Subgroup,
} from "../generated/index.ts";

/** The kind of a device. `cpu` is a software driver. */
export type DeviceType = "discrete" | "integrated" | "virtual" | "cpu" | "other";

/** The device type for a VkPhysicalDeviceType. */
export function deviceTypeOf(value: number): DeviceType {
  switch (value) {
    case VkPhysicalDeviceType.VK_PHYSICAL_DEVICE_TYPE_DISCRETE_GPU:
      return "discrete";
    case VkPhysicalDeviceType.VK_PHYSICAL_DEVICE_TYPE_INTEGRATED_GPU:
      return "integrated";
    case VkPhysicalDeviceType.VK_PHYSICAL_DEVICE_TYPE_VIRTUAL_GPU:
      return "virtual";
    case VkPhysicalDeviceType.VK_PHYSICAL_DEVICE_TYPE_CPU:
      return "cpu";
    default:
      return "other";
  }
}

/** "1.3.230" from a packed version number. */
export function apiVersionText(version: number): string {
  return `${(version >>> 22) & 0x7f}.${(version >>> 12) & 0x3ff}.${version & 0xfff}`;
}

/** A version number as Vulkan packs it. */
export function packApiVersion(major: number, minor: number): number {
  return (major << 22) | (minor << 12);
}

/** The name of a VkDriverId, such as "NVIDIA_PROPRIETARY". An unknown id gives a text such as "driver 27". */
export function driverIdName(value: number): string {
  const entry = Object.entries(VkDriverId).find(([, id]) => id === value);
  return entry === undefined ? `driver ${value}` : entry[0].replace("VK_DRIVER_ID_", "");
}

/** The properties of a memory type. */
export interface MemoryProperties {
  readonly deviceLocal: boolean;
  readonly hostVisible: boolean;
  readonly hostCoherent: boolean;
  readonly hostCached: boolean;
  readonly lazilyAllocated: boolean;
  readonly protected: boolean;
  /** AMD: coherent and uncached on the device. Its use needs a device feature. */
  readonly deviceCoherent: boolean;
}

/** The properties for VkMemoryPropertyFlags. */
export function memoryPropertiesOf(flags: number): MemoryProperties {
  const has = (bit: number): boolean => (flags & bit) !== 0;
  return {
    deviceLocal: has(Memory.VK_MEMORY_PROPERTY_DEVICE_LOCAL_BIT),
    hostVisible: has(Memory.VK_MEMORY_PROPERTY_HOST_VISIBLE_BIT),
    hostCoherent: has(Memory.VK_MEMORY_PROPERTY_HOST_COHERENT_BIT),
    hostCached: has(Memory.VK_MEMORY_PROPERTY_HOST_CACHED_BIT),
    lazilyAllocated: has(Memory.VK_MEMORY_PROPERTY_LAZILY_ALLOCATED_BIT),
    protected: has(Memory.VK_MEMORY_PROPERTY_PROTECTED_BIT),
    deviceCoherent: has(
      Memory.VK_MEMORY_PROPERTY_DEVICE_COHERENT_BIT_AMD | Memory.VK_MEMORY_PROPERTY_DEVICE_UNCACHED_BIT_AMD,
    ),
  };
}

/** Operations that the lanes of a subgroup can perform together. */
export type SubgroupOperation =
  | "basic"
  | "vote"
  | "arithmetic"
  | "ballot"
  | "shuffle"
  | "shuffle-relative"
  | "clustered"
  | "quad";

const SUBGROUP_BITS: readonly (readonly [SubgroupOperation, number])[] = [
  ["basic", Subgroup.VK_SUBGROUP_FEATURE_BASIC_BIT],
  ["vote", Subgroup.VK_SUBGROUP_FEATURE_VOTE_BIT],
  ["arithmetic", Subgroup.VK_SUBGROUP_FEATURE_ARITHMETIC_BIT],
  ["ballot", Subgroup.VK_SUBGROUP_FEATURE_BALLOT_BIT],
  ["shuffle", Subgroup.VK_SUBGROUP_FEATURE_SHUFFLE_BIT],
  ["shuffle-relative", Subgroup.VK_SUBGROUP_FEATURE_SHUFFLE_RELATIVE_BIT],
  ["clustered", Subgroup.VK_SUBGROUP_FEATURE_CLUSTERED_BIT],
  ["quad", Subgroup.VK_SUBGROUP_FEATURE_QUAD_BIT],
];

/** The operations for VkSubgroupFeatureFlags. */
export function subgroupOperationsOf(flags: number): SubgroupOperation[] {
  return SUBGROUP_BITS.filter(([, bit]) => (flags & bit) !== 0).map(([name]) => name);
}

/** Bytes as lower-case hexadecimal text. Used for device and driver identities. */
export function hexOf(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("hex");
}
