/**
 * Decodes the bodies of functions and constant expressions: opcodes, immediates, and which `end` closes which block.
 *
 * The nesting is a list, so its depth is limited by the length of the binary alone.
 */
import { CodeWriter } from "./code-writer.ts";
import { invalid, tooLarge, unsupported } from "./faults.ts";
import { MAX } from "./limits.ts";
import type { ConstantExpression, FunctionBody, LocalRun } from "./module.ts";
import { type Opcode, opcodeNamed, opcodeOf } from "./opcodes.ts";
import type { BinaryReader } from "./reader.ts";
import {
  isReferenceType,
  isValueType,
  NO_RESULT,
  type ReferenceType,
  VALUE_TYPE,
  type ValueType,
} from "./types.ts";

const IF = opcodeNamed("if")!.code;
const END = opcodeNamed("end")!.code;

/** Opcodes of proposals that came after WebAssembly 2.0, or beside it. */
const LATER: readonly (readonly [least: number, most: number, what: string])[] = [
  [0x06, 0x0a, "exceptions"],
  [0x12, 0x13, "tail calls"],
  [0x14, 0x17, "typed function references"],
  [0x18, 0x19, "exceptions"],
  [0x1f, 0x1f, "exceptions"],
  [0xd3, 0xd6, "typed function references"],
];

/** Reads an opcode with its prefix. */
export function readOpcode(reader: BinaryReader): Opcode {
  const start = reader.at;
  const byte = reader.byte();
  if (byte === 0xfc || byte === 0xfd) {
    const number = reader.u32();
    const opcode = number < 0x100 ? opcodeOf((byte << 8) | number) : undefined;
    if (opcode !== undefined) return opcode;
    if (byte === 0xfd && number >= 0x100 && number < 0x130) throw unsupported(start, "relaxed vectors");
    throw invalid(start, `illegal opcode ${hex(byte)} ${hex(number)}`);
  }
  const opcode = opcodeOf(byte);
  if (opcode !== undefined) return opcode;
  if (byte === 0xfe) throw unsupported(start, "threads and atomics");
  if (byte === 0xfb) throw unsupported(start, "garbage collection");
  for (const [least, most, what] of LATER) if (byte >= least && byte <= most) throw unsupported(start, what);
  throw invalid(start, `illegal opcode ${hex(byte)}`);
}

function hex(number: number): string {
  return `0x${number.toString(16).padStart(2, "0")}`;
}

/** Reads a value type. */
export function readValueType(reader: BinaryReader): ValueType {
  const start = reader.at;
  const byte = reader.byte();
  if (!isValueType(byte)) throw invalid(start, `malformed value type ${hex(byte)}`);
  return byte;
}

/** Reads a type of references. */
export function readReferenceType(reader: BinaryReader): ReferenceType {
  const start = reader.at;
  const byte = reader.byte();
  if (!isReferenceType(byte)) throw invalid(start, `malformed reference type ${hex(byte)}`);
  return byte;
}

function readZero(reader: BinaryReader): void {
  const start = reader.at;
  if (reader.byte() !== 0) throw invalid(start, "zero byte expected");
}

/** Decodes bodies into one list of instructions. */
export class BodyDecoder {
  readonly code: CodeWriter;
  readonly #reader: BinaryReader;
  /** The instructions that opened the blocks around the current one. */
  readonly #open: number[] = [];

  constructor(reader: BinaryReader) {
    this.#reader = reader;
    // An instruction has two bytes or so.
    this.code = new CodeWriter(Math.ceil(reader.bytes.length / 2));
  }

  /** Decodes the next body, with its size before it. @param parameters how many parameters the function has */
  body(parameters: number): FunctionBody {
    const reader = this.#reader;
    const sizeAt = reader.at;
    const size = reader.count("bytes of a function body", MAX.bodyBytes);
    if (size > reader.limit - reader.at) throw invalid(sizeAt, "unexpected end: a function body is cut off");
    const sectionEnd = reader.limit;
    const start = reader.at;
    const end = start + size;
    reader.limit = end;
    const locals = this.#locals(parameters);
    const lastRun = locals.at(-1);
    const first = this.code.count;
    const last = this.#instructions();
    if (reader.at !== end)
      throw invalid(reader.at, "END opcode expected: code follows the end of a function body");
    reader.limit = sectionEnd;
    const localCount = lastRun === undefined ? parameters : lastRun.first + lastRun.count;
    return { start, end, locals, localCount, first, last };
  }

  #locals(parameters: number): LocalRun[] {
    const reader = this.#reader;
    const runs: LocalRun[] = [];
    let next = parameters;
    for (let left = reader.u32(); left > 0; left--) {
      const at = reader.at;
      const count = reader.u32();
      if (next + count > MAX.locals) throw tooLarge(at, "too many locals", next + count, MAX.locals);
      const type = readValueType(reader);
      if (count > 0) runs.push({ first: next, count, type });
      next += count;
    }
    return runs;
  }

  /** @returns the last instruction */
  #instructions(): number {
    const open = this.#open;
    open.length = 0;
    for (;;) {
      const at = this.#reader.at;
      const opcode = readOpcode(this.#reader);
      const index = this.code.begin(opcode.code, at);
      this.#immediates(opcode, index, at);
      if (opcode.code === END) {
        if (open.length === 0) return index;
        this.#close(open.pop()!, index);
      }
    }
  }

  #close(opener: number, end: number): void {
    const code = this.code;
    code.set(opener, 1, end);
    if (code.opcodes[opener] !== IF) return;
    const otherwise = code.words[code.wordAt[opener]! + 2]!;
    if (otherwise === 0) code.set(opener, 2, end);
    else code.set(otherwise, 0, end);
  }

  #else(index: number, at: number): void {
    const code = this.code;
    const opener = this.#open.at(-1);
    if (opener === undefined || code.opcodes[opener] !== IF || code.words[code.wordAt[opener]! + 2] !== 0)
      throw invalid(at, "else without an if that it belongs to");
    code.set(opener, 2, index);
    code.word(0);
  }

  #immediates(opcode: Opcode, index: number, at: number): void {
    const reader = this.#reader;
    const code = this.code;
    switch (opcode.immediate) {
      case "none":
        return;
      case "block":
        code.word(readBlockType(reader));
        code.word(0);
        if (opcode.code === IF) code.word(0);
        this.#open.push(index);
        return;
      case "else":
        return this.#else(index, at);
      case "labels":
        for (let left = reader.count("targets of a br_table", MAX.branchTargets) + 1; left > 0; left--)
          code.word(reader.u32());
        return;
      case "label":
        return code.word(reader.u32());
      case "index":
        return code.word(opcode.lanes > 0 ? reader.byte() : reader.u32());
      case "segment":
        code.word(reader.u32());
        return readZero(reader);
      case "reserved2":
        readZero(reader);
        return readZero(reader);
      case "reserved":
        return readZero(reader);
      case "operand":
        return code.word(0);
      default:
        return this.#numbers(opcode);
    }
  }

  #numbers(opcode: Opcode): void {
    const reader = this.#reader;
    const code = this.code;
    switch (opcode.immediate) {
      case "two":
      case "memory":
      case "lane":
        code.word(reader.u32());
        code.word(reader.u32());
        if (opcode.immediate === "lane") code.word(reader.byte());
        return;
      case "i32":
        return code.word(reader.s32());
      case "i64":
        for (const word of reader.s64()) code.word(word);
        return;
      case "type":
        return code.word(readReferenceType(reader));
      case "types":
        return code.word(readSelectType(reader));
      default: {
        const count = { f32: 1, f64: 2 }[opcode.immediate as string] ?? 4;
        for (let word = 0; word < count; word++) code.word(reader.bits32());
      }
    }
  }
}

function readSelectType(reader: BinaryReader): ValueType {
  const start = reader.at;
  const count = reader.u32();
  if (count !== 1)
    throw invalid(start, `invalid result arity: select names ${count} types, and must name one`);
  return readValueType(reader);
}

/** A block type as a word: see `Immediate`. */
function readBlockType(reader: BinaryReader): number {
  const start = reader.at;
  const value = reader.s33();
  if (value >= MAX.types) throw invalid(start, `unknown type ${value}`);
  const isType = value >= -0x40 && (value === NO_RESULT || isValueType(value + 0x80));
  if (value >= 0 || (isType && reader.at === start + 1)) return value;
  throw invalid(start, "malformed block type");
}

/** Reads a constant expression: one instruction that needs nothing, and `end`. */
export function readConstant(reader: BinaryReader): ConstantExpression {
  const start = reader.at;
  const opcode = readOpcode(reader);
  const value = constantOf(opcode, reader, start);
  const next = reader.at;
  const end = readOpcode(reader);
  if (end.code !== END) throw invalid(next, `constant expression required: ${end.name} follows its value`);
  return value;
}

function constantOf(opcode: Opcode, reader: BinaryReader, start: number): ConstantExpression {
  switch (opcode.name) {
    case "i32.const":
      return { kind: "bits", type: VALUE_TYPE.i32, bits: BigInt(reader.s32() >>> 0) };
    case "i64.const":
      return { kind: "bits", type: VALUE_TYPE.i64, bits: bitsOf(reader.s64()) };
    case "f32.const":
      return { kind: "bits", type: VALUE_TYPE.f32, bits: bitsOf(readWords(reader, 1)) };
    case "f64.const":
      return { kind: "bits", type: VALUE_TYPE.f64, bits: bitsOf(readWords(reader, 2)) };
    case "v128.const":
      return { kind: "bits", type: VALUE_TYPE.v128, bits: bitsOf(readWords(reader, 4)) };
    case "global.get":
      return { kind: "global", index: reader.u32() };
    case "ref.func":
      return { kind: "function", index: reader.u32() };
    case "ref.null":
      return { kind: "null", type: readReferenceType(reader) };
    default:
      throw invalid(start, `constant expression required: ${opcode.name} is no constant`);
  }
}

function readWords(reader: BinaryReader, count: number): number[] {
  return Array.from({ length: count }, () => reader.bits32());
}

/** Words as one unsigned number, low word first. */
function bitsOf(words: readonly number[]): bigint {
  return words.reduceRight((bits, word) => (bits << 32n) | BigInt(word >>> 0), 0n);
}
