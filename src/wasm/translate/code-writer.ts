/** Collects instructions of the register form, their constants and their tables of jumps. */
import { INSTRUCTION_WORDS, type Instruction, Kind, type Operand, packInstruction } from "../form/index.ts";

/** The code of any number of modules, in one list. Functions, constants and jumps are numbered through. */
export class CodeWriter {
  #words = new Uint32Array(1024);
  #offsets = new Uint32Array(256);
  #count = 0;
  readonly #constants: bigint[] = [];
  readonly #constantNumbers = new Map<bigint, number>();
  /** Targets of `TABLE_JUMP`, table after table. */
  readonly jumps: number[] = [];
  /** Where the instruction that is being translated begins in its binary. */
  offset = 0;

  /** The number of the instruction that is written next. */
  get count(): number {
    return this.#count;
  }

  /** @returns the number of the instruction */
  emit(fields: Partial<Instruction> & Pick<Instruction, "operation">): number {
    const index = this.#count++;
    const at = index * INSTRUCTION_WORDS;
    if (at >= this.#words.length) {
      this.#words = grown(this.#words);
      this.#offsets = grown(this.#offsets);
    }
    this.#words.set(packInstruction(fields), at);
    this.#offsets[index] = this.offset;
    return index;
  }

  /** Changes the target of an instruction. */
  setTarget(instruction: number, target: number): void {
    this.#words[instruction * INSTRUCTION_WORDS + 1] = target;
  }

  /** Changes what becomes of a result. */
  redirect(instruction: number, { bits, target }: { bits: number; target: number }): void {
    const at = instruction * INSTRUCTION_WORDS;
    this.#words[at] = (this.#words[at]! | bits) >>> 0;
    this.#words[at + 1] = target;
  }

  /** An operand with a value of 64 bits. */
  constant(bits: bigint): Operand {
    if (bits < 1n << 32n) return { kind: Kind.NUMBER, value: Number(bits) };
    let value = this.#constantNumbers.get(bits);
    if (value === undefined) {
      value = this.#constants.push(bits) - 1;
      this.#constantNumbers.set(bits, value);
    }
    return { kind: Kind.CONSTANT, value };
  }

  /** An operand with a vector: two constants beside each other, the low one first. */
  vector(low: bigint, high: bigint): Operand {
    const value = this.#constants.push(low, high) - 2;
    return { kind: Kind.CONSTANT, value };
  }

  /** The instructions so far, 4 words each. A view: it is out of date after the next `emit`. */
  get words(): Uint32Array {
    return this.#words.subarray(0, this.#count * INSTRUCTION_WORDS);
  }

  /** For each instruction, where it begins in the binary of its module. */
  get offsets(): Uint32Array {
    return this.#offsets.subarray(0, this.#count);
  }

  get constants(): BigUint64Array {
    return BigUint64Array.from(this.#constants);
  }
}

function grown(old: Uint32Array): Uint32Array<ArrayBuffer> {
  const room = new Uint32Array(old.length * 2);
  room.set(old);
  return room;
}
