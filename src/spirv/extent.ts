/** Sizes of types in a module, from the decorations that the compiler wrote. */

import { EverwarpError } from "../base/index.ts";
import type { SpirvModule, SpirvStruct } from "./description.ts";

/** Universal limit on the nesting of structs (SPIR-V specification, section 2.17), and as much again for arrays. */
const MAX_DEPTH = 511;

/**
 * Bytes from a struct's start to the end of its last member: for a push constant block, what the pipeline must declare.
 * A pointer (a buffer reference) counts eight bytes, an array of no fixed length none.
 *
 * @throws EW_BAD_SPIRV for a struct without offsets, or one that contains itself
 */
export function structSizeBytes(module: SpirvModule, struct: SpirvStruct): number {
  return new Sizes(module).structBytes(struct);
}

/** Remembers each type's size: structs that share members may describe far more paths than there are types. */
class Sizes {
  readonly #module: SpirvModule;
  readonly #known = new Map<number, number>();
  readonly #open = new Set<number>();

  constructor(module: SpirvModule) {
    this.#module = module;
  }

  structBytes(struct: SpirvStruct): number {
    let sizeBytes = 0;
    for (const { name, type, offsetBytes } of struct.members) {
      if (offsetBytes === undefined) throw bad(`${struct.name}.${name} has no offset`);
      sizeBytes = Math.max(sizeBytes, offsetBytes + this.#typeBytes(type));
    }
    return sizeBytes;
  }

  #typeBytes(id: number): number {
    const known = this.#known.get(id);
    if (known !== undefined) return known;
    if (this.#open.has(id)) throw bad(`the type ${id} contains itself`);
    if (this.#open.size >= MAX_DEPTH) throw bad(`types are nested more than ${MAX_DEPTH} deep`);
    this.#open.add(id);
    const sizeBytes = this.#compute(id);
    this.#open.delete(id);
    this.#known.set(id, sizeBytes);
    return sizeBytes;
  }

  #compute(id: number): number {
    const type = this.#module.types.get(id);
    switch (type?.kind) {
      case "int":
      case "float":
        return type.bits / 8;
      case "bool":
        return 4;
      case "vector":
        return this.#typeBytes(type.element) * type.count;
      case "matrix":
        return this.#typeBytes(type.column) * type.count;
      case "pointer":
        return 8;
      case "runtimeArray":
        return 0;
      case "struct":
        return this.structBytes(type.struct);
      case "array": {
        const { count, strideBytes, element } = type;
        if (count === undefined) throw bad("an array's length is no plain constant");
        const elementBytes = this.#typeBytes(element);
        return (strideBytes ?? elementBytes) * (count - 1) + elementBytes;
      }
      default:
        throw bad(`the type ${id} has no size`);
    }
  }
}

function bad(what: string): EverwarpError {
  return new EverwarpError("EW_BAD_SPIRV", `no size: ${what}`, {
    remedy: "Check the block's layout qualifier.",
  });
}
