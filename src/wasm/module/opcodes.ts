/**
 * The instructions of WebAssembly 2.0: number, name, immediates, operands and results.
 *
 * Source: the binary format and the instruction index of the WebAssembly Core Specification 2.0.
 */
import { VECTOR_LINES } from "./vector-opcodes.ts";
import { VALUE_TYPE, type ValueType } from "./types.ts";

/**
 * The immediates of an instruction, and the words that a decoded instruction has for them.
 *
 * - `none`: no words.
 * - `block`: a block type (-0x40 for `[] -> []`, the number of a value type minus 0x80 for one result, else an index
 *   of a type), then the instruction of the matching `end`. `if` has one word more: the instruction of its `else`, or
 *   of its `end` where there is no `else`. A word for an instruction is its number in the module's `code`.
 * - `else`: the instruction of the matching `end`.
 * - `label`: the depth of a label. `labels`: the depths of `br_table`, the default last.
 * - `index`: an index of a function, local, global, table, segment or lane, by instruction; `two`: two of them, in the
 *   order of the binary. `segment`: an index that a zero byte follows.
 * - `memory`: the exponent of the alignment, then the offset as an unsigned number.
 * - `lane`: the words of `memory`, then the lane.
 * - `i32`, `f32`: the bits. `i64`, `f64`: the bits, low word first. `v128` and `shuffle`: four words, low word first.
 * - `type`, `types`: the number of a value type. `operand`, of `drop` and `select`, has such a word too: it is not in
 *   the binary, and the validator fills it in (0 in code that cannot be reached, where the type may be unknown).
 * - `reserved` and `reserved2`: zero bytes without a meaning. No words.
 */
export type Immediate =
  | "none"
  | "block"
  | "else"
  | "label"
  | "labels"
  | "index"
  | "two"
  | "segment"
  | "memory"
  | "lane"
  | "i32"
  | "i64"
  | "f32"
  | "f64"
  | "v128"
  | "shuffle"
  | "type"
  | "types"
  | "operand"
  | "reserved"
  | "reserved2";

/** One instruction of the instruction set. */
export interface Opcode {
  /** The number: a byte, or `prefix << 8 | number`. */
  readonly code: number;
  /** The name in the text format. */
  readonly name: string;
  readonly immediate: Immediate;
  /** Undefined where operands and results depend on immediates or on the stack. */
  readonly signature: Signature | undefined;
  /** For instructions that reach memory: how many bytes they reach, else 0. */
  readonly bytes: number;
  /** For instructions that name a lane: how many lanes there are, else 0. */
  readonly lanes: number;
}

/** What an instruction takes from the stack and puts there. */
export interface Signature {
  readonly params: readonly ValueType[];
  readonly results: readonly ValueType[];
}

/** The letters of the types in the tables below. */
const LETTERS: Readonly<Record<string, ValueType>> = {
  i: VALUE_TYPE.i32,
  l: VALUE_TYPE.i64,
  f: VALUE_TYPE.f32,
  d: VALUE_TYPE.f64,
  v: VALUE_TYPE.v128,
};

/** Number, name, immediate; the operands and results where they are always the same. */
const SPECIAL = `
00 unreachable none, 01 nop none >, 02 block block, 03 loop block, 04 if block, 05 else else, 0b end none
0c br label, 0d br_if label, 0e br_table labels, 0f return none, 10 call index, 11 call_indirect two
1a drop operand, 1b select operand, 1c select types
20 local.get index, 21 local.set index, 22 local.tee index, 23 global.get index, 24 global.set index
25 table.get index, 26 table.set index, 3f memory.size reserved >i, 40 memory.grow reserved i>i
41 i32.const i32 >i, 42 i64.const i64 >l, 43 f32.const f32 >f, 44 f64.const f64 >d
d0 ref.null type, d1 ref.is_null none, d2 ref.func index
fc08 memory.init segment iii>, fc09 data.drop index >, fc0a memory.copy reserved2 iii>, fc0b memory.fill reserved iii>
fc0c table.init two iii>, fc0d elem.drop index >, fc0e table.copy two iii>
fc0f table.grow index, fc10 table.size index >i, fc11 table.fill index`;

/** From a number on: instructions that reach memory, with the bytes that they reach. */
const MEMORY = `
28 i>i i32.load:4, i>l i64.load:8, i>f f32.load:4, i>d f64.load:8
2c i>i i32.load8_s:1 i32.load8_u:1 i32.load16_s:2 i32.load16_u:2
30 i>l i64.load8_s:1 i64.load8_u:1 i64.load16_s:2 i64.load16_u:2 i64.load32_s:4 i64.load32_u:4
36 ii> i32.store:4, il> i64.store:8, if> f32.store:4, id> f64.store:8
3a ii> i32.store8:1 i32.store16:2, il> i64.store8:1 i64.store16:2 i64.store32:4`;

/** From a number on: instructions without immediates. */
const PLAIN = `
45 i>i i32.eqz, ii>i i32.eq i32.ne i32.lt_s i32.lt_u i32.gt_s i32.gt_u i32.le_s i32.le_u i32.ge_s i32.ge_u
50 l>i i64.eqz, ll>i i64.eq i64.ne i64.lt_s i64.lt_u i64.gt_s i64.gt_u i64.le_s i64.le_u i64.ge_s i64.ge_u
5b ff>i f32.eq f32.ne f32.lt f32.gt f32.le f32.ge
61 dd>i f64.eq f64.ne f64.lt f64.gt f64.le f64.ge
67 i>i i32.clz i32.ctz i32.popcnt
6a ii>i i32.add i32.sub i32.mul i32.div_s i32.div_u i32.rem_s i32.rem_u i32.and i32.or i32.xor
74 ii>i i32.shl i32.shr_s i32.shr_u i32.rotl i32.rotr
79 l>l i64.clz i64.ctz i64.popcnt
7c ll>l i64.add i64.sub i64.mul i64.div_s i64.div_u i64.rem_s i64.rem_u i64.and i64.or i64.xor
86 ll>l i64.shl i64.shr_s i64.shr_u i64.rotl i64.rotr
8b f>f f32.abs f32.neg f32.ceil f32.floor f32.trunc f32.nearest f32.sqrt
92 ff>f f32.add f32.sub f32.mul f32.div f32.min f32.max f32.copysign
99 d>d f64.abs f64.neg f64.ceil f64.floor f64.trunc f64.nearest f64.sqrt
a0 dd>d f64.add f64.sub f64.mul f64.div f64.min f64.max f64.copysign
a7 l>i i32.wrap_i64, f>i i32.trunc_f32_s i32.trunc_f32_u, d>i i32.trunc_f64_s i32.trunc_f64_u
ac i>l i64.extend_i32_s i64.extend_i32_u
ae f>l i64.trunc_f32_s i64.trunc_f32_u, d>l i64.trunc_f64_s i64.trunc_f64_u
b2 i>f f32.convert_i32_s f32.convert_i32_u, l>f f32.convert_i64_s f32.convert_i64_u, d>f f32.demote_f64
b7 i>d f64.convert_i32_s f64.convert_i32_u, l>d f64.convert_i64_s f64.convert_i64_u, f>d f64.promote_f32
bc f>i i32.reinterpret_f32, d>l i64.reinterpret_f64, i>f f32.reinterpret_i32, l>d f64.reinterpret_i64
c0 i>i i32.extend8_s i32.extend16_s, l>l i64.extend8_s i64.extend16_s i64.extend32_s
fc00 f>i i32.trunc_sat_f32_s i32.trunc_sat_f32_u, d>i i32.trunc_sat_f64_s i32.trunc_sat_f64_u
fc04 f>l i64.trunc_sat_f32_s i64.trunc_sat_f32_u, d>l i64.trunc_sat_f64_s i64.trunc_sat_f64_u`;

const table: (Opcode | undefined)[] = Array.from({ length: 0xfe00 });
const byName = new Map<string, Opcode>();

for (const entry of SPECIAL.split(/[\n,]/)) {
  const [number, name, immediate, signature] = entry.trim().split(" ");
  if (name !== undefined) add(number!, name, immediate as Immediate, signature);
}
for (const line of `${MEMORY}${PLAIN}${VECTOR_LINES}`.split("\n")) addLine(line.trim());

/** A line of consecutive numbers. A name is followed by `:bytes` where memory is reached, and by `/lanes`. */
function addLine(line: string): void {
  if (line === "") return;
  const space = line.indexOf(" ");
  let code = Number.parseInt(line.slice(0, space), 16);
  for (const group of line.slice(space).split(",")) {
    const [signature, ...names] = group.trim().split(" ");
    for (const text of names) {
      const [, name, bytes, lanes] = /^([^:/]+)(?::(\d+))?(?:\/(\d+))?$/.exec(text)!;
      const immediate = plainImmediate(name!, Number(bytes ?? 0), Number(lanes ?? 0));
      add(code.toString(16), name!, immediate, signature, Number(bytes ?? 0), Number(lanes ?? 0));
      code++;
    }
  }
}

function plainImmediate(name: string, bytes: number, lanes: number): Immediate {
  if (name === "v128.const") return "v128";
  if (name === "i8x16.shuffle") return "shuffle";
  if (bytes > 0) return lanes > 0 ? "lane" : "memory";
  return lanes > 0 ? "index" : "none";
}

// The tables are constants of this file: what breaks here, breaks at the first import.
function add(number: string, name: string, immediate: Immediate, text?: string, bytes = 0, lanes = 0): void {
  const code = Number.parseInt(number, 16);
  const opcode = { code, name, immediate, signature: signatureOf(text), bytes, lanes };
  table[code] = opcode;
  // The typed form of `select` has the name of the other one.
  if (!byName.has(name)) byName.set(name, opcode);
}

function signatureOf(text: string | undefined): Signature | undefined {
  if (text === undefined) return undefined;
  const [params, results] = text.split(">").map((side) => Array.from(side, (letter) => LETTERS[letter]!));
  return { params: params!, results: results! };
}

/** An instruction by its number, or undefined where WebAssembly 2.0 has none. */
export function opcodeOf(code: number): Opcode | undefined {
  return table[code];
}

/** An instruction by its name in the text format. `select` is the form without types. */
export function opcodeNamed(name: string): Opcode | undefined {
  return byName.get(name);
}

/** All instructions of WebAssembly 2.0, by number. */
export function allOpcodes(): readonly Opcode[] {
  return table.filter((opcode) => opcode !== undefined);
}
