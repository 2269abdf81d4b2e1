/** The Vulkan instance and the physical devices that it shows: what each can do, and which one is taken. */
export {
  type DeviceInfo,
  type DeviceLimits,
  listDevices,
  memoryBudget,
  type PhysicalDevice,
  physicalDevices,
  type QueueFamilyInfo,
  type MemoryHeapInfo,
  type MemoryTypeInfo,
  type PipelineBinaryInfo,
} from "./device-info.ts";
export { assertNodesOpen, forbiddenNodes } from "./device-nodes.ts";
export {
  MAINTENANCE_5,
  OPTIONAL_CLOCK,
  OPTIONAL_CORE,
  OPTIONAL_VULKAN12,
  PIPELINE_BINARY,
  REQUIRED_CORE,
  REQUIRED_VULKAN12,
  SHADER_CLOCK,
  type Feature,
} from "./features.ts";
export { acquireInstance, type Instance } from "./instance.ts";
export { chooseMemoryTypes, MEMORY_ROLES, type MemoryRole, type MemoryTypes } from "./memory-roles.ts";
export { type DeviceSelection, selectDevice } from "./select-device.ts";
export { whyNoHardware } from "./vulkan-presence.ts";
