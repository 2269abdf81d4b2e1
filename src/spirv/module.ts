/**
 * Reads what a SPIR-V module says about itself: entry points, structs with their layout, bindings, push constants,
 * specialization constants. Nothing is executed or validated; any input gives a description or EW_BAD_SPIRV, in time
 * and memory proportional to its length.
 *
 * Numbers are from the SPIR-V specification 1.6, section 3.
 */

import { EverwarpError } from "../base/index.ts";
import type {
  SpirvBinding,
  SpirvEntryPoint,
  SpirvModule,
  SpirvSpecConstant,
  SpirvStruct,
  SpirvType,
} from "./description.ts";

const MAGIC = 0x0723_0203;
const MAGIC_SWAPPED = 0x0302_2307;
const decoder = new TextDecoder();
/** The specification's universal limit on ids. */
const MAX_BOUND = 0x3f_ffff;

const Op = {
  Name: 5,
  MemberName: 6,
  EntryPoint: 15,
  ExecutionMode: 16,
  Capability: 17,
  TypeBool: 20,
  TypeInt: 21,
  TypeFloat: 22,
  TypeVector: 23,
  TypeMatrix: 24,
  TypeArray: 28,
  TypeRuntimeArray: 29,
  TypeStruct: 30,
  TypePointer: 32,
  ConstantTrue: 41,
  ConstantFalse: 42,
  Constant: 43,
  ConstantComposite: 44,
  SpecConstantTrue: 48,
  SpecConstantFalse: 49,
  SpecConstant: 50,
  SpecConstantComposite: 51,
  Variable: 59,
  Decorate: 71,
  MemberDecorate: 72,
  ExecutionModeId: 331,
} as const;
const Decoration = {
  SpecId: 1,
  Block: 2,
  ArrayStride: 6,
  MatrixStride: 7,
  BuiltIn: 11,
  Binding: 33,
  DescriptorSet: 34,
  Offset: 35,
};
const ExecutionMode = { LocalSize: 17, LocalSizeId: 38 };
const GL_COMPUTE = 5;
const BUILT_IN_WORKGROUP_SIZE = 25;
const STORAGE_PUSH_CONSTANT = 9;

/** A module from the bytes of a file. @throws EW_BAD_SPIRV when they are no whole number of words */
export function spirvWords(bytes: Uint8Array): Uint32Array {
  if (bytes.length % 4 !== 0) throw bad(`${bytes.length} bytes are no whole number of words`);
  return new Uint32Array(new Uint8Array(bytes).buffer); // a copy: the bytes may lie in a pool, at any offset
}

/**
 * Reads a module.
 *
 * @throws EW_BAD_SPIRV when it is truncated or corrupt
 */
export function readSpirv(words: Uint32Array): SpirvModule {
  return new Reader(words).read();
}

/** Opcodes that the description comes from: most instructions are others. */
const DESCRIBING: ReadonlySet<number> = new Set(Object.values(Op));

interface Instruction {
  opcode: number;
  /** Index of the first operand. */
  at: number;
  /** Index behind the last operand. */
  end: number;
}

class Reader {
  readonly #words: Uint32Array;
  #bound = 0;
  readonly #names = new Map<number, string>();
  readonly #memberNames = new Map<number, Map<number, string>>();
  /** id → decoration → first literal. */
  readonly #decorations = new Map<number, Map<number, number>>();
  readonly #memberDecorations = new Map<number, Map<number, Map<number, number>>>();
  readonly #types = new Map<number, SpirvType>();
  /** Members' type ids, while the names and decorations around them are not all read. */
  readonly #structMembers = new Map<number, number[]>();
  readonly #arrays = new Map<number, { element: number; lengthId: number | undefined }>();
  readonly #constants = new Map<number, { type: number; word: number | undefined }>();
  readonly #composites = new Map<number, number[]>();
  readonly #entryPoints: { id: number; name: string; isCompute: boolean }[] = [];
  readonly #localSizes = new Map<number, { values: number[]; areIds: boolean }>();
  readonly #variables: { id: number; type: number; storageClass: number }[] = [];
  readonly #specConstants: number[] = [];
  readonly #capabilities: number[] = [];

  constructor(words: Uint32Array) {
    this.#words = words;
  }

  read(): SpirvModule {
    const words = this.#words;
    if (words.length < 5) throw bad(`${words.length} words are fewer than the header has`);
    if (words[0] === MAGIC_SWAPPED) throw bad("the words are in the other byte order");
    if (words[0] !== MAGIC) throw bad(`the first word is ${hex(words[0] ?? 0)}, not ${hex(MAGIC)}`);
    const version = words[1] ?? 0;
    if ((version & 0xff00_00ff) !== 0) throw bad(`the version word ${hex(version)} is none`);
    this.#bound = words[3] ?? 0;
    if (this.#bound === 0 || this.#bound > MAX_BOUND) throw bad(`the bound on ids is ${this.#bound}`);
    let at = 5;
    while (at < words.length) {
      const first = words[at] ?? 0;
      const count = first >>> 16;
      if (count === 0) throw bad(`the instruction at word ${at} has no words`);
      if (at + count > words.length) throw bad(`the instruction at word ${at} goes on behind the end`);
      const opcode = first & 0xffff;
      if (DESCRIBING.has(opcode)) this.#instruction({ opcode, at: at + 1, end: at + count });
      at += count;
    }
    return this.#describe(`${(version >>> 16) & 0xff}.${(version >>> 8) & 0xff}`);
  }

  #instruction(instruction: Instruction): void {
    const { opcode, at } = instruction;
    const word = (index: number): number => this.#operand(instruction, index);
    const id = (index: number): number => this.#id(instruction, index);
    switch (opcode) {
      case Op.Capability:
        this.#capabilities.push(word(0));
        return;
      case Op.Name:
        this.#names.set(id(0), this.#text(instruction, 1).text);
        return;
      case Op.MemberName:
        nestedMap(this.#memberNames, id(0)).set(word(1), this.#text(instruction, 2).text);
        return;
      case Op.EntryPoint:
        this.#entryPoints.push({
          id: id(1),
          name: this.#text(instruction, 2).text,
          isCompute: word(0) === GL_COMPUTE,
        });
        return;
      case Op.ExecutionMode:
        if (word(1) === ExecutionMode.LocalSize) {
          this.#localSizes.set(id(0), { values: [word(2), word(3), word(4)], areIds: false });
        }
        return;
      case Op.ExecutionModeId:
        if (word(1) === ExecutionMode.LocalSizeId) {
          this.#localSizes.set(id(0), { values: [id(2), id(3), id(4)], areIds: true });
        }
        return;
      case Op.Decorate:
        nestedMap(this.#decorations, id(0)).set(word(1), instruction.end - at > 2 ? word(2) : 0);
        return;
      case Op.MemberDecorate:
        nestedMap(nestedMap(this.#memberDecorations, id(0)), word(1)).set(
          word(2),
          instruction.end - at > 3 ? word(3) : 0,
        );
        return;
      case Op.TypeBool:
        this.#types.set(id(0), { kind: "bool" });
        return;
      case Op.TypeInt:
        this.#types.set(id(0), { kind: "int", bits: word(1), signed: word(2) === 1 });
        return;
      case Op.TypeFloat:
        this.#types.set(id(0), { kind: "float", bits: word(1) });
        return;
      case Op.TypeVector:
        this.#types.set(id(0), { kind: "vector", element: id(1), count: word(2) });
        return;
      case Op.TypeMatrix:
        this.#types.set(id(0), { kind: "matrix", column: id(1), count: word(2) });
        return;
      case Op.TypeArray:
        this.#arrays.set(id(0), { element: id(1), lengthId: id(2) });
        return;
      case Op.TypeRuntimeArray:
        this.#arrays.set(id(0), { element: id(1), lengthId: undefined });
        return;
      case Op.TypeStruct:
        this.#structMembers.set(
          id(0),
          Array.from({ length: instruction.end - at - 1 }, (_, index) => id(index + 1)),
        );
        return;
      case Op.TypePointer:
        this.#types.set(id(0), { kind: "pointer", storageClass: word(1), pointee: id(2) });
        return;
      case Op.ConstantTrue:
      case Op.ConstantFalse:
        this.#constants.set(id(1), { type: id(0), word: opcode === Op.ConstantTrue ? 1 : 0 });
        return;
      case Op.SpecConstantTrue:
      case Op.SpecConstantFalse:
        this.#constants.set(id(1), { type: id(0), word: opcode === Op.SpecConstantTrue ? 1 : 0 });
        this.#specConstants.push(id(1));
        return;
      case Op.Constant:
      case Op.SpecConstant:
        word(2);
        this.#constants.set(id(1), { type: id(0), word: instruction.end - at === 3 ? word(2) : undefined });
        if (opcode === Op.SpecConstant) this.#specConstants.push(id(1));
        return;
      case Op.ConstantComposite:
      case Op.SpecConstantComposite:
        this.#composites.set(
          id(1),
          Array.from({ length: instruction.end - at - 2 }, (_, index) => id(index + 2)),
        );
        return;
      case Op.Variable:
        this.#variables.push({ type: id(0), id: id(1), storageClass: word(2) });
        return;
      default:
    }
  }

  #operand({ at, end }: Instruction, index: number): number {
    if (at + index >= end) throw bad(`the instruction at word ${at - 1} lacks operand ${index}`);
    return this.#words[at + index] ?? 0;
  }

  #id(instruction: Instruction, index: number): number {
    const id = this.#operand(instruction, index);
    if (id === 0 || id >= this.#bound)
      throw bad(`the instruction at word ${instruction.at - 1} names the id ${id}`);
    return id;
  }

  /** A literal string, and the operand index behind it. */
  #text(instruction: Instruction, index: number): { text: string; next: number } {
    const { at, end } = instruction;
    const bytes = new Uint8Array(
      this.#words.buffer,
      this.#words.byteOffset + (at + index) * 4,
      Math.max(0, end - at - index) * 4,
    );
    const length = bytes.indexOf(0);
    if (length < 0) throw bad(`the text in the instruction at word ${at - 1} does not end`);
    return {
      text: decoder.decode(bytes.subarray(0, length)),
      next: index + Math.floor(length / 4) + 1,
    };
  }

  #describe(version: string): SpirvModule {
    for (const [id, { element, lengthId }] of this.#arrays) {
      const strideBytes = this.#decorations.get(id)?.get(Decoration.ArrayStride);
      this.#types.set(
        id,
        lengthId === undefined
          ? { kind: "runtimeArray", element, strideBytes }
          : { kind: "array", element, strideBytes, count: this.#constants.get(lengthId)?.word },
      );
    }
    const structs = [...this.#structMembers].map(([id, members]): SpirvStruct => {
      const struct: SpirvStruct = {
        id,
        name: this.#names.get(id) ?? "",
        isBlock: this.#decorations.get(id)?.has(Decoration.Block) === true,
        members: members.map((type, index) => {
          const decorations = this.#memberDecorations.get(id)?.get(index);
          return {
            name: this.#memberNames.get(id)?.get(index) ?? "",
            type,
            offsetBytes: decorations?.get(Decoration.Offset),
            matrixStrideBytes: decorations?.get(Decoration.MatrixStride),
          };
        }),
      };
      this.#types.set(id, { kind: "struct", struct });
      return struct;
    });
    const workgroupSize = this.#workgroupSize();
    return {
      version,
      capabilities: this.#capabilities,
      types: this.#types,
      structs,
      entryPoints: this.#entryPoints.map(({ id, name, isCompute }) => ({
        name,
        isCompute,
        ...this.#localSize(id, workgroupSize),
      })),
      bindings: this.#bindings(),
      pushConstants: this.#pushConstants(),
      specConstants: this.#specConstants.flatMap((id) => this.#specConstant(id)),
    };
  }

  #specConstant(id: number): SpirvSpecConstant[] {
    const specId = this.#decorations.get(id)?.get(Decoration.SpecId);
    const constant = this.#constants.get(id);
    if (specId === undefined || constant === undefined) return [];
    const type = this.#types.get(constant.type) ?? { kind: "other" };
    return [{ specId, name: this.#names.get(id) ?? "", type, defaultWord: constant.word }];
  }

  #localSize(
    entryPoint: number,
    workgroupSize: readonly number[] | undefined,
  ): Pick<SpirvEntryPoint, "localSize" | "localSizeSpecIds"> {
    const specIdOf = (id: number | undefined): number | undefined =>
      id === undefined ? undefined : this.#decorations.get(id)?.get(Decoration.SpecId);
    const fromIds = (ids: readonly number[]): Pick<SpirvEntryPoint, "localSize" | "localSizeSpecIds"> => ({
      localSize: [this.#wordOf(ids[0]), this.#wordOf(ids[1]), this.#wordOf(ids[2])],
      localSizeSpecIds: [specIdOf(ids[0]), specIdOf(ids[1]), specIdOf(ids[2])],
    });
    // A constant decorated as WorkgroupSize overrules the execution mode: that is how constant_id sizes arrive.
    if (workgroupSize !== undefined) return fromIds(workgroupSize);
    const stated = this.#localSizes.get(entryPoint);
    if (stated === undefined)
      return { localSize: undefined, localSizeSpecIds: [undefined, undefined, undefined] };
    if (stated.areIds) return fromIds(stated.values);
    const [x = 0, y = 0, z = 0] = stated.values;
    return { localSize: [x, y, z], localSizeSpecIds: [undefined, undefined, undefined] };
  }

  /** The three constants that are decorated as the workgroup size. */
  #workgroupSize(): readonly number[] | undefined {
    for (const [id, components] of this.#composites) {
      const builtIn = this.#decorations.get(id)?.get(Decoration.BuiltIn);
      if (builtIn === BUILT_IN_WORKGROUP_SIZE && components.length === 3) return components;
    }
    return undefined;
  }

  #wordOf(id: number | undefined): number {
    const word = id === undefined ? undefined : this.#constants.get(id)?.word;
    if (word === undefined) throw bad(`the workgroup size names ${id}, which is no 32-bit constant`);
    return word;
  }

  #bindings(): SpirvBinding[] {
    return this.#variables.flatMap(({ id, storageClass }) => {
      const decorations = this.#decorations.get(id);
      const binding = decorations?.get(Decoration.Binding);
      if (binding === undefined) return [];
      const set = decorations?.get(Decoration.DescriptorSet) ?? 0;
      return [{ name: this.#names.get(id) ?? "", set, binding, storageClass }];
    });
  }

  #pushConstants(): SpirvStruct | undefined {
    const variable = this.#variables.find(({ storageClass }) => storageClass === STORAGE_PUSH_CONSTANT);
    if (variable === undefined) return undefined;
    const pointer = this.#types.get(variable.type);
    const type = pointer?.kind === "pointer" ? this.#types.get(pointer.pointee) : undefined;
    if (type?.kind !== "struct") throw bad("the push constants are no struct");
    return type.struct;
  }
}

function nestedMap<K, L, V>(of: Map<K, Map<L, V>>, key: K): Map<L, V> {
  let map = of.get(key);
  if (map === undefined) {
    map = new Map();
    of.set(key, map);
  }
  return map;
}

const hex = (word: number): string => `0x${word.toString(16).padStart(8, "0")}`;

function bad(what: string): EverwarpError {
  return new EverwarpError("EW_BAD_SPIRV", `not a SPIR-V module: ${what}`, {
    remedy: "Compile the kernel again; if it came from a file, the file is damaged.",
  });
}
