/** The properties of a device that are known before it is opened. */

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
import { inFrame, type RecordOf } from "../native/index.ts";
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

/** Extensions that are used, or reported, if the device has them. */
const EXTENSIONS_OF_INTEREST = [
  "VK_EXT_memory_budget",
  "VK_EXT_subgroup_size_control",
  MAINTENANCE_5,
  PIPELINE_BINARY,
  SHADER_CLOCK,
  "VK_NV_shader_sm_builtins",
  "VK_AMD_shader_core_properties",
] as const;

/** A type of memory. */
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
/** A family of queues, and what its queues can do. */
export interface QueueFamilyInfo {
  readonly index: number;
  readonly queueCount: number;
  readonly graphics: boolean;
  readonly compute: boolean;
  readonly transfer: boolean;
  /** Valid bits of a timestamp; 0 if the family has no timestamps. */
  readonly timestampBits: number;
}
/** The limits of a device, as Vulkan reports them. */
export interface DeviceLimits {
  readonly maxStorageBufferRangeBytes: number;
  /** The size of the largest allocation, and so of the largest buffer. */
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
/** How a driver with VK_KHR_pipeline_binary treats its own cache. */
export interface PipelineBinaryInfo {
  /** Whether the driver has an internal cache. */
  readonly internalCache: boolean;
  /** Whether the internal cache can be switched off when the device is opened. */
  readonly internalCacheControl: boolean;
  /** Whether the driver prefers its internal cache over binaries that programs keep. */
  readonly prefersInternalCache: boolean;
}
/** The properties of a device that are known before it is opened. */
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
  /** The UUID in the header of VkPipelineCache data. Some drivers keep it although their version changed. */
  readonly pipelineCacheUuid: string;
  /** Undefined if the driver does not give out pipeline binaries. */
  readonly pipelineBinary: PipelineBinaryInfo | undefined;
  /** Multiprocessors (NVIDIA) or compute units (AMD); undefined if the driver does not report them. */
  readonly computeUnits: number | undefined;
  readonly subgroupSize: number;
  readonly subgroupOperations: readonly SubgroupOperation[];
  readonly limits: DeviceLimits;
  readonly memoryTypes: readonly MemoryTypeInfo[];
  readonly memoryHeaps: readonly MemoryHeapInfo[];
  readonly queueFamilies: readonly QueueFamilyInfo[];
  /** The extensions of interest that the device has. */
  readonly extensions: readonly string[];
  /** The required and optional features that the device has. */
  readonly features: readonly Feature[];
  /** The required features that the device lacks. The device can be opened only if this list is empty. */
  readonly missing: readonly string[];
}

/** A device of an instance: its properties and its handle. */
export interface PhysicalDevice {
  readonly handle: bigint;
  readonly info: DeviceInfo;
}

/**
 * All devices of all drivers, including software devices, in the loader's order.
 *
 * @throws EW_NO_VULKAN if there is no loader or no driver
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

/** Free bytes of each heap, as reported by the driver. Without a report: the size of the heap. */
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
    // The structs of Vulkan 1.2 must not be chained for an older device. Their fields then stay zero.
    const isModern = apiVersion >= packApiVersion(1, 2);
    const properties12 = frame.struct(VkPhysicalDeviceVulkan12Properties);
    const properties11 = frame.struct(VkPhysicalDeviceVulkan11Properties, { pNext: properties12.address });
    const all = frame.struct(VkPhysicalDeviceProperties2, { pNext: isModern ? properties11.address : 0n });
    vulkan().vkGetPhysicalDeviceProperties2(handle, all.address);
    const { properties } = all.read();
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

    const extensions = deviceExtensions(handle);

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
      limits: limitsOf(properties.limits, vulkan11.maxMemoryAllocationSize),
      ...describeMemory(handle),
      queueFamilies: queueFamiliesOf(handle),
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

function deviceExtensions(handle: bigint): Set<string> {
  const extensions = enumerate(VkExtensionProperties, "vkEnumerateDeviceExtensionProperties", (count, list) =>
    vulkan().vkEnumerateDeviceExtensionProperties(handle, null, count, list),
  );
  return new Set(extensions.map(({ extensionName }) => extensionName));
}

type VulkanLimits = RecordOf<typeof VkPhysicalDeviceProperties2>["properties"]["limits"];

function limitsOf(limits: VulkanLimits, maxAllocationBytes: bigint): DeviceLimits {
  return {
    maxStorageBufferRangeBytes: limits.maxStorageBufferRange,
    // Drivers without a limit report the largest 64-bit number. The loss of precision in Number() does not matter.
    maxAllocationBytes: Number(maxAllocationBytes),
    maxAllocationCount: limits.maxMemoryAllocationCount,
    maxPushConstantsBytes: limits.maxPushConstantsSize,
    maxSharedMemoryBytes: limits.maxComputeSharedMemorySize,
    maxWorkgroupCount: triple(limits.maxComputeWorkGroupCount),
    maxWorkgroupSize: triple(limits.maxComputeWorkGroupSize),
    maxWorkgroupInvocations: limits.maxComputeWorkGroupInvocations,
    timestampPeriodNs: limits.timestampPeriod,
    nonCoherentAtomBytes: Number(limits.nonCoherentAtomSize),
  };
}

function describeMemory(handle: bigint): Pick<DeviceInfo, "memoryTypes" | "memoryHeaps"> {
  return inFrame((frame) => {
    const memory = frame.struct(VkPhysicalDeviceMemoryProperties2);
    vulkan().vkGetPhysicalDeviceMemoryProperties2(handle, memory.address);
    const { memoryTypes, memoryTypeCount, memoryHeaps, memoryHeapCount } = memory.read().memoryProperties;
    return {
      memoryTypes: memoryTypes.slice(0, memoryTypeCount).map(({ propertyFlags, heapIndex }, index) => ({
        index,
        heapIndex,
        ...memoryPropertiesOf(propertyFlags),
      })),
      memoryHeaps: memoryHeaps.slice(0, memoryHeapCount).map(({ size, flags }, index) => ({
        index,
        sizeBytes: Number(size),
        deviceLocal: (flags & VkMemoryHeapFlagBits.VK_MEMORY_HEAP_DEVICE_LOCAL_BIT) !== 0,
      })),
    };
  });
}

function queueFamiliesOf(handle: bigint): QueueFamilyInfo[] {
  const families = enumerate(
    VkQueueFamilyProperties2,
    "vkGetPhysicalDeviceQueueFamilyProperties2",
    (count, list) => vulkan().vkGetPhysicalDeviceQueueFamilyProperties2(handle, count, list),
  );
  return families.map(({ queueFamilyProperties: family }, index) => ({
    index,
    queueCount: family.queueCount,
    graphics: (family.queueFlags & VkQueueFlagBits.VK_QUEUE_GRAPHICS_BIT) !== 0,
    compute: (family.queueFlags & VkQueueFlagBits.VK_QUEUE_COMPUTE_BIT) !== 0,
    transfer: (family.queueFlags & VkQueueFlagBits.VK_QUEUE_TRANSFER_BIT) !== 0,
    timestampBits: family.timestampValidBits,
  }));
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
  // Before Vulkan 1.3, maintenance5 would need further extensions.
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
