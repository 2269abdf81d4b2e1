/**
 * Functions that call exports with the bits of their values: JavaScript changes bits of floats, and has no vectors.
 *
 * A value travels in carriers: f32 as i32, f64 as i64, v128 as two i64 with the low half first, all others as they are.
 */
import { type FunctionType, VALUE_TYPE, type ValueType } from "../module/index.ts";
import type { ByteWriter } from "./byte-writer.ts";

const { i32, i64, f32, f64, v128 } = VALUE_TYPE;

const LOCAL_GET = 0x20;
const LOCAL_SET = 0x21;

/** The carriers of values of a type. */
export function carriersOf(type: ValueType): readonly ValueType[] {
  switch (type) {
    case f32:
      return [i32];
    case f64:
      return [i64];
    case v128:
      return [i64, i64];
    default:
      return [type];
  }
}

/** The type of a function that calls another one by carriers. */
export function carrierType({ params, results }: FunctionType): FunctionType {
  return { params: params.flatMap(carriersOf), results: results.flatMap(carriersOf) };
}

/** Writes the code that makes a value of the carriers in locals from `local` on. */
function writeArgument(code: ByteWriter, type: ValueType, local: number): void {
  code.write(LOCAL_GET);
  code.u32(local);
  if (type === f32) code.write(0xbe); // f32.reinterpret_i32
  if (type === f64) code.write(0xbf); // f64.reinterpret_i64
  if (type !== v128) return;
  code.write(0xfd, 0x12, LOCAL_GET); // i64x2.splat
  code.u32(local + 1);
  code.write(0xfd, 0x1e, 1); // i64x2.replace_lane 1
}

/** Writes the code that makes carriers of the value in a local. */
function writeResult(code: ByteWriter, type: ValueType, local: number): void {
  const get = (): void => {
    code.write(LOCAL_GET);
    code.u32(local);
  };
  get();
  if (type === f32) code.write(0xbc); // i32.reinterpret_f32
  if (type === f64) code.write(0xbd); // i64.reinterpret_f64
  if (type !== v128) return;
  code.write(0xfd, 0x1d, 0); // i64x2.extract_lane 0
  get();
  code.write(0xfd, 0x1d, 1); // i64x2.extract_lane 1
}

/**
 * Writes the body of a function that reads carriers, does something, and gives carriers.
 *
 * @param act the instruction that takes the values of `params` and gives those of `results`
 */
export function writeCarrierBody(body: ByteWriter, { params, results }: FunctionType, act: ByteWriter): void {
  body.u32(results.length);
  for (const type of results) body.write(1, type);
  let local = 0;
  for (const type of params) {
    writeArgument(body, type, local);
    local += carriersOf(type).length;
  }
  body.append(act.bytes);
  for (let index = results.length - 1; index >= 0; index--) {
    body.write(LOCAL_SET);
    body.u32(local + index);
  }
  for (const [index, type] of results.entries()) writeResult(body, type, local + index);
  body.write(0x0b);
}
