/** Instances on a device: their memory, and the machine that runs the interpreter kernel. */
export { DeviceBackend } from "./device-backend.ts";
export { type CallResults, DeviceMachine, type DeviceMachineOptions, QUANTUM_MAX } from "./device-machine.ts";
export type { HostAnswer, HostBatch, HostRequest } from "./host-calls.ts";
export { type Geometry, placeInstances } from "./geometry.ts";
