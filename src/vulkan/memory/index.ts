/** Buffers in device memory. */
export { type BufferOptions, DeviceBuffer } from "./buffer.ts";
