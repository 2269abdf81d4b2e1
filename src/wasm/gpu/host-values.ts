/**
 * Values that go to functions of the host and come back, as JavaScript has them.
 *
 * Source: ToJSValue and ToWebAssemblyValue of the WebAssembly JavaScript Interface.
 */
import { type FunctionType, VALUE_TYPE, type ValueType } from "../module/index.ts";
import type { HostFunction } from "../contracts.ts";

const { i32, i64, f32, f64 } = VALUE_TYPE;
const view = new DataView(new ArrayBuffer(8));

/** A value for JavaScript. Vectors and references have none. @throws TypeError */
function toJavaScript(type: ValueType, slot: bigint): number | bigint {
  view.setBigUint64(0, slot, true);
  switch (type) {
    case i32:
      return view.getInt32(0, true);
    case i64:
      return view.getBigInt64(0, true);
    case f32:
      return view.getFloat32(0, true);
    case f64:
      return view.getFloat64(0, true);
    default:
      throw new TypeError("a vector or a reference cannot be given to a function of the host");
  }
}

/** The slot of a value from JavaScript, as its type wants it. @throws TypeError as JavaScript's conversions do */
function fromJavaScript(type: ValueType, value: unknown): bigint {
  view.setBigUint64(0, 0n, true);
  switch (type) {
    case i32:
      view.setInt32(0, Number(value), true);
      break;
    case i64:
      view.setBigInt64(0, BigInt.asIntN(64, BigInt(value as bigint)), true);
      break;
    case f32:
      view.setFloat32(0, Number(value), true);
      break;
    case f64:
      view.setFloat64(0, Number(value), true);
      break;
    default:
      throw new TypeError("a vector or a reference cannot come from a function of the host");
  }
  return view.getBigUint64(0, true);
}

/** Calls a function of the host. @returns the slots of its results @throws what the function throws, TypeError */
export function callHost(
  host: HostFunction,
  { params, results }: FunctionType,
  slots: BigUint64Array,
): bigint[] {
  const value: unknown = host(...params.map((type, index) => toJavaScript(type, slots[index]!)));
  if (results.length === 0) return [];
  if (results.length === 1) return [fromJavaScript(results[0]!, value)];
  const values = [...(value as Iterable<unknown>)];
  if (values.length !== results.length)
    throw new TypeError(`a function of the host gave ${values.length} results and not ${results.length}`);
  return results.map((type, index) => fromJavaScript(type, values[index]));
}
