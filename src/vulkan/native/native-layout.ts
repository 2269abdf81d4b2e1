/**
 * C structs as plain records. A layout lists the offsets of the fields. `writeStruct` and `readStruct` convert.
 *
 * The generated Vulkan structs are such layouts. Encoding uses DataView. It happens when objects are created, never on
 * a hot path. A struct that is used repeatedly, such as a submission, is written once and kept.
 *
 * Only 64-bit little-endian hosts are supported: a pointer has eight bytes.
 */

/** The field kinds, and the type of a record's value for each kind. */
interface KindValues {
  u8: number;
  u32: number;
  i32: number;
  f32: number;
  u64: bigint;
  pointer: bigint;
}

type ScalarKind = "u8" | "u32" | "i32" | "f32" | "u64" | "pointer";

/** One scalar field. */
export interface ScalarField<K extends ScalarKind = ScalarKind> {
  readonly kind: K;
  readonly offset: number;
}
/** A fixed array of char, read and written as a text that ends with a NUL. */
export interface TextField {
  readonly kind: "text";
  readonly offset: number;
  readonly count: number;
}
/** A fixed array of bytes. */
export interface BytesField {
  readonly kind: "bytes";
  readonly offset: number;
  readonly count: number;
}
/** A fixed array of scalars. */
export interface ScalarsField<K extends ScalarKind = ScalarKind> {
  readonly kind: "scalars";
  readonly element: K;
  readonly offset: number;
  readonly count: number;
}
/** A struct inside a struct. */
export interface NestedField<L extends Layout = Layout> {
  readonly kind: "nested";
  readonly layout: L;
  readonly offset: number;
}
/** A fixed array of structs inside a struct. */
export interface NestedArrayField<L extends Layout = Layout> {
  readonly kind: "nestedArray";
  readonly layout: L;
  readonly offset: number;
  readonly count: number;
}
/** A member of a native struct. */
export type Field = ScalarField | TextField | BytesField | ScalarsField | NestedField | NestedArrayField;

/** A C struct: its size, its alignment and its fields. */
export interface Layout<F extends Readonly<Record<string, Field>> = Readonly<Record<string, Field>>> {
  readonly name: string;
  readonly sizeBytes: number;
  /** The VkStructureType that `writeStruct` writes, if the struct has one. */
  readonly structureType: number | undefined;
  readonly fields: F;
}

type ValueOf<F> =
  F extends ScalarField<infer K>
    ? KindValues[K]
    : F extends TextField
      ? string
      : F extends BytesField
        ? Uint8Array
        : F extends ScalarsField<infer K>
          ? KindValues[K][]
          : F extends NestedField<infer L>
            ? RecordOf<L>
            : F extends NestedArrayField<infer L>
              ? RecordOf<L>[]
              : never;

type InputOf<F> =
  F extends ScalarField<"u64" | "pointer">
    ? bigint | number
    : F extends NestedField<infer L>
      ? InputRecordOf<L>
      : F extends NestedArrayField<infer L>
        ? readonly InputRecordOf<L>[]
        : F extends ScalarsField<infer K>
          ? readonly KindValues[K][]
          : ValueOf<F>;

/** The result of `readStruct` for a layout. */
export type RecordOf<L extends Layout> = { -readonly [K in keyof L["fields"]]: ValueOf<L["fields"][K]> };
/** The input of `writeStruct` for a layout. Omitted fields are zero. */
export type InputRecordOf<L extends Layout> = { readonly [K in keyof L["fields"]]?: InputOf<L["fields"][K]> };

/** Declares a layout. `structureType` is the struct's VkStructureType. */
export function layout<const F extends Readonly<Record<string, Field>>>(
  name: string,
  sizeBytes: number,
  structureType: number | undefined,
  fields: F,
): Layout<F> {
  return { name, sizeBytes, structureType, fields };
}

const scalar =
  <K extends ScalarKind>(kind: K) =>
  (offset: number): ScalarField<K> => ({ kind, offset });

/** A member of the type uint8_t, at a byte offset. */
export const u8 = scalar("u8");
/** A member of the type uint32_t, at a byte offset. */
export const u32 = scalar("u32");
/** A member of the type int32_t, at a byte offset. */
export const i32 = scalar("i32");
/** A member of the type float, at a byte offset. */
export const f32 = scalar("f32");
/** A member of the type uint64_t or a handle, at a byte offset. */
export const u64 = scalar("u64");
/** A member that is a pointer, at a byte offset. */
export const pointer = scalar("pointer");
/** A member that is an array of characters which ends with a NUL. */
export const text = (offset: number, count: number): TextField => ({ kind: "text", offset, count });
/** A member that is an array of bytes. */
export const bytes = (offset: number, count: number): BytesField => ({ kind: "bytes", offset, count });
/** A member that is an array of numbers. */
export const scalars = <K extends ScalarKind>(
  offset: number,
  count: number,
  element: K,
): ScalarsField<K> => ({
  kind: "scalars",
  element,
  offset,
  count,
});
/** A member that is a struct. */
export const nested = <L extends Layout>(offset: number, of: L): NestedField<L> => ({
  kind: "nested",
  layout: of,
  offset,
});
/** A member that is an array of structs. */
export const nestedArray = <L extends Layout>(offset: number, count: number, of: L): NestedArrayField<L> => ({
  kind: "nestedArray",
  layout: of,
  offset,
  count,
});

const SCALAR_SIZE_BYTES: Record<ScalarKind, number> = { u8: 1, u32: 4, i32: 4, f32: 4, u64: 8, pointer: 8 };

/** Writes `values` at `base`. Bytes of omitted fields keep their content, so start with zeroed memory. */
export function writeStruct<L extends Layout>(
  view: DataView,
  base: number,
  of: L,
  values: InputRecordOf<L>,
): void {
  if (of.structureType !== undefined) view.setUint32(base, of.structureType, true);
  for (const [name, value] of Object.entries(values)) {
    const field = of.fields[name];
    if (field === undefined) throw new TypeError(`${of.name} has no field ${name}`);
    if (value !== undefined) writeField(view, base + field.offset, field, value);
  }
}

/** Reads the whole struct at `base`. */
export function readStruct<L extends Layout>(view: DataView, base: number, of: L): RecordOf<L> {
  const record: Record<string, unknown> = {};
  for (const [name, field] of Object.entries(of.fields))
    record[name] = readField(view, base + field.offset, field);
  return record as RecordOf<L>;
}

function writeField(view: DataView, at: number, field: Field, value: unknown): void {
  switch (field.kind) {
    case "text": {
      const encoded = new TextEncoder().encode(value as string);
      if (encoded.length >= field.count)
        throw new RangeError(`text of ${encoded.length} bytes in ${field.count}`);
      new Uint8Array(view.buffer, view.byteOffset + at, field.count).set(encoded);
      return;
    }
    case "bytes":
      new Uint8Array(view.buffer, view.byteOffset + at, field.count).set(value as Uint8Array);
      return;
    case "scalars":
      (value as number[]).forEach((element, index) => {
        writeScalar(view, at + index * SCALAR_SIZE_BYTES[field.element], field.element, element);
      });
      return;
    case "nested":
      writeStruct(view, at, field.layout, value as object);
      return;
    case "nestedArray":
      (value as object[]).forEach((element, index) => {
        writeStruct(view, at + index * field.layout.sizeBytes, field.layout, element);
      });
      return;
    default:
      writeScalar(view, at, field.kind, value as number | bigint);
  }
}

function writeScalar(view: DataView, at: number, kind: ScalarKind, value: number | bigint): void {
  if (kind === "u8") view.setUint8(at, Number(value));
  else if (kind === "u32") view.setUint32(at, Number(value), true);
  else if (kind === "i32") view.setInt32(at, Number(value), true);
  else if (kind === "f32") view.setFloat32(at, Number(value), true);
  else view.setBigUint64(at, BigInt(value), true);
}

function readScalar(view: DataView, at: number, kind: ScalarKind): number | bigint {
  if (kind === "u8") return view.getUint8(at);
  if (kind === "u32") return view.getUint32(at, true);
  if (kind === "i32") return view.getInt32(at, true);
  if (kind === "f32") return view.getFloat32(at, true);
  return view.getBigUint64(at, true);
}

function readField(view: DataView, at: number, field: Field): unknown {
  switch (field.kind) {
    case "text": {
      const all = new Uint8Array(view.buffer, view.byteOffset + at, field.count);
      const end = all.indexOf(0);
      return new TextDecoder().decode(all.subarray(0, end < 0 ? field.count : end));
    }
    case "bytes":
      return new Uint8Array(view.buffer, view.byteOffset + at, field.count).slice();
    case "scalars":
      return Array.from({ length: field.count }, (_, index) =>
        readScalar(view, at + index * SCALAR_SIZE_BYTES[field.element], field.element),
      );
    case "nested":
      return readStruct(view, at, field.layout);
    case "nestedArray":
      return Array.from({ length: field.count }, (_, index) =>
        readStruct(view, at + index * field.layout.sizeBytes, field.layout),
      );
    default:
      return readScalar(view, at, field.kind);
  }
}
