/** An open device: how it is chosen and opened, and what it makes. */
export { DEVICE_OPTIONS } from "./arguments.ts";
export type { DeviceOptions, RunOptions, TimeoutOptions } from "./device-options.ts";
export { Device } from "./device.ts";
export type { QueueLease } from "./queue-leases.ts";
