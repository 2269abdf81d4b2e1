/** How fast a fleet of WebAssembly runs, beside V8 on all cores. */
export { WASM_CASES } from "./wasm.ts";
