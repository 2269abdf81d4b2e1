/** What can be said of a module without running it. */
import { EverwarpError } from "../../base/index.ts";
import { Compiler } from "../compile/index.ts";
import { functionNames, functionTypeText, opcodeNamed } from "../module/index.ts";
import { Store } from "../store/index.ts";
import { decodedOf, type ModuleItem, type WasmModule } from "./wasm-module.ts";

const LOOP = opcodeNamed("loop")!.code;

/** A function that a module defines. */
export interface FunctionDescription {
  readonly index: number;
  readonly name: string | undefined;
  readonly type: string;
  readonly bytes: number;
  readonly instructions: number;
  readonly loops: number;
  /** Why devices interpret it, however often it is called; undefined where they may compile it. */
  readonly interpretedReason: string | undefined;
}

/** A module. */
export interface ModuleDescription {
  readonly bytes: number;
  readonly codeBytes: number;
  readonly instructions: number;
  /** Pages of 64 KiB that a memory begins with, and may have; undefined without a memory. */
  readonly memoryPages: { readonly minimum: number; readonly maximum: number | undefined } | undefined;
  readonly imports: readonly ModuleItem[];
  readonly exports: readonly ModuleItem[];
  readonly functions: readonly FunctionDescription[];
  /** Why no device can run the module, or undefined where one can. */
  readonly hostOnlyReason: string | undefined;
}

/** Describes a module. */
export function describeModule(module: WasmModule): ModuleDescription {
  const decoded = decodedOf(module);
  const names = functionNames(decoded);
  const { opcodes } = decoded.code;
  const { hostOnlyReason, compiler } = onDevices(module);
  const functions = decoded.functions.flatMap(({ type, body }, index): FunctionDescription[] => {
    if (body === undefined) return [];
    let loops = 0;
    for (let each = body.first; each <= body.last; each++) if (opcodes[each] === LOOP) loops++;
    const instructions = body.last - body.first + 1;
    const bytes = body.end - body.start;
    const interpretedReason = compiler?.whyInterpreted(index);
    return [
      {
        index,
        name: names.get(index),
        type: functionTypeText(type),
        bytes,
        instructions,
        loops,
        interpretedReason,
      },
    ];
  });
  const [memory] = decoded.memories;
  return {
    bytes: decoded.binary.length,
    codeBytes: functions.reduce((sum, { bytes }) => sum + bytes, 0),
    instructions: functions.reduce((sum, { instructions }) => sum + instructions, 0),
    memoryPages: memory && { minimum: memory.minimum, maximum: memory.maximum },
    imports: module.imports,
    exports: module.exports,
    functions,
    hostOnlyReason,
  };
}

/** Translates the module, as a device would be given it. */
function onDevices(module: WasmModule): { hostOnlyReason: string | undefined; compiler?: Compiler } {
  const decoded = decodedOf(module);
  const other = decoded.imports.find(({ kind }) => kind !== "func");
  if (other !== undefined)
    return { hostOnlyReason: `it imports a ${other.kind}, "${other.module}" "${other.name}"` };
  const store = new Store({ maxMemoryPages: 1, maxTableElements: 1 });
  try {
    store.instantiate(
      decoded,
      decoded.imports.map(({ index }) => store.addHost(decoded.functions[index]!.type)),
    );
    return { hostOnlyReason: undefined, compiler: new Compiler(store.program()) };
  } catch (error) {
    if (!(error instanceof EverwarpError) || error.code !== "EW_WASM_UNSUPPORTED") throw error;
    return { hostOnlyReason: error.message };
  }
}
