/**
 * Modules that are linked: they share functions, tables, memories and globals, as WebAssembly's store does. Each new
 * module adds its code to the program and its contents to the image.
 *
 * A store is built on the host. Machines take its program and its image, one lane or a hundred thousand.
 */
import { Mode, Operation as Op, Trap } from "../form/index.ts";
import type {
  ConstantExpression,
  DecodedModule,
  FunctionType,
  ReferenceType,
  ValueType,
} from "../module/index.ts";
import { functionTypeText, PAGE_BYTES } from "../module/index.ts";
import { type Binding, CodeWriter, slotCount, slotsOf, translateFunction } from "../translate/index.ts";
import { isWithin, type StoreImage } from "./image.ts";
import { layOut, type Program, type ProgramFunction, type ProgramSegment } from "./program.ts";

/** Something that a module imports or exports: its kind, and its number in the store. */
export interface External {
  readonly kind: "func" | "table" | "memory" | "global";
  readonly index: number;
}

/** How much room things get that may grow. */
export interface StoreLimits {
  /** Pages of each memory; a memory that has more from the beginning keeps that many. */
  readonly maxMemoryPages: number;
  /** Elements of each table, in the same way. */
  readonly maxTableElements: number;
  /** Only one module comes: what it exports cannot be made larger by another one. */
  readonly isAlone?: boolean;
}

/** The instructions that make memories and tables larger. */
const MEMORY_GROW = 0x40;
const TABLE_GROW = 0xfc0f;

/** A module in a store. */
export interface LinkedModule {
  readonly module: DecodedModule;
  readonly exports: ReadonlyMap<string, External>;
  /** The function to run first, as its number in the store. */
  readonly start: number | undefined;
  /** A reason of `Trap` if a segment did not fit. What was written before stays written. */
  readonly trap: number;
}

interface TableInfo {
  readonly element: ReferenceType;
  readonly declaredMaximum: number | undefined;
  readonly maximum: number;
}
interface MemoryInfo {
  readonly declaredMaximum: number | undefined;
  readonly maximum: number;
}
interface GlobalInfo {
  readonly type: ValueType;
  readonly isMutable: boolean;
  readonly slot: number;
}

/** See the head of this file. */
export class Store {
  image: StoreImage = { memories: [], tables: [], globals: new BigUint64Array(), dropped: [] };
  readonly functions: ProgramFunction[] = [];
  readonly tables: TableInfo[] = [];
  readonly memories: MemoryInfo[] = [];
  readonly globals: GlobalInfo[] = [];
  /** Types of the host's functions, by the number that `HOST_CALL` names. */
  readonly hostTypes: FunctionType[] = [];
  readonly #limits: StoreLimits;
  readonly #code = new CodeWriter();
  readonly #typeNumbers = new Map<string, number>();
  readonly #segments: ProgramSegment[] = [];

  constructor(limits: StoreLimits) {
    this.#limits = limits;
  }

  /** Adds a function of the host. `hostTypes` names it by its number. @returns what modules import */
  addHost(type: FunctionType): External {
    const start = this.#code.emit({
      operation: Op.HOST_CALL,
      mode: Mode.NOTHING,
      target: this.hostTypes.push(type) - 1,
    });
    this.#code.emit({ operation: Op.RETURN, mode: Mode.NOTHING });
    const frameSlots = Math.max(slotCount(type.params), slotCount(type.results));
    return this.#addFunction({ type, typeNumber: this.#typeNumber(type), start, frameSlots });
  }

  /** Adds a table, as a host does. @param most elements that it may have, if it has not more from the beginning */
  addTable(
    element: ReferenceType,
    minimum: number,
    maximum: number | undefined,
    most = this.#limits.maxTableElements,
  ): External {
    this.image.tables.push({ elements: Array.from({ length: minimum }, () => 0) });
    const limit = Math.max(minimum, Math.min(maximum ?? Infinity, most));
    const index = this.tables.push({ element, declaredMaximum: maximum, maximum: limit }) - 1;
    return { kind: "table", index };
  }

  /** Adds a memory, as a host does. @param most pages that it may have, if it has not more from the beginning */
  addMemory(minimum: number, maximum: number | undefined, most = this.#limits.maxMemoryPages): External {
    this.image.memories.push({ bytes: new Uint8Array(minimum * PAGE_BYTES) });
    const limit = Math.max(minimum, Math.min(maximum ?? 65_536, most));
    const index = this.memories.push({ declaredMaximum: maximum, maximum: limit }) - 1;
    return { kind: "memory", index };
  }

  /** Adds a global, as a host does. @param bits of its value, as an unsigned number */
  addGlobal(type: ValueType, isMutable: boolean, bits: bigint): External {
    const slot = this.image.globals.length;
    const slots = new BigUint64Array(slot + slotsOf(type));
    slots.set(this.image.globals);
    slots[slot] = BigInt.asUintN(64, bits);
    if (slotsOf(type) === 2) slots[slot + 1] = bits >> 64n;
    this.image.globals = slots;
    return { kind: "global", index: this.globals.push({ type, isMutable, slot }) - 1 };
  }

  /**
   * Adds a module.
   *
   * @param imports for each import of the module, in order, what it gets; the kinds and types must fit
   * @throws EW_WASM_UNSUPPORTED
   */
  instantiate(module: DecodedModule, imports: readonly External[]): LinkedModule {
    const binding = this.#bind(module, imports);
    for (const [index, entry] of module.functions.entries()) {
      if (entry.body === undefined) continue;
      const { start, frameSlots } = translateFunction(module, entry, binding.translator, this.#code);
      const number = binding.translator.functions[index]!;
      this.functions[number] = { ...this.functions[number]!, start, frameSlots };
    }
    const trap = this.#initialize(module, binding);
    const numbers = {
      func: binding.translator.functions,
      table: binding.translator.tables,
      memory: binding.translator.memories,
      global: binding.globals,
    };
    return {
      module,
      exports: new Map(
        module.exports.map(({ name, kind, index }) => [name, { kind, index: numbers[kind][index]! }]),
      ),
      start: module.start === undefined ? undefined : binding.translator.functions[module.start.index]!,
      trap,
    };
  }

  /** The program of all modules so far. */
  program(): Program {
    const { words, constants, jumps } = this.#code;
    return layOut({
      code: words.slice(),
      constants,
      jumps,
      functions: this.functions,
      memoryMaxima: this.memories.map(({ maximum }) => maximum),
      tableMaxima: this.tables.map(({ maximum }) => maximum),
      segments: this.#segments,
      globalSlots: this.image.globals.length,
    });
  }

  /** Which function an instruction belongs to, and where it is in the binary of its module. */
  locate(instruction: number): { function: number; offset: number } {
    // Functions are translated in the order of their numbers.
    let [low, high] = [0, this.functions.length];
    while (high - low > 1) {
      const middle = (low + high) >>> 1;
      if (this.functions[middle]!.start <= instruction) low = middle;
      else high = middle;
    }
    return { function: low, offset: this.#code.offsets[instruction] ?? 0 };
  }

  #addFunction(entry: ProgramFunction): External {
    return { kind: "func", index: this.functions.push(entry) - 1 };
  }

  #typeNumber(type: FunctionType): number {
    const text = functionTypeText(type);
    const known = this.#typeNumbers.get(text);
    if (known !== undefined) return known;
    this.#typeNumbers.set(text, this.#typeNumbers.size);
    return this.#typeNumbers.size - 1;
  }

  #bind(module: DecodedModule, imports: readonly External[]): ModuleBinding {
    const imported = (kind: External["kind"]): number[] =>
      module.imports.flatMap((entry, index) => (entry.kind === kind ? [imports[index]!.index] : []));
    const functions = imported("func");
    for (const { type, body } of module.functions) {
      if (body === undefined) continue;
      const entry = { type, typeNumber: this.#typeNumber(type), start: 0, frameSlots: 0 };
      functions.push(this.#addFunction(entry).index);
    }
    const tables = imported("table");
    const tableLimit = this.#limitOf(module, "table", TABLE_GROW);
    for (const { element, minimum, maximum } of module.tables.slice(tables.length))
      tables.push(this.addTable(element, minimum, maximum, tableLimit).index);
    const memories = imported("memory");
    const memoryLimit = this.#limitOf(module, "memory", MEMORY_GROW);
    for (const { minimum, maximum } of module.memories.slice(memories.length))
      memories.push(this.addMemory(minimum, maximum, memoryLimit).index);
    const globals = imported("global");
    const scope = { functions, globals };
    for (const { type, isMutable, initial } of module.globals.slice(globals.length))
      globals.push(this.addGlobal(type, isMutable, this.#constant(initial!, scope)).index);
    const segment = (entry: ProgramSegment): number => {
      this.image.dropped.push(false);
      return this.#segments.push(entry) - 1;
    };
    const translator: Binding = {
      functions,
      types: module.types.map((type) => this.#typeNumber(type)),
      tables,
      memories,
      globals: globals.map((index) => this.globals[index]!.slot),
      elements: module.elements.map(({ items }) =>
        segment({ kind: "elements", references: items.map((item) => Number(this.#constant(item, scope))) }),
      ),
      data: module.data.map(({ bytes }) => segment({ kind: "data", bytes })),
    };
    return { translator, globals };
  }

  /** How large what a module defines may become: no larger than it is, if nothing can make it larger. */
  #limitOf({ code, exports }: DecodedModule, kind: "table" | "memory", grow: number): number {
    const { isAlone = false, maxMemoryPages, maxTableElements } = this.#limits;
    const isReached = !isAlone && exports.some((each) => each.kind === kind);
    if (!isReached && !code.opcodes.includes(grow)) return 0;
    return kind === "table" ? maxTableElements : maxMemoryPages;
  }

  #constant(expression: ConstantExpression, scope: Pick<ModuleScope, "functions" | "globals">): bigint {
    switch (expression.kind) {
      case "bits":
        return expression.bits;
      case "null":
        return 0n;
      case "function":
        return BigInt(scope.functions[expression.index]! + 1);
      case "global": {
        const { type, slot } = this.globals[scope.globals[expression.index]!]!;
        const low = this.image.globals[slot]!;
        return slotsOf(type) === 1 ? low : low | (this.image.globals[slot + 1]! << 64n);
      }
    }
  }

  /** Writes active segments. @returns why one did not fit */
  #initialize(module: DecodedModule, { translator, globals }: ModuleBinding): number {
    const scope = { functions: translator.functions, globals };
    for (const [index, { mode, target }] of module.elements.entries()) {
      const number = translator.elements[index]!;
      if (mode !== "passive") this.image.dropped[number] = true;
      if (mode !== "active") continue;
      const segment = this.#segments[number]!;
      const { elements } = this.image.tables[translator.tables[target!.index]!]!;
      const offset = Number(this.#constant(target!.offset, scope));
      const references = segment.kind === "elements" ? segment.references : [];
      if (!isWithin(offset, references.length, elements.length)) return Trap.TABLE_BOUNDS;
      references.forEach((reference, at) => (elements[offset + at] = reference));
    }
    for (const [index, { mode, target, bytes }] of module.data.entries()) {
      if (mode !== "active") continue;
      this.image.dropped[translator.data[index]!] = true;
      const memory = this.image.memories[translator.memories[target!.index]!]!;
      const offset = Number(this.#constant(target!.offset, scope));
      if (!isWithin(offset, bytes.length, memory.bytes.length)) return Trap.MEMORY_BOUNDS;
      memory.bytes.set(bytes, offset);
    }
    return Trap.NONE;
  }
}

interface ModuleScope {
  readonly functions: readonly number[];
  readonly globals: readonly number[];
}
interface ModuleBinding {
  readonly translator: Binding;
  /** Numbers of the globals in the store. */
  readonly globals: readonly number[];
}
