/** The device features that kernels rely on: what must be there, and what is used where it is. */

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

/** Without one of these a device is not used. */
export const REQUIRED_CORE: readonly CoreFeature[] = ["shaderInt64"];
/** Features of Vulkan 1.2 that everwarp cannot do without. */
export const REQUIRED_VULKAN12: readonly Vulkan12Feature[] = [
  "bufferDeviceAddress", // kernels find everything through addresses in push constants
  "vulkanMemoryModel", // the protocol's atomics are stated in the memory model's terms
  "vulkanMemoryModelDeviceScope", // between workgroups
  "scalarBlockLayout", // structs without padding
  "shaderBufferInt64Atomics", // counters that sum results and count workgroups in one
  "timelineSemaphore", // order between the transfer queue and the compute queue
];

/** Enabled where the device has them; `DeviceInfo.features` tells. */
export const OPTIONAL_CORE: readonly CoreFeature[] = ["shaderInt16", "shaderFloat64"];
/** Features of Vulkan 1.2 that are switched on where the device has them. */
export const OPTIONAL_VULKAN12: readonly Vulkan12Feature[] = [
  "hostQueryReset",
  "storageBuffer8BitAccess",
  "shaderInt8",
  "shaderSharedInt64Atomics",
  "vulkanMemoryModelAvailabilityVisibilityChains",
];
/** Of the extension SHADER_CLOCK: a kernel can read a clock, so a lease is counted in time and not in polls. */
export const OPTIONAL_CLOCK: readonly ClockFeature[] = ["shaderDeviceClock", "shaderSubgroupClock"];
/** The extension of those features; its struct may be chained only where the device has it. */
export const SHADER_CLOCK = "VK_KHR_shader_clock";

/** What drivers made of kernels is handed out through this extension, which needs the other one for its flags. */
export const PIPELINE_BINARY = "VK_KHR_pipeline_binary";
/** The extension that VK_KHR_pipeline_binary needs. */
export const MAINTENANCE_5 = "VK_KHR_maintenance5";

/** Any feature that is looked at. */
export type Feature = CoreFeature | Vulkan12Feature | ClockFeature;
