/** The host engine: instances on Node's own WebAssembly in worker threads, with fuel. */
export { HostBackend, type HostBackendOptions } from "./host-backend.ts";
export { ADDED, instrument, type Instrumented, type InstrumentOptions } from "./instrument.ts";
export { type EngineInstance, NodeEngine } from "./node-engine.ts";
export { IDENTITY } from "./fuel.ts";
export { meaningOf, type RawTrap, rawTrapOf } from "./traps.ts";
