/** A small assembler for WebAssembly: what a filter's module needs, and nothing else. */

/** Bytes of a module, nested as they are put together. */
export type Code = number | readonly Code[];

/** Types of values. */
export const TYPE = { i32: 0x7f, i64: 0x7e, v128: 0x7b } as const;

/** Instructions without operands of their own. */
export const OP = {
  end: 0x0b,
  i32Eqz: 0x45,
  i32LtU: 0x49,
  i32GeU: 0x4f,
  i32Add: 0x6a,
  i32Sub: 0x6b,
  i32Or: 0x72,
  i32Shl: 0x74,
  i32ShrU: 0x76,
  i64Eqz: 0x50,
  i64LtU: 0x54,
  i64Ctz: 0x7a,
  i64Add: 0x7c,
  i64Sub: 0x7d,
  i64And: 0x83,
  i64Or: 0x84,
  i64Xor: 0x85,
  i64Shl: 0x86,
  i64ShrU: 0x88,
  i32WrapI64: 0xa7,
  i64ExtendI32U: 0xad,
} as const;

/** Instructions on vectors of bytes. */
export const VECTOR = {
  swizzle: [0xfd, 0x0e],
  eq: [0xfd, 0x23],
  ne: [0xfd, 0x24],
  leU: [0xfd, 0x2a],
  and: [0xfd, 0x4e],
  or: [0xfd, 0x50],
  bitmask: [0xfd, 0x64],
  shrU: [0xfd, 0x6d],
  sub: [0xfd, 0x71],
} as const;

/** A number in LEB128, unsigned. */
export function unsigned(value: number): Code {
  const bytes: number[] = [];
  for (let rest = value; ; rest = Math.floor(rest / 128)) {
    if (rest < 128) return [...bytes, rest];
    bytes.push((rest % 128) | 0x80);
  }
}

/** A number in LEB128, signed. */
export function signed(value: bigint): Code {
  const bytes: number[] = [];
  for (let rest = value; ; rest >>= 7n) {
    const low = Number(rest & 0x7fn);
    const isLast = rest >= -64n && rest < 64n;
    bytes.push(isLast ? low : low | 0x80);
    if (isLast) return bytes;
  }
}

/** The value of a local. */
export const get = (local: number): Code => [0x20, unsigned(local)];
/** Into a local. */
export const set = (local: number): Code => [0x21, unsigned(local)];
/** Into a local, and kept on the stack. */
export const tee = (local: number): Code => [0x22, unsigned(local)];
/** A word. */
export const i32 = (value: number): Code => [0x41, signed(BigInt(value | 0))];
/** A double word. */
export const i64 = (value: bigint): Code => [0x42, signed(BigInt.asIntN(64, value))];
/** A vector of 16 bytes. */
export const v128 = (bytes: readonly number[]): Code => [0xfd, 0x0c, bytes];
/** Loads a vector from the address on the stack. */
export const loadVector = (offset: number): Code => [0xfd, 0x00, 0x00, unsigned(offset)];
/** Stores a word at the address below it on the stack. */
export const storeWord = (offset: number): Code => [0x36, 0x00, unsigned(offset)];
/** `branch` leaves it. */
export const block = (...body: Code[]): Code => [0x02, 0x40, body, OP.end];
/** `branch` begins it anew. */
export const loop = (...body: Code[]): Code => [0x03, 0x40, body, OP.end];
/** Runs the body where the word on the stack is not 0. */
export const when = (...body: Code[]): Code => [0x04, 0x40, body, OP.end];
/** To the end of the block, or the start of the loop, so many levels out. */
export const branch = (depth: number): Code => [0x0c, unsigned(depth)];
/** As `branch`, where the word on the stack is not 0. */
export const branchIf = (depth: number): Code => [0x0d, unsigned(depth)];

function flat(code: Code, bytes: number[] = []): number[] {
  if (typeof code === "number") bytes.push(code);
  else for (const part of code) flat(part, bytes);
  return bytes;
}
const sized = (code: Code): Code => {
  const bytes = flat(code);
  return [unsigned(bytes.length), bytes];
};
const vector = (items: readonly Code[]): Code => [unsigned(items.length), items];
const section = (id: number, content: Code): Code => [id, sized(content)];
const name = (text: string): Code => vector([...Buffer.from(text)]);

/** A function over the memory that is imported as env.memory. */
export interface MemoryFunction {
  readonly name: string;
  /** All parameters are i32; so is the result. */
  readonly parameterCount: number;
  /** Types of the locals behind the parameters. */
  readonly locals: readonly number[];
  readonly body: Code;
}

/** A module with one function. */
export function moduleOf({
  name: exported,
  parameterCount,
  locals,
  body,
}: MemoryFunction): Uint8Array<ArrayBuffer> {
  const parameters = Array.from({ length: parameterCount }, () => TYPE.i32);
  const shared = [0x03, unsigned(1), unsigned(65_536)];
  const code = [vector(locals.map((type) => [1, type])), body, OP.end];
  return Uint8Array.from(
    flat([
      [0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
      section(1, vector([[0x60, vector(parameters), vector([TYPE.i32])]])),
      section(2, vector([[name("env"), name("memory"), 0x02, shared]])),
      section(3, vector([0])),
      section(7, vector([[name(exported), 0x00, 0]])),
      section(10, vector([sized(code)])),
    ]),
  );
}
