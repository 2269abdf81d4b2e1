/** Worker threads, child processes and WebAssembly memory: how they are started, and what a bundle needs for them. */
export { spareAddressBytes } from "./address-space.ts";
export { StuckProcessError, runChild } from "./child-process.ts";
export { Gate } from "./gate.ts";
export { collectGarbage, limitHeaps, trimHeaps } from "./spare-memory.ts";
export { SharedWord } from "./shared-word.ts";
export { SharedFlag, WakeWord } from "./wake-word.ts";
export { type CompiledModule, type LinearMemory, WebAssemblyRuntime } from "./web-assembly.ts";
export { WASM_ADDRESS_BYTES, startAsMany, startWorkerThread, startWorkerThreadNow } from "./worker-thread.ts";
