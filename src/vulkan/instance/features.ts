/** The device features that kernels need, and those that are used if the device has them. */

import type {
  VkPhysicalDeviceFeatures,
  VkPhysicalDeviceShaderClockFeaturesKHR,
  VkPhysicalDeviceVulkan12Features,
} from "../generated/index.ts";

type CoreFeature = Exclude<keyof (typeof VkPhysicalDeviceFeatures)["fields"], symbol>;
type Vulkan12Feature = Exclude<keyof (typeof VkPhysicalDeviceVulkan12Features)["fields"], "sType" | "pNext">;
type ClockFeature = Exclude<
  keyof (typeof VkPhysicalDeviceShaderClockFeaturesKHR)["fields"],
  "sType" | "pNext" | symbol
>;

/** Required features. A device without one of them is not used. */
export const REQUIRED_CORE: readonly CoreFeature[] = ["shaderInt64"];
/** Required features of Vulkan 1.2. */
export const REQUIRED_VULKAN12: readonly Vulkan12Feature[] = [
  "bufferDeviceAddress", // push constants give kernels the addresses of all buffers
  "vulkanMemoryModel", // the queue's atomics rely on the memory model
  "vulkanMemoryModelDeviceScope", // atomics between workgroups
  "scalarBlockLayout", // structs without padding
  "shaderBufferInt64Atomics", // one counter sums results and counts workgroups
  "timelineSemaphore", // orders the transfer queue and the compute queue
];

/** Optional features, enabled if the device has them. `DeviceInfo.features` lists them. */
export const OPTIONAL_CORE: readonly CoreFeature[] = ["shaderInt16", "shaderFloat64"];
/** Optional features of Vulkan 1.2, enabled if the device has them. */
export const OPTIONAL_VULKAN12: readonly Vulkan12Feature[] = [
  "hostQueryReset",
  "storageBuffer8BitAccess",
  "shaderInt8",
  "shaderSharedInt64Atomics",
  "vulkanMemoryModelAvailabilityVisibilityChains",
];
/**
 * Features of the extension SHADER_CLOCK. They let a kernel read a clock, so leases are counted in time, not in polls.
 */
export const OPTIONAL_CLOCK: readonly ClockFeature[] = ["shaderDeviceClock", "shaderSubgroupClock"];
/** The extension of the clock features. Its struct may be chained only if the device has the extension. */
export const SHADER_CLOCK = "VK_KHR_shader_clock";

/** The extension that gives out compiled pipelines. It needs MAINTENANCE_5 for its flags. */
export const PIPELINE_BINARY = "VK_KHR_pipeline_binary";
/** The extension that PIPELINE_BINARY needs. */
export const MAINTENANCE_5 = "VK_KHR_maintenance5";

/** Any feature that is required or optional. */
export type Feature = CoreFeature | Vulkan12Feature | ClockFeature;
