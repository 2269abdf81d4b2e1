/** Makes structs: the layout is solved once, when the schema module is loaded. */

import {
  fullText,
  type OptionChecks,
  oneOf,
  readOptions,
  recordOf,
  shown,
  text as textOf,
  EverwarpError,
} from "../base/index.ts";
import { type Accessor, accessorOf } from "./accessor.ts";
import { solve, strideOf } from "./solve.ts";
import {
  assertField,
  type Fields,
  type InferFields,
  type LayoutRule,
  type StructLayout,
  type UndocumentedType,
  undocumented,
} from "./types.ts";

/** A struct of the schema, with access to memory. */
export interface Struct<F extends Fields = Fields> extends StructLayout<F> {
  /** Reads all fields with fixed sizes into a record. `base` is a byte offset. */
  read(view: DataView, base?: number): InferFields<F>;
  /** Writes the fields given. @throws EW_BAD_ARGUMENT for a value that does not fit its field */
  write(view: DataView, base: number, values: Partial<InferFields<F>>): void;
  /** An object with a property per field, straight on memory. `byteOffset` is a multiple of `alignBytes`. */
  at(buffer: ArrayBuffer | SharedArrayBuffer, byteOffset?: number): Accessor<F>;
}

export interface StructOptions {
  /** `scalar` if not given: each field at the next multiple of its own size. */
  rule?: LayoutRule;
  /** A sentence about the whole, a comment in GLSL. */
  doc?: string;
}

const STRUCT_OPTIONS: OptionChecks<StructOptions> = { rule: oneOf("scalar", "std430"), doc: textOf };
const anyFields = recordOf(assertField, "the fields of a struct by their names");

/**
 * Defines a struct.
 *
 * @param name its name in GLSL
 * @param fields in the order of memory
 * @throws EW_BAD_ARGUMENT for names or types that GLSL cannot express
 */
export function struct<const F extends Fields>(
  name: string,
  fields: F,
  options: StructOptions = {},
): Struct<F> {
  const { rule = "scalar", doc: text } = readOptions<StructOptions>(
    "the options of struct",
    options,
    STRUCT_OPTIONS,
  );
  fullText("the name of a struct", name);
  anyFields("fields", fields);
  const solved = solve(name, fields, rule);
  const words = Object.fromEntries(
    Object.entries(solved.offsets).map(([field, offset]) => [field, offset / 4]),
  );
  const layout: StructLayout<F> = {
    kind: "struct",
    name,
    rule,
    fields,
    text,
    offsets: solved.offsets as Struct<F>["offsets"],
    words: words as Struct<F>["words"],
    sizeBytes: solved.sizeBytes,
    strideBytes: solved.strideBytes,
    alignBytes: solved.alignBytes,
  };
  const plain = layout as unknown as StructLayout; // the same, with its fields forgotten
  return {
    ...layout,
    read: (view, base = 0) => readStruct(plain, view, base) as ReturnType<Struct<F>["read"]>,
    write: (view, base, values) => writeStruct(plain, view, base, values),
    at: (buffer, byteOffset = 0) => accessorOf(layout, buffer, byteOffset),
  };
}

function readStruct(of: StructLayout, view: DataView, base: number): Record<string, unknown> {
  const record: Record<string, unknown> = {};
  for (const [field, documented] of Object.entries(of.fields)) {
    const type = undocumented(documented);
    if (type.kind === "padding" || (type.kind === "array" && type.count === undefined)) continue;
    record[field] = readValue(type, of.rule, view, base + (of.offsets[field] ?? 0));
  }
  return record;
}

function readValue(type: UndocumentedType, rule: LayoutRule, view: DataView, at: number): unknown {
  switch (type.kind) {
    case "u32":
      return view.getUint32(at, true);
    case "i32":
      return view.getInt32(at, true);
    case "f32":
      return view.getFloat32(at, true);
    case "u64":
      return view.getBigUint64(at, true);
    case "struct":
      return readStruct(type, view, at);
    case "array": {
      const strideBytes = strideOf(type.element, rule);
      return Array.from({ length: type.count ?? 0 }, (_, i) =>
        readValue(type.element, rule, view, at + i * strideBytes),
      );
    }
    case "padding":
      return undefined;
  }
}

function writeStruct(of: StructLayout, view: DataView, base: number, values: object): void {
  for (const [field, value] of Object.entries(values)) {
    const documented = of.fields[field];
    if (documented === undefined) throw misfit(`${of.name}.${field}`, "no such field", value);
    if (value !== undefined) {
      writeValue(
        `${of.name}.${field}`,
        undocumented(documented),
        of.rule,
        view,
        base + (of.offsets[field] ?? 0),
        value,
      );
    }
  }
}

function writeValue(
  where: string,
  type: UndocumentedType,
  rule: LayoutRule,
  view: DataView,
  at: number,
  value: unknown,
): void {
  switch (type.kind) {
    case "u32":
      view.setUint32(at, integer(where, value, 0, 0xffff_ffff), true);
      return;
    case "i32":
      view.setInt32(at, integer(where, value, -0x8000_0000, 0x7fff_ffff), true);
      return;
    case "f32":
      if (typeof value !== "number") throw misfit(where, "a number", value);
      view.setFloat32(at, value, true);
      return;
    case "u64":
      if (typeof value !== "bigint" || value < 0n || value > 0xffff_ffff_ffff_ffffn) {
        throw misfit(where, "a bigint of 64 bits", value);
      }
      view.setBigUint64(at, value, true);
      return;
    case "struct":
      if (typeof value !== "object" || value === null) throw misfit(where, "a record", value);
      writeStruct(type, view, at, value);
      return;
    case "array": {
      const isList = Array.isArray(value) || (ArrayBuffer.isView(value) && !(value instanceof DataView));
      const list = isList ? (value as ArrayLike<unknown>) : undefined;
      if (list === undefined || type.count === undefined || list.length > type.count) {
        throw misfit(where, `at most ${type.count ?? 0} elements`, value);
      }
      const strideBytes = strideOf(type.element, rule);
      for (let i = 0; i < list.length; i++) {
        writeValue(`${where}[${i}]`, type.element, rule, view, at + i * strideBytes, list[i]);
      }
      return;
    }
    case "padding":
      throw misfit(where, "nothing: it is padding", value);
  }
}

function integer(where: string, value: unknown, low: number, high: number): number {
  if (typeof value !== "number" || !Number.isInteger(value) || value < low || value > high) {
    throw misfit(where, `an integer of ${low}..${high}`, value);
  }
  return value;
}

function misfit(where: string, wanted: string, value: unknown): EverwarpError {
  return new EverwarpError("EW_BAD_ARGUMENT", `${where} takes ${wanted}, not ${shown(value)}`, {
    remedy: "See the schema of the struct.",
  });
}
