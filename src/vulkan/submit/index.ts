/** Work for a device: recordings, queues, and the fences and timelines that tell when work has ended. */
export { CommandBuffer, type CommandBufferOptions } from "./command-buffer.ts";
export { Fence, timeoutNs, type WaitOptions } from "./fence.ts";
export { Queue, type Submittable, type TimelinePoint } from "./queue.ts";
export { type CopyRegion, Recorder, type BarrierScope } from "./recorder.ts";
export { Timeline } from "./timeline.ts";
export { Timestamps } from "./timestamps.ts";
