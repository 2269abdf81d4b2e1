/** The Vulkan binding: devices, memory by role, pipelines without descriptors, recordings, queues, fences. */
export { koffi } from "./native/index.ts";
export { type BufferOptions, DeviceBuffer } from "./memory/index.ts";
export {
  CommandBuffer,
  type CopyRegion,
  Fence,
  Queue,
  Recorder,
  Timeline,
  Timestamps,
  type CommandBufferOptions,
  type Submittable,
  type BarrierScope,
  type TimelinePoint,
  type WaitOptions,
} from "./submit/index.ts";
export {
  Device,
  DEVICE_OPTIONS,
  type DeviceOptions,
  type QueueLease,
  type RunOptions,
  type TimeoutOptions,
} from "./device/index.ts";
export {
  type DeviceInfo,
  type DeviceSelection,
  forbiddenNodes,
  listDevices,
  MEMORY_ROLES,
  type MemoryRole,
  type MemoryTypes,
  selectDevice,
  whyNoHardware,
  type DeviceLimits,
  type Feature,
  type MemoryHeapInfo,
  type MemoryTypeInfo,
  type PipelineBinaryInfo,
  type QueueFamilyInfo,
} from "./instance/index.ts";
export {
  ComputePipeline,
  type PipelineData,
  type PipelineDataKind,
  type PipelineCache,
  type ComputePipelineOptions,
} from "./pipeline/index.ts";
export type { Counters, HandleKind, HANDLE_KINDS } from "./context/index.ts";
export type { SubgroupOperation, DeviceType } from "./calls/index.ts";
