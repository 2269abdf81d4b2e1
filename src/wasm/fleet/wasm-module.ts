/** A module that was decoded and validated: what fleets are opened with. */
import { types } from "node:util";
import { badArgument } from "../../base/index.ts";
import {
  type DecodedModule,
  decodeModule,
  type ExternalKind,
  functionTypeText,
  typeName,
  validateModule,
} from "../module/index.ts";

/** Something that a module imports or exports. */
export interface ModuleItem {
  /** For an import: the module that it comes from. */
  readonly module?: string;
  readonly name: string;
  readonly kind: ExternalKind;
  /** Its type as text: `[i32 f64] -> [i32]`, `mut i64`, `1..4 pages`, `8.. funcref`. */
  readonly type: string;
}

/** Bytes of a module. */
export type ModuleBytes = Uint8Array | ArrayBuffer;

const decodedModules = new WeakMap<WasmModule, DecodedModule>();

/** The parts of a module. */
export function decodedOf(module: WasmModule): DecodedModule {
  return decodedModules.get(module)!;
}

/** A WebAssembly module, version 2.0. */
export class WasmModule {
  /** What it needs, in the order of the binary. */
  readonly imports: readonly ModuleItem[];
  /** What it gives, in the order of the binary. */
  readonly exports: readonly ModuleItem[];

  private constructor(decoded: DecodedModule) {
    decodedModules.set(this, decoded);
    this.imports = decoded.imports.map(({ module, name, kind, index }) => ({
      module,
      name,
      kind,
      type: typeText(decoded, kind, index),
    }));
    this.exports = decoded.exports.map(({ name, kind, index }) => ({
      name,
      kind,
      type: typeText(decoded, kind, index),
    }));
  }

  /**
   * Decodes and validates a binary. The bytes are copied.
   * @throws EW_WASM_INVALID for what `WebAssembly.compile` refuses, with the byte that is wrong; EW_WASM_UNSUPPORTED
   * for a module that needs more than WebAssembly 2.0; EW_BAD_ARGUMENT
   */
  static async compile(bytes: ModuleBytes): Promise<WasmModule> {
    const decoded = decodeModule(copyOf(bytes));
    validateModule(decoded);
    return new WasmModule(decoded);
  }
}

/** @throws EW_BAD_ARGUMENT */
function copyOf(given: unknown): Uint8Array {
  if (types.isUint8Array(given)) return new Uint8Array(given);
  if (types.isArrayBuffer(given)) return new Uint8Array(given.slice(0));
  throw badArgument("bytes", given, "a Uint8Array or an ArrayBuffer with a WebAssembly module");
}

function typeText(module: DecodedModule, kind: ExternalKind, index: number): string {
  switch (kind) {
    case "func":
      return functionTypeText(module.functions[index]!.type);
    case "global": {
      const { type, isMutable } = module.globals[index]!;
      return `${isMutable ? "mut " : ""}${typeName(type)}`;
    }
    case "table": {
      const { minimum, maximum, element } = module.tables[index]!;
      return `${minimum}..${maximum ?? ""} ${typeName(element)}`;
    }
    case "memory": {
      const { minimum, maximum } = module.memories[index]!;
      return `${minimum}..${maximum ?? ""} pages`;
    }
  }
}
