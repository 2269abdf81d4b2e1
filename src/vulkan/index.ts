/** The Vulkan binding: devices, memory by role, pipelines without descriptors, recordings, queues, fences. */
export { type BufferOptions, DeviceBuffer } from "./memory/index.ts";
export {
  CommandBuffer,
  type CopyRegion,
  Fence,
  Queue,
  Recorder,
  Timeline,
  Timestamps,
} from "./submit/index.ts";
export { Device, DEVICE_OPTIONS, type DeviceOptions, type QueueLease } from "./device/index.ts";
export {
  type DeviceInfo,
  type DeviceSelection,
  forbiddenNodes,
  listDevices,
  MEMORY_ROLES,
  type MemoryRole,
  type MemoryTypes,
  onValidationMessage,
  whyNoHardware,
} from "./instance/index.ts";
export { ComputePipeline, type PipelineData, type PipelineDataKind } from "./pipeline/index.ts";
