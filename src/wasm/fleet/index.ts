/** Fleets: many instances of one module, on a device or on the host; and one instance in this thread. */
export { describeModule, type FunctionDescription, type ModuleDescription } from "./describe.ts";
export type { WasmArgument, WasmColumn } from "./columns.ts";
export {
  type InstanceExports,
  type InstanceImports,
  instantiate,
  instantiateModule,
  type WasmInstance,
} from "./instantiate.ts";
export type {
  WasmCallOptions,
  WasmCallResult,
  WasmFleetInfo,
  WasmFleetOptions,
  WasmFleetStats,
  WasmTrap,
} from "./options.ts";
export { trapText } from "./trap-text.ts";
export { WasmFleet } from "./wasm-fleet.ts";
export { decodedOf, type ModuleBytes, type ModuleItem, WasmModule } from "./wasm-module.ts";
