/** One instance on Node's own WebAssembly, in this thread. */
import { EverwarpError } from "../../base/index.ts";
import { IDENTITY, meaningOf, NodeEngine, rawTrapOf } from "../host/index.ts";
import { type DecodedModule, functionNames } from "../module/index.ts";
import { trapText } from "./trap-text.ts";
import { decodedOf, type ModuleBytes, WasmModule } from "./wasm-module.ts";

/** What an instance is given: functions, and what other instances export. */
export type InstanceImports = Readonly<Record<string, Readonly<Record<string, unknown>>>>;

/** What an instance exports: functions, memories, tables and globals, as `WebAssembly.instantiate` gives them. */
export type InstanceExports = Readonly<Record<string, unknown>>;

/** An instance and its module. */
export interface WasmInstance {
  readonly module: WasmModule;
  readonly exports: InstanceExports;
}

/**
 * Makes one instance in this thread, as `WebAssembly.instantiate` does. It has no fuel: a loop without an end blocks
 * the thread. A trap is an error with the reason, the function and the byte of the module. What a function of the host
 * throws, comes out as it is.
 * @throws EW_WASM_INVALID, EW_WASM_UNSUPPORTED, EW_WASM_LINK, EW_WASM_TRAP, EW_BAD_ARGUMENT
 */
export async function instantiate(bytes: ModuleBytes, imports: InstanceImports = {}): Promise<WasmInstance> {
  return instantiateModule(await WasmModule.compile(bytes), imports);
}

/** The same of a module that was compiled. @throws EW_WASM_LINK, EW_WASM_TRAP */
export function instantiateModule(module: WasmModule, imports: InstanceImports): WasmInstance {
  const decoded = decodedOf(module);
  const compiled = new NodeEngine.Module(decoded.binary);
  const trapsAsErrors = translator(decoded);
  try {
    const { exports } = new NodeEngine.Instance(compiled, imports);
    const wrapped = Object.entries(exports).map(([name, each]) => [
      name,
      typeof each === "function" ? trapsAsErrors(each as AnyFunction) : each,
    ]);
    return { module, exports: Object.fromEntries(wrapped) as InstanceExports };
  } catch (cause) {
    if (cause instanceof NodeEngine.LinkError || cause instanceof TypeError)
      throw new EverwarpError("EW_WASM_LINK", cause.message, {
        remedy: "Give what the module imports, with the types of `WasmModule.imports`.",
        cause,
      });
    throw errorOf(decoded, cause);
  }
}

type AnyFunction = (...values: unknown[]) => unknown;

function translator(module: DecodedModule): (run: AnyFunction) => AnyFunction {
  return (run) =>
    (...values) => {
      try {
        return run(...values);
      } catch (error) {
        throw errorOf(module, error);
      }
    };
}

/** A trap as an error of ours; anything else as it is. */
function errorOf(module: DecodedModule, error: unknown): unknown {
  const raw = rawTrapOf(error);
  if (raw === undefined) return error;
  const trap = meaningOf(raw, module, IDENTITY);
  const functionName = trap.index === undefined ? undefined : functionNames(module).get(trap.index);
  const text = trapText({ ...trap, functionName });
  return new EverwarpError("EW_WASM_TRAP", `the program trapped: ${text}`, { cause: error });
}
