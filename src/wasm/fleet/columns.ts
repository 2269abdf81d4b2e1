/** Columns that callers give and get: typed arrays with a row for each instance. */
import { badArgument } from "../../base/index.ts";
import { rowBytes, typeName, VALUE_TYPE, type ValueType } from "../module/index.ts";

/** Values of one parameter or result, one for each instance. A v128 has 16 bytes of a `Uint8Array`. */
export type WasmColumn = Int32Array | BigInt64Array | Float32Array | Float64Array | Uint8Array;

/** Values of one parameter: a column, or one number for all instances. */
export type WasmArgument = WasmColumn | Uint32Array | BigUint64Array | number | bigint;

type ColumnClass = new (buffer: ArrayBuffer) => WasmColumn;

/** For each type: the class of its columns, and the class of unsigned columns that are taken, too. */
const CLASSES: Readonly<Record<number, readonly [ColumnClass, (new (buffer: ArrayBuffer) => object)?]>> = {
  [VALUE_TYPE.i32]: [Int32Array, Uint32Array],
  [VALUE_TYPE.i64]: [BigInt64Array, BigUint64Array],
  [VALUE_TYPE.f32]: [Float32Array],
  [VALUE_TYPE.f64]: [Float64Array],
  [VALUE_TYPE.v128]: [Uint8Array],
};

/** Whether values of a type can be given in columns: references cannot. */
export function hasColumns(type: ValueType): boolean {
  return type in CLASSES;
}

/** An argument as bytes: a row for each instance. @throws EW_BAD_ARGUMENT */
export function columnBytes(name: string, type: ValueType, given: unknown, rows: number): Uint8Array {
  const [signed, unsigned] = CLASSES[type]!;
  if (typeof given === "number" || typeof given === "bigint") return repeated(name, type, given, rows);
  const width = rowBytes(type);
  const isColumn = given instanceof signed || (unsigned !== undefined && given instanceof unsigned);
  if (!isColumn || (given as WasmColumn).byteLength !== rows * width) {
    const length = (rows * width) / new signed(new ArrayBuffer(0)).BYTES_PER_ELEMENT;
    const found = ArrayBuffer.isView(given) ? given.constructor.name : undefined;
    const size = found === undefined ? "" : ` (here: ${found} of ${(given as Uint8Array).length})`;
    const allowed = `a ${signed.name} of ${length} elements, one ${typeName(type)} for each instance${size}`;
    throw badArgument(name, given, allowed);
  }
  const { buffer, byteOffset, byteLength } = given as WasmColumn;
  return new Uint8Array(buffer, byteOffset, byteLength);
}

function repeated(name: string, type: ValueType, value: number | bigint, rows: number): Uint8Array {
  const isBig = type === VALUE_TYPE.i64;
  if (type === VALUE_TYPE.v128 || isBig !== (typeof value === "bigint"))
    throw badArgument(
      name,
      value,
      `${isBig ? "a bigint" : "a number"} or a column: the parameter is ${typeName(type)}`,
    );
  const [signed] = CLASSES[type]!;
  const column = new signed(new ArrayBuffer(rows * rowBytes(type)));
  (column as { fill(value: unknown): unknown }).fill(value);
  return new Uint8Array(column.buffer);
}

/** Bytes as a column of the class of a type. */
export function columnOf(type: ValueType, bytes: Uint8Array): WasmColumn {
  const [signed] = CLASSES[type]!;
  const isWhole = bytes.byteOffset === 0 && bytes.byteLength === bytes.buffer.byteLength;
  return new signed((isWhole ? bytes : new Uint8Array(bytes)).buffer as ArrayBuffer);
}
