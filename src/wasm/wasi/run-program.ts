/** Runs a program of WASI in this thread, from its beginning to its end. */
import { EverwarpError } from "../../base/index.ts";
import { instantiateModule, type WasmModule } from "../fleet/index.ts";
import { WASI_MODULE, WasiExit, wasiImports, type WasiSurroundings } from "./wasi.ts";

/**
 * Runs `_start` of a program.
 *
 * @returns its exit code: that of `proc_exit`, or 0
 * @throws EW_WASM_TRAP, EW_WASM_LINK for imports of other modules, EW_BAD_ARGUMENT for a module that is no program
 */
export function runWasiProgram(module: WasmModule, surroundings: WasiSurroundings): number {
  const isProgram = module.exports.some(
    ({ name, kind, type }) => name === "_start" && kind === "func" && type === "[] -> []",
  );
  const hasMemory = module.exports.some(({ name, kind }) => name === "memory" && kind === "memory");
  if (!isProgram)
    throw new EverwarpError("EW_BAD_ARGUMENT", "the module is no program: it exports no function _start", {
      remedy: "Call one of its exports with --invoke; `everwarp wasm inspect` lists them.",
    });
  const names = module.imports.filter((each) => each.module === WASI_MODULE).map(({ name }) => name);
  let memory: { readonly buffer: ArrayBuffer } | undefined;
  const imports = wasiImports(names, surroundings, () => memory?.buffer ?? new ArrayBuffer(0));
  try {
    const { exports } = instantiateModule(module, { [WASI_MODULE]: imports });
    if (hasMemory) memory = exports["memory"] as { readonly buffer: ArrayBuffer };
    (exports["_start"] as () => void)();
    return 0;
  } catch (error) {
    if (error instanceof WasiExit) return error.exitCode;
    throw error;
  }
}
