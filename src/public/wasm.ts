/** `everwarp/wasm`: WebAssembly modules as fleets of instances, on a device or on the host. */
export * from "./errors.ts";
export { Device } from "../vulkan/index.ts";
export {
  type CompileChoice,
  type ExternalKind,
  type FleetTrap,
  type HostFunction,
  type HostFunctions,
  type InstanceExports,
  type InstanceImports,
  instantiate,
  type ModuleBytes,
  type ModuleItem,
  type WasmArgument,
  type WasmCallOptions,
  type WasmCallResult,
  type WasmColumn,
  WasmFleet,
  type WasmFleetInfo,
  type WasmFleetOptions,
  type WasmFleetStats,
  type WasmInstance,
  WasmModule,
  type WasmTrap,
} from "../wasm/index.ts";
export type { DeviceChoice } from "../engine/index.ts";
