/** WebAssembly: many instances of one module, each in its own sandbox, called at once. */
export { type DecodedModule, decodeModule } from "./module/index.ts";
