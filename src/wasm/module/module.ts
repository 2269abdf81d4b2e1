/**
 * A decoded module.
 *
 * Every index space is one list: what is imported comes first, as in the binary. Offsets count bytes from the start of
 * the binary.
 */
import type { FunctionType, GlobalType, MemoryType, ReferenceType, TableType, ValueType } from "./types.ts";

/** The kinds of things that modules import and export. */
export type ExternalKind = "func" | "table" | "memory" | "global";

/** A part of the module. */
export interface Placed {
  /** Where it begins in the binary. */
  readonly offset: number;
}

/** Where an imported thing comes from. */
export interface ImportName {
  readonly module: string;
  readonly name: string;
}

/** One entry of the import section. */
export interface Import extends ImportName {
  readonly kind: ExternalKind;
  /** The place in the index space of its kind. */
  readonly index: number;
}

/** One entry of the export section. */
export interface Export extends Placed {
  readonly name: string;
  readonly kind: ExternalKind;
  /** The place in the index space of its kind. */
  readonly index: number;
}

/** A constant expression: one instruction in WebAssembly 2.0. */
export type ConstantExpression =
  /** The bits of a number or of a vector, as an unsigned number. */
  | { readonly kind: "bits"; readonly type: ValueType; readonly bits: bigint }
  | { readonly kind: "global"; readonly index: number }
  | { readonly kind: "function"; readonly index: number }
  | { readonly kind: "null"; readonly type: ReferenceType };

/** A function, imported or defined. */
export interface FunctionEntry {
  readonly typeIndex: number;
  readonly type: FunctionType;
  /** Undefined for a function that the module defines. */
  readonly imported: ImportName | undefined;
  /** Undefined for an imported function. */
  readonly body: FunctionBody | undefined;
}

/** The body of a function. Its instructions are a part of the module's `code`. */
export interface FunctionBody {
  /** Where the body begins: its declarations of locals. */
  readonly start: number;
  /** Where the body ends: the first byte behind its last `end`. */
  readonly end: number;
  /** The locals that follow the parameters, in runs of one type. */
  readonly locals: readonly LocalRun[];
  /** How many locals there are, with the parameters. */
  readonly localCount: number;
  /** The first instruction. */
  readonly first: number;
  /** The last instruction: the `end` of the function. */
  readonly last: number;
}

/** Locals of one type beside each other. A few bytes can declare 50,000 locals: nothing lists them one by one. */
export interface LocalRun {
  /** The index of the first one. */
  readonly first: number;
  readonly count: number;
  readonly type: ValueType;
}

/**
 * The instructions of all bodies, in the order of the binary.
 *
 * Instruction `i` has the opcode `opcodes[i]`, and its immediates are `words[wordAt[i]]` up to `words[wordAt[i + 1]]`.
 * `Immediate` in opcodes.ts says what they are for each kind of instruction.
 */
export interface Code {
  readonly count: number;
  /** Opcodes with a prefix are `prefix << 8 | number`: 0xfc00 for `i32.trunc_sat_f32_s`. */
  readonly opcodes: Uint16Array;
  /** One more than there are instructions. */
  readonly wordAt: Uint32Array;
  readonly words: Int32Array;
  /** Where each instruction begins in the binary. */
  readonly offsets: Uint32Array;
}

/** A table, imported or defined. */
export interface TableEntry extends TableType, Placed {
  readonly imported: ImportName | undefined;
}

/** A memory, imported or defined. */
export interface MemoryEntry extends MemoryType, Placed {
  readonly imported: ImportName | undefined;
}

/** A global, imported or defined. */
export interface GlobalEntry extends GlobalType, Placed {
  readonly imported: ImportName | undefined;
  /** Undefined for an imported global. */
  readonly initial: ConstantExpression | undefined;
}

/** A segment of elements. */
export interface ElementSegment extends Placed {
  readonly mode: "active" | "passive" | "declarative";
  readonly type: ReferenceType;
  readonly items: readonly ConstantExpression[];
  /** For an active segment: where it goes. */
  readonly target: SegmentTarget | undefined;
}

/** A segment of data. */
export interface DataSegment extends Placed {
  readonly mode: "active" | "passive";
  /** A view of the binary. */
  readonly bytes: Uint8Array;
  /** For an active segment: where it goes. */
  readonly target: SegmentTarget | undefined;
}

/** Where an active segment goes. */
export interface SegmentTarget {
  /** Of the table or of the memory. */
  readonly index: number;
  readonly offset: ConstantExpression;
}

/** A custom section. */
export interface CustomSection {
  readonly name: string;
  /** A view of the binary. */
  readonly bytes: Uint8Array;
}

/** The function that runs when a module is instantiated. */
export interface Start extends Placed {
  readonly index: number;
}

/** A decoded module. `decodeModule` makes it, `validateModule` finds out whether it means anything. */
export interface DecodedModule {
  readonly binary: Uint8Array;
  readonly types: readonly FunctionType[];
  readonly imports: readonly Import[];
  readonly functions: readonly FunctionEntry[];
  readonly tables: readonly TableEntry[];
  readonly memories: readonly MemoryEntry[];
  readonly globals: readonly GlobalEntry[];
  readonly exports: readonly Export[];
  /** The function that runs first. */
  readonly start: Start | undefined;
  readonly elements: readonly ElementSegment[];
  readonly data: readonly DataSegment[];
  /** What the section of the data count says, where there is one. */
  readonly dataCount: number | undefined;
  readonly customs: readonly CustomSection[];
  readonly code: Code;
}
