/** Modules from the text format of WebAssembly, which wabt translates: the suite of WebAssembly is made with it. */
import loadWabt from "wabt";
import { type DecodedModule, decodeModule, validateModule } from "../../src/wasm/module/index.ts";

const wabt = await loadWabt();

/** The binary of a module in the text format. Nothing validates it: it may be wrong in what it means. */
export function binaryOf(text: string): Uint8Array<ArrayBuffer> {
  const module = wabt.parseWat("module.wat", text);
  try {
    return new Uint8Array(module.toBinary({ write_debug_names: true }).buffer);
  } finally {
    module.destroy();
  }
}

/** A module that was decoded and validated. */
export function validated(binary: Uint8Array): DecodedModule {
  const module = decodeModule(binary);
  validateModule(module);
  return module;
}
