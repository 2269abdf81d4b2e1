/**
 * Decodes the functions of a SPIR-V module into blocks and instructions, each with its line.
 *
 * Any words give functions, EW_BAD_SPIRV or EW_LINT_LIMIT, in time proportional to their number. `readSpirv` has
 * checked the header and the lengths of the instructions before.
 */
import { EverwarpError } from "../../base/index.ts";
import { readSpirv, type SpirvModule } from "../../spirv/index.ts";
import { tooLarge } from "./effort.ts";
import { DECORATION_BUILT_IN, hasResult, Op } from "./opcodes.ts";

/** A place in the source of a kernel. The file is undefined where debug information names none. */
export interface Location {
  readonly file: string | undefined;
  readonly line: number;
}

/** An instruction of a function body. Type and result are 0 where it has none. */
export interface Instruction {
  readonly opcode: number;
  readonly type: number;
  readonly result: number;
  /** The words behind the result. */
  readonly operands: readonly number[];
  readonly location: Location | undefined;
}

/** A block: its last instruction leaves it. */
export interface CodeBlock {
  readonly label: number;
  readonly instructions: readonly Instruction[];
  readonly terminator: Instruction;
  /** The labels to which it leads. */
  readonly targets: readonly number[];
}

/** A function with its blocks in the order of the module. */
export interface CodeFunction {
  readonly id: number;
  readonly parameters: readonly number[];
  readonly blocks: readonly CodeBlock[];
}

/** A constant; its value is undefined where a pipeline may set it, or where it is no 32-bit number. */
export interface CodeConstant {
  readonly type: number;
  readonly value: number | undefined;
}

/** A module with its functions. */
export interface Code {
  readonly module: SpirvModule;
  readonly functions: ReadonlyMap<number, CodeFunction>;
  /** Global variables: their pointer type and storage class. */
  readonly globals: ReadonlyMap<number, { readonly type: number; readonly storageClass: number }>;
  readonly constants: ReadonlyMap<number, CodeConstant>;
  readonly builtIns: ReadonlyMap<number, number>;
  readonly names: ReadonlyMap<number, string>;
  /** The function of the first compute entry point. */
  readonly entry: number;
  /** Whether a workgroup has one thread, whatever a pipeline sets. */
  readonly isSingleThread: boolean;
}

/** Most instructions in all functions of a module, also in those that the kernel does not call. */
const MAX_INSTRUCTIONS = 1_000_000;

/** @throws EW_BAD_SPIRV, EW_LINT_LIMIT */
export function decode(words: Uint32Array): Code {
  const module = readSpirv(words);
  return new Decoder(words, module).decode();
}

/** The error for a module that cannot be analysed. */
export function badModule(what: string): EverwarpError {
  return new EverwarpError("EW_BAD_SPIRV", `not a SPIR-V module that can be checked: ${what}`, {
    remedy: "Compile the kernel again; if it came from a file, the file is damaged.",
  });
}

/** Opcodes outside of functions that tell something. */
const READ: ReadonlySet<number> = new Set([
  Op.Line,
  Op.NoLine,
  Op.String,
  Op.Name,
  Op.EntryPoint,
  Op.Decorate,
  Op.TypeInt,
  Op.Variable,
  Op.Function,
  ...Array.from({ length: Op.SpecConstantOp - Op.ConstantTrue + 1 }, (_, index) => Op.ConstantTrue + index),
]);

class Decoder {
  readonly #words: Uint32Array;
  readonly #module: SpirvModule;
  readonly #functions = new Map<number, CodeFunction>();
  readonly #globals = new Map<number, { type: number; storageClass: number }>();
  /** Types of integers with more than 32 bits, and what has such a type in a function. */
  readonly #wideIntegers = new Set<number>();
  readonly #wideValues = new Set<number>();
  readonly #constants = new Map<number, CodeConstant>();
  readonly #builtIns = new Map<number, number>();
  readonly #names = new Map<number, string>();
  readonly #texts = new Map<number, string>();
  #entry: number | undefined;
  #location: Location | undefined;
  /** The id of the text that names the file of `#location`. */
  #locationText = 0;
  #instructionCount = 0;
  #function: { id: number; parameters: number[]; blocks: CodeBlock[] } | undefined;
  #block: { label: number; instructions: Instruction[] } | undefined;

  constructor(words: Uint32Array, module: SpirvModule) {
    this.#words = words;
    this.#module = module;
  }

  decode(): Code {
    const words = this.#words;
    for (let at = 5; at < words.length;) {
      const first = words[at] ?? 0;
      const opcode = first & 0xffff;
      const end = at + (first >>> 16);
      if (READ.has(opcode) || this.#function !== undefined) this.#read(opcode, at + 1, end);
      at = end;
    }
    if (this.#function !== undefined) throw badModule("its last function does not end");
    if (this.#entry === undefined) throw badModule("it has no compute entry point");
    return {
      module: this.#module,
      functions: this.#functions,
      globals: this.#globals,
      constants: this.#constants,
      builtIns: this.#builtIns,
      names: this.#names,
      entry: this.#entry,
      isSingleThread: this.#isSingleThread(),
    };
  }

  #isSingleThread(): boolean {
    const entry = this.#module.entryPoints.find(({ isCompute }) => isCompute);
    return (
      entry?.localSize?.every((count) => count === 1) === true &&
      entry.localSizeSpecIds.every((id) => id === undefined)
    );
  }

  #read(opcode: number, at: number, end: number): void {
    if (opcode === Op.Line) {
      // This package's compiler names no file.
      const [text = 0, line = 0] = this.#operands(at, end);
      if (this.#location?.line === line && this.#locationText === text) return;
      this.#location = { file: this.#texts.get(text) || undefined, line };
      this.#locationText = text;
    } else if (opcode === Op.NoLine) this.#location = undefined;
    else if (this.#function !== undefined || opcode === Op.Function) this.#readBody(opcode, at, end);
    else this.#readGlobal(opcode, this.#operands(at, end));
  }

  #operands(at: number, end: number): number[] {
    const operands: number[] = [];
    for (let index = at; index < end; index++) operands.push(this.#words[index] ?? 0);
    return operands;
  }

  #readGlobal(opcode: number, operands: number[]): void {
    const [first = 0, second = 0, third] = operands;
    switch (opcode) {
      case Op.String:
        this.#texts.set(first, textOf(operands.slice(1)));
        return;
      case Op.Name:
        this.#names.set(first, textOf(operands.slice(1)));
        return;
      case Op.EntryPoint:
        if (first === 5) this.#entry ??= second;
        return;
      case Op.Decorate:
        if (second === DECORATION_BUILT_IN) this.#builtIns.set(first, third ?? 0);
        return;
      case Op.TypeInt:
        if (second > 32) this.#wideIntegers.add(first);
        return;
      case Op.Variable:
        this.#globals.set(second, { type: first, storageClass: third ?? 0 });
        return;
      case Op.ConstantTrue:
      case Op.ConstantFalse:
        this.#constants.set(second, { type: first, value: opcode === Op.ConstantTrue ? 1 : 0 });
        return;
      case Op.ConstantNull:
        this.#constants.set(second, { type: first, value: 0 });
        return;
      case Op.Constant:
        // A wide constant that fits 32 bits is as good as a narrow one.
        this.#constants.set(second, { type: first, value: (operands[3] ?? 0) === 0 ? third : undefined });
        return;
      default:
        if (opcode >= Op.ConstantComposite && opcode <= Op.SpecConstantOp)
          this.#constants.set(second, { type: first, value: undefined });
    }
  }

  #readBody(opcode: number, at: number, end: number): void {
    const wordOf = (index: number): number => (at + index < end ? (this.#words[at + index] ?? 0) : 0);
    switch (opcode) {
      case Op.Function:
        if (this.#function !== undefined) throw badModule("a function lies inside another");
        this.#function = { id: wordOf(1), parameters: [], blocks: [] };
        return;
      case Op.FunctionParameter:
        this.#function?.parameters.push(wordOf(1));
        if (this.#wideIntegers.has(wordOf(0))) this.#wideValues.add(wordOf(1));
        return;
      case Op.FunctionEnd:
        if (this.#block !== undefined) throw badModule("a block does not end");
        if (this.#function !== undefined) this.#functions.set(this.#function.id, this.#function);
        this.#function = undefined;
        this.#location = undefined;
        return;
      case Op.Label:
        if (this.#block !== undefined) throw badModule("a block begins inside another");
        this.#block = { label: wordOf(0), instructions: [] };
        return;
      default:
        this.#readInstruction(opcode, at, end);
    }
  }

  #readInstruction(opcode: number, at: number, end: number): void {
    if (this.#block === undefined) throw badModule("an instruction lies outside of a block");
    if (++this.#instructionCount > MAX_INSTRUCTIONS)
      throw tooLarge(`it has more than ${MAX_INSTRUCTIONS} instructions`);
    const isValue = hasResult(opcode);
    if (isValue && end - at < 2) throw badModule("an instruction has no result");
    const instruction = {
      opcode,
      type: isValue ? (this.#words[at] ?? 0) : 0,
      result: isValue ? (this.#words[at + 1] ?? 0) : 0,
      operands: this.#operands(isValue ? at + 2 : at, end),
      location: this.#location,
    };
    if (this.#wideIntegers.has(instruction.type)) this.#wideValues.add(instruction.result);
    if (opcode < Op.Branch || opcode > Op.Unreachable) {
      this.#block.instructions.push(instruction);
      return;
    }
    const targets = this.#targetsOf(instruction);
    this.#function?.blocks.push({ ...this.#block, terminator: instruction, targets });
    this.#block = undefined;
  }

  #targetsOf({ opcode, operands }: Instruction): readonly number[] {
    const [first = 0, second = 0, third = 0] = operands;
    if (opcode === Op.Branch) return [first];
    if (opcode === Op.BranchConditional) return [second, third];
    if (opcode !== Op.Switch) return [];
    // Behind the default, each label has a number before it: a word, or two where the selector is wide.
    const isWide =
      this.#wideValues.has(first) || this.#wideIntegers.has(this.#constants.get(first)?.type ?? 0);
    const step = isWide ? 3 : 2;
    if ((operands.length - 2) % step !== 0) throw badModule("a switch has a number without a label");
    return [...new Set(operands.filter((_, at) => at > 0 && (at - 1) % step === 0))];
  }
}

const decoder = new TextDecoder();

function textOf(words: readonly number[]): string {
  const bytes = new Uint8Array(Uint32Array.from(words).buffer);
  const end = bytes.indexOf(0);
  return decoder.decode(end < 0 ? bytes : bytes.subarray(0, end));
}
