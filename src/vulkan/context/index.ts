/** What an open device shares with its objects: handles in use, the loss of the device, and when memory may go. */
export { type Counters, DeviceContext, HANDLE_KINDS, type HandleKind } from "./context.ts";
export { DeviceObject, type Recording } from "./device-object.ts";
