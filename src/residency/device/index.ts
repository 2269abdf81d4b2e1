/** Opening devices: with their profile, and one device for all systems of this process. */
export { type DeviceSession, type SessionOptions, openSession } from "./device-session.ts";
export { openProfiledDevice, profileOf } from "./profiled-device.ts";
