/** WebAssembly: many instances of one module, each in its own sandbox, called at once. */
export type { CompileChoice, FleetTrap, HostFunction, HostFunctions } from "./contracts.ts";
export {
  decodedOf,
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
} from "./fleet/index.ts";
export { type DecodedModule, decodeModule, type ExternalKind, functionNames } from "./module/index.ts";
export { describeModule, type FunctionDescription, type ModuleDescription, trapText } from "./fleet/index.ts";
export { runWasiProgram, WASI_MODULE, type WasiSurroundings } from "./wasi/index.ts";
