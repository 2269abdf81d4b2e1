/** The Vulkan binding: devices, memory by role, pipelines without descriptors, recordings, queues, fences. */
export { DeviceBuffer, type BufferOptions } from "./buffer.ts";
export { CommandBuffer } from "./command-buffer.ts";
export { Device, type DeviceOptions } from "./device.ts";
export { type DeviceInfo, listDevices } from "./device-info.ts";
export { Fence } from "./fence.ts";
export { onValidationMessage } from "./instance.ts";
export { type MemoryRole, type MemoryTypes } from "./memory-roles.ts";
export { ComputePipeline } from "./pipeline.ts";
export { Queue } from "./queue.ts";
export { type QueueLease } from "./queue-lease.ts";
export { Recorder, type CopyRegion } from "./recorder.ts";
export { type DeviceSelection } from "./select-device.ts";
export { Timeline } from "./timeline.ts";
export { Timestamps } from "./timestamps.ts";
