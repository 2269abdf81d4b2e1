/**
 * The types that host and device share. A struct is defined once, from values. The definition gives the TypeScript
 * type, the offsets, access to memory, and the GLSL text.
 *
 *   const Slot = struct("Slot", {
 *     sequence: doc(u32, "number of the request"),
 *     status: u32,
 *     _: padding(8),
 *     payload: array(u32, 12),
 *   }, { rule: "scalar" });
 *   type Slot = Infer<typeof Slot>;
 *   words[base / 4 + Slot.words.status] = 1;
 *
 * Every scalar has four or eight bytes, so every offset is a multiple of four.
 */
import { badArgument, text as textOf, wholeNumber } from "../base/index.ts";

/** GLSL's two layout rules for buffer memory. They differ after nested structs and arrays of structs. */
export type LayoutRule = "std430" | "scalar";

/** A number. On the host, `u64` is a bigint. */
export interface ScalarType<K extends ScalarKind = ScalarKind> {
  readonly kind: K;
}
/** The kinds of numbers. */
export type ScalarKind = "u32" | "i32" | "f32" | "u64";

/** `count` elements. Without a count: as many as the buffer holds, and only as the last field of a struct. */
export interface ArrayType<
  E extends ElementType = ElementType,
  N extends number | undefined = number | undefined,
> {
  readonly kind: "array";
  readonly element: E;
  readonly count: N;
}

/** Unused bytes. They separate fields, for example onto different cache lines. */
export interface PaddingType {
  readonly kind: "padding";
  readonly sizeBytes: number;
}

/** A type with a comment. */
export interface DocumentedType<T extends UndocumentedType = UndocumentedType> {
  readonly kind: "documented";
  readonly type: T;
  readonly text: string;
}

/** The types of array elements. */
export type ElementType = ScalarType | StructLayout;
/** A type of the schema, without a comment. */
export type UndocumentedType = ScalarType | ArrayType | PaddingType | StructLayout;
/** The types of struct fields. */
export type FieldType = UndocumentedType | DocumentedType;
/** The fields of a struct, in memory order. */
export type Fields = Readonly<Record<string, FieldType>>;

/** The layout of a struct: enough to nest the struct and to generate its GLSL. */
export interface StructLayout<F extends Fields = Fields> {
  readonly kind: "struct";
  /** Its name in GLSL. */
  readonly name: string;
  readonly rule: LayoutRule;
  readonly fields: F;
  /** A sentence about the struct. */
  readonly text: string | undefined;
  /** Byte offset of each field. */
  readonly offsets: { readonly [K in keyof F]: number };
  /** Offset of each field in 32-bit words, for hot code on a `Uint32Array`. */
  readonly words: { readonly [K in keyof F]: number };
  /** Size in bytes from the first field to the end of the last, without a trailing array that has no count. */
  readonly sizeBytes: number;
  /** The distance of consecutive elements in an array of this struct, in bytes. */
  readonly strideBytes: number;
  readonly alignBytes: number;
}

type InferField<T> =
  T extends DocumentedType<infer U>
    ? InferField<U>
    : T extends ScalarType<"u64">
      ? bigint
      : T extends ScalarType
        ? number
        : T extends ArrayType<infer E>
          ? InferField<E>[]
          : T extends StructLayout<infer F>
            ? InferFields<F>
            : never;

type Unwrapped<T> = T extends DocumentedType<infer U> ? U : T;

/** A record of a struct's fields, without padding and without an array that has no count. */
export type InferFields<F extends Fields> = {
  -readonly [
    K in keyof F as Unwrapped<F[K]> extends PaddingType
      ? never
      : Unwrapped<F[K]> extends ArrayType<ElementType, undefined>
        ? never
        : K
  ]: InferField<F[K]>;
};

/** The TypeScript type of a struct's content, without padding and without an array that has no count. */
export type Infer<S extends StructLayout> = InferFields<S["fields"]>;

/** An unsigned integer of 32 bits. */
export const u32: ScalarType<"u32"> = { kind: "u32" };
/** A signed integer of 32 bits. */
export const i32: ScalarType<"i32"> = { kind: "i32" };
/** A floating-point number of 32 bits. */
export const f32: ScalarType<"f32"> = { kind: "f32" };
/** An unsigned integer of 64 bits, or a device address. */
export const u64: ScalarType<"u64"> = { kind: "u64" };

const COUNT_MAX = 0xffff_ffff;
const ELEMENT_KINDS = ["u32", "i32", "f32", "u64", "struct"];
const FIELD_KINDS = [...ELEMENT_KINDS, "array", "padding"];

function assertKind(name: string, value: unknown, kinds: readonly string[], allowed: string): void {
  if (typeof value !== "object" || value === null) throw badArgument(name, value, allowed);
  let kind: unknown;
  try {
    ({ kind } = value as { kind?: unknown });
  } catch (cause) {
    throw badArgument(name, value, allowed, cause);
  }
  if (!kinds.includes(kind as string)) throw badArgument(name, value, allowed);
}

/** @throws EW_BAD_ARGUMENT for a value that is no field type */
export function assertField(name: string, value: unknown): void {
  assertKind(name, value, [...FIELD_KINDS, "documented"], "a type of a field");
}

/** `count` elements. Without a count, as the last field of a struct: as many as the buffer holds. */
export function array<E extends ElementType>(element: E): ArrayType<E, undefined>;
export function array<E extends ElementType>(element: E, count: number): ArrayType<E, number>;
export function array(element: ElementType, count?: number): ArrayType {
  assertKind("element", element, ELEMENT_KINDS, "a number type or a struct");
  if (count !== undefined) wholeNumber("count", count, 1, COUNT_MAX);
  return { kind: "array", element, count };
}

/** Unused bytes. The size is a positive multiple of 4. */
export function padding(sizeBytes: number): PaddingType {
  wholeNumber("sizeBytes", sizeBytes, 4, COUNT_MAX);
  if (sizeBytes % 4 !== 0) throw badArgument("sizeBytes", sizeBytes, "a multiple of 4");
  return { kind: "padding", sizeBytes };
}

/** Attaches a comment, which appears in GLSL. */
export function doc<T extends UndocumentedType>(type: T, text: string): DocumentedType<T> {
  assertKind("type", type, FIELD_KINDS, "a type of a field");
  textOf("text", text);
  return { kind: "documented", type, text };
}

/** The type without its comment. */
export function undocumented(type: FieldType): UndocumentedType {
  return type.kind === "documented" ? type.type : type;
}
