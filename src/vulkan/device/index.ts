/** An open device: how it is chosen and opened, and what it makes. */
export { DEVICE_OPTIONS } from "./arguments.ts";
export type { DeviceOptions } from "./device-options.ts";
export { Device, type RunOptions } from "./device.ts";
export type { QueueLease } from "./queue-leases.ts";
