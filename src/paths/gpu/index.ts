/** Lookups on a device. */
export { DeviceBackend } from "./device-backend.ts";
export type { LookupShape } from "./lookup-shape.ts";
