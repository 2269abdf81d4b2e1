/** What is known of a device before it is opened. */

import {
  apiVersionText,
  checkResult,
  type DeviceType,
  deviceTypeOf,
  driverIdName,
  hexOf,
  type MemoryProperties,
  memoryPropertiesOf,
  packApiVersion,
  type SubgroupOperation,
  subgroupOperationsOf,
  vulkan,
} from "../calls/index.ts";
import {
  type Feature,
  MAINTENANCE_5,
  OPTIONAL_CLOCK,
  OPTIONAL_CORE,
  OPTIONAL_VULKAN12,
  PIPELINE_BINARY,
  REQUIRED_CORE,
  REQUIRED_VULKAN12,
  SHADER_CLOCK,
} from "./features.ts";
import { inFrame } from "../native/index.ts";
import {
  VkExtensionProperties,
  VkMemoryHeapFlagBits,
  VkPhysicalDeviceFeatures2,
  VkPhysicalDeviceMaintenance5Features,
  VkPhysicalDeviceMemoryBudgetPropertiesEXT,
  VkPhysicalDeviceMemoryProperties2,
  VkPhysicalDevicePipelineBinaryFeaturesKHR,
  VkPhysicalDevicePipelineBinaryPropertiesKHR,
  VkPhysicalDeviceProperties2,
  VkPhysicalDeviceShaderClockFeaturesKHR,
  VkPhysicalDeviceShaderCorePropertiesAMD,
  VkPhysicalDeviceShaderSMBuiltinsPropertiesNV,
  VkPhysicalDeviceVulkan11Properties,
  VkPhysicalDeviceVulkan12Features,
  VkPhysicalDeviceVulkan12Properties,
  VkQueueFamilyProperties2,
  VkQueueFlagBits,
} from "../generated/index.ts";
import { acquireInstance, enumerate } from "./instance.ts";

/** Extensions that are used, or looked at, where the device has them. */
const EXTENSIONS_OF_INTEREST = [
  "VK_EXT_memory_budget",
  "VK_EXT_subgroup_size_control",
  MAINTENANCE_5,
  PIPELINE_BINARY,
  SHADER_CLOCK,
  "VK_NV_shader_sm_builtins",
  "VK_AMD_shader_core_properties",
] as const;

/** One type of memory of a device. */
export interface MemoryTypeInfo extends MemoryProperties {
  readonly index: number;
  readonly heapIndex: number;
}
/** A heap of memory. */
export interface MemoryHeapInfo {
  readonly index: number;
  readonly sizeBytes: number;
  readonly deviceLocal: boolean;
}
/** One family of queues of a device. */
export interface QueueFamilyInfo {
  readonly index: number;
  readonly queueCount: number;
  readonly graphics: boolean;
  readonly compute: boolean;
  readonly transfer: boolean;
  /** Valid bits of a timestamp; 0 where the family has none. */
  readonly timestampBits: number;
}
/** What a device can take at most. */
export interface DeviceLimits {
  readonly maxStorageBufferRangeBytes: number;
  /** The largest single allocation, hence the largest buffer. */
  readonly maxAllocationBytes: number;
  readonly maxAllocationCount: number;
  readonly maxPushConstantsBytes: number;
  readonly maxSharedMemoryBytes: number;
  readonly maxWorkgroupCount: readonly [number, number, number];
  readonly maxWorkgroupSize: readonly [number, number, number];
  readonly maxWorkgroupInvocations: number;
  /** Nanoseconds per tick of a timestamp. */
  readonly timestampPeriodNs: number;
  readonly nonCoherentAtomBytes: number;
}
/** How a driver with VK_KHR_pipeline_binary goes about its own cache. */
export interface PipelineBinaryInfo {
  /** Whether it has one. */
  readonly internalCache: boolean;
  /** Whether it can be switched off when the device is opened. */
  readonly internalCacheControl: boolean;
  /** Whether the driver would rather that nobody kept binaries beside it. */
  readonly prefersInternalCache: boolean;
}
/** What is known of a device without opening it. */
export interface DeviceInfo {
  /** Position in the list of devices. */
  readonly index: number;
  readonly name: string;
  readonly type: DeviceType;
  readonly vendorId: number;
  readonly deviceId: number;
  readonly apiVersion: string;
  readonly driverId: string;
  readonly driverName: string;
  readonly driverInfo: string;
  /** The driver's own packed version number. */
  readonly driverVersion: number;
  /** 32 hexadecimal digits. */
  readonly deviceUuid: string;
  readonly driverUuid: string;
  /** What the driver's VkPipelineCache data is known by; it says less about the driver's version than it should. */
  readonly pipelineCacheUuid: string;
  /** Undefined where the driver does not hand out pipeline binaries. */
  readonly pipelineBinary: PipelineBinaryInfo | undefined;
  /** Multiprocessors (NVIDIA) or compute units (AMD); undefined where the driver does not tell. */
  readonly computeUnits: number | undefined;
  readonly subgroupSize: number;
  readonly subgroupOperations: readonly SubgroupOperation[];
  readonly limits: DeviceLimits;
  readonly memoryTypes: readonly MemoryTypeInfo[];
  readonly memoryHeaps: readonly MemoryHeapInfo[];
  readonly queueFamilies: readonly QueueFamilyInfo[];
  /** Those of the extensions of interest that are there. */
  readonly extensions: readonly string[];
  /** Required and optional features that are there. */
  readonly features: readonly Feature[];
  /** Required features that are not: the device cannot be opened while this is not empty. */
  readonly missing: readonly string[];
}

/** A device of an instance: what is known of it, and its handle. */
export interface PhysicalDevice {
  readonly handle: bigint;
  readonly info: DeviceInfo;
}

/**
 * All devices that drivers offer, software ones included, in the loader's order.
 *
 * @throws EW_NO_VULKAN when there is no loader or no driver at all
 */
export function listDevices(): DeviceInfo[] {
  const instance = acquireInstance(false);
  try {
    return physicalDevices(instance.handle).map(({ info }) => info);
  } finally {
    instance.release();
  }
}

/** The devices of an instance. */
export function physicalDevices(instance: bigint): PhysicalDevice[] {
  return inFrame((frame) => {
    const count = frame.bytes(4);
    const call = "vkEnumeratePhysicalDevices";
    checkResult(vulkan().vkEnumeratePhysicalDevices(instance, count.address, null), call);
    const list = frame.bytes(8 * count.u32());
    checkResult(vulkan().vkEnumeratePhysicalDevices(instance, count.address, list.address), call);
    return Array.from({ length: count.u32() }, (_, index) => list.u64(index));
  }).map((handle, index) => ({ handle, info: describe(handle, index) }));
}

/** Bytes still free by the driver's reckoning, per heap; the heap's size where the driver does not tell. */
export function memoryBudget(physical: PhysicalDevice): number[] {
  const { handle, info } = physical;
  if (!info.extensions.includes("VK_EXT_memory_budget"))
    return info.memoryHeaps.map(({ sizeBytes }) => sizeBytes);
  return inFrame((frame) => {
    const budget = frame.struct(VkPhysicalDeviceMemoryBudgetPropertiesEXT);
    const memory = frame.struct(VkPhysicalDeviceMemoryProperties2, { pNext: budget.address });
    vulkan().vkGetPhysicalDeviceMemoryProperties2(handle, memory.address);
    const { heapBudget, heapUsage } = budget.read();
    return info.memoryHeaps.map(({ index }) =>
      Math.max(0, Number((heapBudget[index] ?? 0n) - (heapUsage[index] ?? 0n))),
    );
  });
}

function describe(handle: bigint, index: number): DeviceInfo {
  return inFrame((frame) => {
    const plain = frame.struct(VkPhysicalDeviceProperties2);
    vulkan().vkGetPhysicalDeviceProperties2(handle, plain.address);
    const { apiVersion } = plain.read().properties;
    // The structs of 1.2 must not be chained for an older device; what they hold then stays zero.
    const isModern = apiVersion >= packApiVersion(1, 2);
    const properties12 = frame.struct(VkPhysicalDeviceVulkan12Properties);
    const properties11 = frame.struct(VkPhysicalDeviceVulkan11Properties, { pNext: properties12.address });
    const all = frame.struct(VkPhysicalDeviceProperties2, { pNext: isModern ? properties11.address : 0n });
    vulkan().vkGetPhysicalDeviceProperties2(handle, all.address);
    const { properties } = all.read();
    const { limits } = properties;
    const vulkan11 = properties11.read();
    const vulkan12 = properties12.read();

    const features12 = frame.struct(VkPhysicalDeviceVulkan12Features);
    const features = frame.struct(VkPhysicalDeviceFeatures2, { pNext: isModern ? features12.address : 0n });
    vulkan().vkGetPhysicalDeviceFeatures2(handle, features.address);
    const core = features.read().features;
    const modern = features12.read();
    const missing = [
      ...(isModern ? [] : [`Vulkan 1.2 (it has ${apiVersionText(apiVersion)})`]),
      ...REQUIRED_CORE.filter((name) => core[name] === 0),
      ...REQUIRED_VULKAN12.filter((name) => modern[name] === 0),
    ];

    const memory = frame.struct(VkPhysicalDeviceMemoryProperties2);
    vulkan().vkGetPhysicalDeviceMemoryProperties2(handle, memory.address);
    const { memoryProperties } = memory.read();
    const families = enumerate(
      VkQueueFamilyProperties2,
      "vkGetPhysicalDeviceQueueFamilyProperties2",
      (count, list) => vulkan().vkGetPhysicalDeviceQueueFamilyProperties2(handle, count, list),
    );
    const extensions = new Set(
      enumerate(VkExtensionProperties, "vkEnumerateDeviceExtensionProperties", (count, list) =>
        vulkan().vkEnumerateDeviceExtensionProperties(handle, null, count, list),
      ).map(({ extensionName }) => extensionName),
    );

    return {
      index,
      name: properties.deviceName,
      type: deviceTypeOf(properties.deviceType),
      vendorId: properties.vendorID,
      deviceId: properties.deviceID,
      apiVersion: apiVersionText(apiVersion),
      driverId: driverIdName(vulkan12.driverID),
      driverName: vulkan12.driverName,
      driverInfo: vulkan12.driverInfo,
      driverVersion: properties.driverVersion,
      deviceUuid: hexOf(vulkan11.deviceUUID),
      driverUuid: hexOf(vulkan11.driverUUID),
      pipelineCacheUuid: hexOf(properties.pipelineCacheUUID),
      pipelineBinary: pipelineBinaryInfo(handle, apiVersion, extensions),
      computeUnits: computeUnits(handle, extensions),
      subgroupSize: vulkan11.subgroupSize,
      subgroupOperations: subgroupOperationsOf(vulkan11.subgroupSupportedOperations),
      limits: {
        maxStorageBufferRangeBytes: limits.maxStorageBufferRange,
        // Drivers without a limit report the largest number; Number() keeps it as a float, which is all that is asked.
        maxAllocationBytes: Number(vulkan11.maxMemoryAllocationSize),
        maxAllocationCount: limits.maxMemoryAllocationCount,
        maxPushConstantsBytes: limits.maxPushConstantsSize,
        maxSharedMemoryBytes: limits.maxComputeSharedMemorySize,
        maxWorkgroupCount: triple(limits.maxComputeWorkGroupCount),
        maxWorkgroupSize: triple(limits.maxComputeWorkGroupSize),
        maxWorkgroupInvocations: limits.maxComputeWorkGroupInvocations,
        timestampPeriodNs: limits.timestampPeriod,
        nonCoherentAtomBytes: Number(limits.nonCoherentAtomSize),
      },
      memoryTypes: memoryProperties.memoryTypes
        .slice(0, memoryProperties.memoryTypeCount)
        .map(({ propertyFlags, heapIndex }, typeIndex) => ({
          index: typeIndex,
          heapIndex,
          ...memoryPropertiesOf(propertyFlags),
        })),
      memoryHeaps: memoryProperties.memoryHeaps
        .slice(0, memoryProperties.memoryHeapCount)
        .map(({ size, flags }, heapIndex) => ({
          index: heapIndex,
          sizeBytes: Number(size),
          deviceLocal: (flags & VkMemoryHeapFlagBits.VK_MEMORY_HEAP_DEVICE_LOCAL_BIT) !== 0,
        })),
      queueFamilies: families.map(({ queueFamilyProperties: family }, familyIndex) => ({
        index: familyIndex,
        queueCount: family.queueCount,
        graphics: (family.queueFlags & VkQueueFlagBits.VK_QUEUE_GRAPHICS_BIT) !== 0,
        compute: (family.queueFlags & VkQueueFlagBits.VK_QUEUE_COMPUTE_BIT) !== 0,
        transfer: (family.queueFlags & VkQueueFlagBits.VK_QUEUE_TRANSFER_BIT) !== 0,
        timestampBits: family.timestampValidBits,
      })),
      extensions: EXTENSIONS_OF_INTEREST.filter((name) => extensions.has(name)),
      features: [
        ...[...REQUIRED_CORE, ...OPTIONAL_CORE].filter((name) => core[name] === 1),
        ...[...REQUIRED_VULKAN12, ...OPTIONAL_VULKAN12].filter((name) => modern[name] === 1),
        ...clockFeatures(handle, extensions),
      ],
      missing,
    };
  });
}

function clockFeatures(handle: bigint, extensions: ReadonlySet<string>): Feature[] {
  if (!extensions.has(SHADER_CLOCK)) return [];
  return inFrame((frame) => {
    const clock = frame.struct(VkPhysicalDeviceShaderClockFeaturesKHR);
    const features = frame.struct(VkPhysicalDeviceFeatures2, { pNext: clock.address });
    vulkan().vkGetPhysicalDeviceFeatures2(handle, features.address);
    const found = clock.read();
    return OPTIONAL_CLOCK.filter((name) => found[name] === 1);
  });
}

function pipelineBinaryInfo(
  handle: bigint,
  apiVersion: number,
  extensions: ReadonlySet<string>,
): PipelineBinaryInfo | undefined {
  const hasExtensions = extensions.has(PIPELINE_BINARY) && extensions.has(MAINTENANCE_5);
  // Before Vulkan 1.3 maintenance5 would need further extensions.
  if (!hasExtensions || apiVersion < packApiVersion(1, 3)) return undefined;
  return inFrame((frame) => {
    const binary = frame.struct(VkPhysicalDevicePipelineBinaryFeaturesKHR);
    const maintenance = frame.struct(VkPhysicalDeviceMaintenance5Features, { pNext: binary.address });
    const features = frame.struct(VkPhysicalDeviceFeatures2, { pNext: maintenance.address });
    vulkan().vkGetPhysicalDeviceFeatures2(handle, features.address);
    if (binary.read().pipelineBinaries === 0 || maintenance.read().maintenance5 === 0) return undefined;
    const own = frame.struct(VkPhysicalDevicePipelineBinaryPropertiesKHR);
    const properties = frame.struct(VkPhysicalDeviceProperties2, { pNext: own.address });
    vulkan().vkGetPhysicalDeviceProperties2(handle, properties.address);
    const found = own.read();
    return {
      internalCache: found.pipelineBinaryInternalCache === 1,
      internalCacheControl: found.pipelineBinaryInternalCacheControl === 1,
      prefersInternalCache: found.pipelineBinaryPrefersInternalCache === 1,
    };
  });
}

function computeUnits(handle: bigint, extensions: ReadonlySet<string>): number | undefined {
  return inFrame((frame) => {
    if (extensions.has("VK_NV_shader_sm_builtins")) {
      const nvidia = frame.struct(VkPhysicalDeviceShaderSMBuiltinsPropertiesNV);
      const properties = frame.struct(VkPhysicalDeviceProperties2, { pNext: nvidia.address });
      vulkan().vkGetPhysicalDeviceProperties2(handle, properties.address);
      return nvidia.read().shaderSMCount;
    }
    if (extensions.has("VK_AMD_shader_core_properties")) {
      const amd = frame.struct(VkPhysicalDeviceShaderCorePropertiesAMD);
      const properties = frame.struct(VkPhysicalDeviceProperties2, { pNext: amd.address });
      vulkan().vkGetPhysicalDeviceProperties2(handle, properties.address);
      const { shaderEngineCount, shaderArraysPerEngineCount, computeUnitsPerShaderArray } = amd.read();
      return shaderEngineCount * shaderArraysPerEngineCount * computeUnitsPerShaderArray;
    }
    return undefined;
  });
}

function triple(values: readonly number[]): [number, number, number] {
  return [values[0] ?? 0, values[1] ?? 0, values[2] ?? 0];
}
