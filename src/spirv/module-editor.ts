/**
 * Adds to a SPIR-V module: capabilities, types, constants, variables, functions, and instructions inside of functions.
 *
 *     header · capabilities · extensions · memory model · entry points · names · decorations · types … · functions
 *                    ▲            ▲              ▲               ▲                      ▲          ▲           ▲
 *
 * Invariants: what is there keeps its ids and its order. A type that may be there only once is taken from the module.
 * The module is read as `readSpirv` reads it: any words give a module or EW_BAD_SPIRV. What is added is the caller's
 * duty: whoever adds nonsense gets nonsense.
 *
 * Numbers are from the SPIR-V specification 1.6, sections 2.4 and 3.
 */
import { EverwarpError } from "../base/index.ts";
import { readSpirv } from "./module.ts";

const Op = {
  Undef: 1,
  Extension: 10,
  ExtInst: 12,
  MemoryModel: 14,
  EntryPoint: 15,
  Capability: 17,
  TypeVoid: 19,
  TypePointer: 32,
  TypeForwardPointer: 39,
  ConstantTrue: 41,
  Constant: 43,
  SpecConstantOp: 52,
  Function: 54,
  FunctionEnd: 56,
  Variable: 59,
  Decorate: 71,
} as const;
const DECORATION_BUILT_IN = 11;
const GL_COMPUTE = 5;
const HEADER_WORDS = 5;
/** Operations of subgroups need this version. */
const VERSION_MIN = 0x0001_0300;
/** From this version on, an entry point names all global variables that it uses. */
const VERSION_ALL_VARIABLES = 0x0001_0400;
const STORAGE_INPUT = 1;

/** A module that grows. */
export class ModuleEditor {
  readonly #words: Uint32Array;
  #bound: number;
  readonly #version: number;
  /** Words to be put before the word with this index. */
  readonly #inserted = new Map<number, number[]>();
  readonly #added = { capabilities: [] as number[], extensions: [] as number[], decorations: [] as number[] };
  /** Words that replace others. */
  readonly #replaced = new Map<number, number>();
  readonly #places = { capabilities: HEADER_WORDS, extensions: 0, decorations: 0, globals: 0 };
  readonly #capabilities = new Set<number>();
  readonly #extensions = new Set<string>();
  /** Types and constants by their words without the result. */
  readonly #known = new Map<string, number>();
  readonly #builtIns = new Map<number, number>();
  /** The pointer type of each variable. */
  readonly #variableTypes = new Map<number, number>();
  readonly #pointees = new Map<number, number>();
  readonly #entryPoints: { at: number; end: number; words: readonly number[] }[] = [];
  readonly #functions: number[] = [];
  #memoryModel = 0;

  /** @throws EW_BAD_SPIRV */
  constructor(words: Uint32Array) {
    readSpirv(words);
    this.#words = words;
    this.#bound = words[3] ?? 0;
    this.#version = Math.max(words[1] ?? 0, VERSION_MIN);
    this.#scan();
  }

  /** A new id. */
  newId(): number {
    return this.#bound++;
  }

  /** Declares a capability, once. */
  capability(capability: number): void {
    if (this.#capabilities.has(capability)) return;
    this.#capabilities.add(capability);
    this.#added.capabilities.push(...instruction(Op.Capability, capability));
  }

  /** Declares an extension, once. */
  extension(name: string): void {
    if (this.#extensions.has(name)) return;
    this.#extensions.add(name);
    this.#added.extensions.push(...instruction(Op.Extension, ...textWords(name)));
  }

  /** Sets how addresses work. */
  addressing(model: number): void {
    this.#replaced.set(this.#memoryModel + 1, model);
  }

  /** A type: what the module has, or a new one. @param operands behind the result */
  type(opcode: number, ...operands: readonly number[]): number {
    return this.#global(`${opcode} ${operands.join(" ")}`, (id) => instruction(opcode, id, ...operands));
  }

  /** A constant of a type. @param words its value, the low word first */
  constant(type: number, ...words: readonly number[]): number {
    return this.#global(`${Op.Constant} ${type} ${words.join(" ")}`, (id) =>
      instruction(Op.Constant, type, id, ...words),
    );
  }

  /** The constant `true`. */
  constantTrue(type: number): number {
    return this.#global(`${Op.ConstantTrue} ${type}`, (id) => instruction(Op.ConstantTrue, type, id));
  }

  /** A new variable of the module. @param initial a constant */
  variable(pointerType: number, storageClass: number, initial: number): number {
    const id = this.newId();
    this.insert(this.#places.globals, instruction(Op.Variable, pointerType, id, storageClass, initial));
    if (this.#version >= VERSION_ALL_VARIABLES) this.#use(id);
    return id;
  }

  /** What the device puts into a variable, and its type in this module. @param type if there is no such variable yet */
  builtIn(builtIn: number, type: number): { readonly variable: number; readonly type: number } {
    const known = this.#builtIns.get(builtIn);
    const pointee = known === undefined ? undefined : this.#pointees.get(this.#variableTypes.get(known) ?? 0);
    if (known !== undefined && pointee !== undefined) {
      this.#use(known);
      return { variable: known, type: pointee };
    }
    const pointerType = this.type(Op.TypePointer, STORAGE_INPUT, type);
    const id = this.newId();
    this.#added.decorations.push(...instruction(Op.Decorate, id, DECORATION_BUILT_IN, builtIn));
    this.insert(this.#places.globals, instruction(Op.Variable, pointerType, id, STORAGE_INPUT));
    this.#builtIns.set(builtIn, id);
    this.#variableTypes.set(id, pointerType);
    this.#pointees.set(pointerType, type);
    this.#use(id);
    return { variable: id, type };
  }

  /** Appends a function. @param instructions all of it, from OpFunction to OpFunctionEnd */
  addFunction(instructions: readonly (readonly number[])[]): void {
    for (const words of instructions) this.#functions.push(...words);
  }

  /** Puts words before the instruction at an index of the original module. */
  insert(at: number, words: readonly number[]): void {
    const list = this.#inserted.get(at);
    if (list === undefined) this.#inserted.set(at, [...words]);
    else list.push(...words);
  }

  /** Replaces a word of the original module. */
  replace(at: number, word: number): void {
    this.#replaced.set(at, word);
  }

  /** The module with all that was added. */
  words(): Uint32Array<ArrayBuffer> {
    const out: number[] = [];
    const entryAt = new Map(this.#entryPoints.map((entry) => [entry.at, entry]));
    for (let at = 0; at < this.#words.length; at++) {
      for (const word of this.#addedAt(at)) out.push(word);
      const entry = entryAt.get(at);
      if (entry === undefined) out.push(this.#replaced.get(at) ?? this.#words[at] ?? 0);
      else {
        for (const word of entry.words) out.push(word);
        at = entry.end - 1;
      }
    }
    for (const word of this.#functions) out.push(word);
    out[1] = this.#version;
    out[3] = this.#bound;
    return Uint32Array.from(out);
  }

  /** What comes before the word with this index. Places may be the same: then the order of the sections counts. */
  #addedAt(at: number): readonly number[] {
    const { capabilities, extensions, decorations } = this.#places;
    return [
      ...(at === capabilities ? this.#added.capabilities : []),
      ...(at === extensions ? this.#added.extensions : []),
      ...(at === decorations ? this.#added.decorations : []),
      ...(this.#inserted.get(at) ?? []),
    ];
  }

  /** Names a variable in the interface of all compute entry points. */
  #use(variable: number): void {
    for (const entry of this.#entryPoints) {
      const text = Buffer.from(Uint32Array.from(entry.words.slice(3)).buffer).indexOf(0);
      const interfaceAt = 3 + Math.floor(text / 4) + 1;
      if (entry.words[1] !== GL_COMPUTE || entry.words.slice(interfaceAt).includes(variable)) continue;
      const words = [...entry.words, variable];
      words[0] = (words.length << 16) | Op.EntryPoint;
      entry.words = words;
    }
  }

  #global(key: string, make: (id: number) => readonly number[]): number {
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    const id = this.newId();
    this.insert(this.#places.globals, make(id));
    this.#known.set(key, id);
    return id;
  }

  #scan(): void {
    const words = this.#words;
    let hasFunctions = false;
    for (let at = HEADER_WORDS; at < words.length; at += (words[at] ?? 0) >>> 16) {
      const first = words[at] ?? 0;
      const opcode = first & 0xffff;
      const end = at + (first >>> 16);
      if (opcode === Op.Function && !hasFunctions) {
        hasFunctions = true;
        this.#places.globals = at;
      }
      if (!hasFunctions) this.#scanGlobal(opcode, at, end);
    }
    if (this.#memoryModel === 0 || !hasFunctions)
      throw new EverwarpError(
        "EW_BAD_SPIRV",
        "not a SPIR-V module that can be changed: it has no functions",
        {
          remedy: "Compile the kernel again; if it came from a file, the file is damaged.",
        },
      );
    this.#places.decorations ||= this.#places.globals;
    this.#places.extensions ||= this.#places.capabilities;
  }

  #scanGlobal(opcode: number, at: number, end: number): void {
    const operands = Array.from(this.#words.subarray(at + 1, end));
    const [first = 0, second = 0, third = 0] = operands;
    switch (opcode) {
      case Op.Capability:
        this.#capabilities.add(first);
        this.#places.capabilities = end;
        return;
      case Op.Extension:
        this.#extensions.add(textOf(operands));
        this.#places.extensions = end;
        return;
      case Op.MemoryModel:
        this.#memoryModel = at;
        return;
      case Op.EntryPoint:
        this.#entryPoints.push({ at, end, words: Array.from(this.#words.subarray(at, end)) });
        return;
      case Op.Decorate:
        if (second === DECORATION_BUILT_IN) this.#builtIns.set(third, first);
        return;
      default:
        this.#scanValue(opcode, at, operands);
    }
  }

  #scanValue(opcode: number, at: number, operands: readonly number[]): void {
    const [first = 0, second = 0, third = 0] = operands;
    const isType = opcode >= Op.TypeVoid && opcode <= Op.TypeForwardPointer;
    const isConstant = opcode >= Op.ConstantTrue && opcode <= Op.SpecConstantOp;
    const isOther = opcode === Op.Variable || opcode === Op.Undef || opcode === Op.ExtInst;
    if (!isType && !isConstant && !isOther) return;
    this.#places.decorations ||= at;
    if (isType) this.#known.set(`${opcode} ${operands.slice(1).join(" ")}`, first);
    if (opcode === Op.TypePointer) this.#pointees.set(first, third);
    if (opcode === Op.Variable) this.#variableTypes.set(second, first);
  }
}

/** An instruction as words. */
export function instruction(opcode: number, ...operands: readonly number[]): number[] {
  return [((operands.length + 1) << 16) | opcode, ...operands];
}

function textWords(text: string): number[] {
  const bytes = Buffer.alloc((Math.floor(Buffer.byteLength(text) / 4) + 1) * 4);
  bytes.write(text);
  return Array.from({ length: bytes.length / 4 }, (_, index) => bytes.readUInt32LE(index * 4));
}

function textOf(words: readonly number[]): string {
  const bytes = Buffer.from(Uint32Array.from(words).buffer);
  const end = bytes.indexOf(0);
  return bytes.subarray(0, end < 0 ? bytes.length : end).toString();
}
