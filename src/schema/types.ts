/**
 * The types that host and device share. A struct is defined once, here from values, and gives the TypeScript type, the
 * offsets, access to memory and the GLSL text.
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
 * Every scalar is four or eight bytes, so every offset is a multiple of four.
 */
import { badArgument, text as textOf, wholeNumber } from "../base/index.ts";

/** GLSL's two rules for laying out buffer memory. They differ behind nested structs and arrays of structs. */
export type LayoutRule = "std430" | "scalar";

/** A number on both sides; `u64` is a bigint on the host. */
export interface ScalarType<K extends ScalarKind = ScalarKind> {
  readonly kind: K;
}
/** The kinds of numbers: 32 bits each, and 64 bits for `u64`. */
export type ScalarKind = "u32" | "i32" | "f32" | "u64";

/** `count` elements; without a count as many as the buffer holds, and only as the last field of a struct. */
export interface ArrayType<
  E extends ElementType = ElementType,
  N extends number | undefined = number | undefined,
> {
  readonly kind: "array";
  readonly element: E;
  readonly count: N;
}

/** Bytes that nobody reads: keeps fields apart, on cache lines of their own for example. */
export interface PaddingType {
  readonly kind: "padding";
  readonly sizeBytes: number;
}

/** A type with a sentence about it. */
export interface DocumentedType<T extends UndocumentedType = UndocumentedType> {
  readonly kind: "documented";
  readonly type: T;
  readonly text: string;
}

/** What an array can have as elements. */
export type ElementType = ScalarType | StructLayout;
/** A type without a sentence about it. */
export type UndocumentedType = ScalarType | ArrayType | PaddingType | StructLayout;
/** What a field of a struct can be. */
export type FieldType = UndocumentedType | DocumentedType;
/** The fields of a struct, in the order of memory. */
export type Fields = Readonly<Record<string, FieldType>>;

/** What is known of a struct: enough to nest it and to write its GLSL. */
export interface StructLayout<F extends Fields = Fields> {
  readonly kind: "struct";
  /** Its name in GLSL. */
  readonly name: string;
  readonly rule: LayoutRule;
  readonly fields: F;
  /** A sentence about the whole. */
  readonly text: string | undefined;
  /** Byte offset of each field. */
  readonly offsets: { readonly [K in keyof F]: number };
  /** Offset of each field in 32-bit words, for hot code on a `Uint32Array`. */
  readonly words: { readonly [K in keyof F]: number };
  /** Bytes from the first field to the end of the last, without a trailing array of no fixed count. */
  readonly sizeBytes: number;
  /** Bytes from one element to the next in an array of these. */
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

/** A record of a struct's fields; padding and arrays without a count have no part in it. */
export type InferFields<F extends Fields> = {
  -readonly [
    K in keyof F as Unwrapped<F[K]> extends PaddingType
      ? never
      : Unwrapped<F[K]> extends ArrayType<ElementType, undefined>
        ? never
        : K
  ]: InferField<F[K]>;
};

/** The TypeScript type of a struct's contents; padding and arrays without a count have no part in it. */
export type Infer<S extends StructLayout> = InferFields<S["fields"]>;

/** An unsigned integer of 32 bits. */
export const u32: ScalarType<"u32"> = { kind: "u32" };
/** A signed integer of 32 bits. */
export const i32: ScalarType<"i32"> = { kind: "i32" };
/** A floating-point number of 32 bits. */
export const f32: ScalarType<"f32"> = { kind: "f32" };
/** Also what a device address is. */
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

/** @throws EW_BAD_ARGUMENT for what is no type of a field */
export function assertField(name: string, value: unknown): void {
  assertKind(name, value, [...FIELD_KINDS, "documented"], "a type of a field");
}

/** `count` elements, or, as the last field of a struct, without a count: as many as the buffer holds. */
export function array<E extends ElementType>(element: E): ArrayType<E, undefined>;
export function array<E extends ElementType>(element: E, count: number): ArrayType<E, number>;
export function array(element: ElementType, count?: number): ArrayType {
  assertKind("element", element, ELEMENT_KINDS, "a number type or a struct");
  if (count !== undefined) wholeNumber("count", count, 1, COUNT_MAX);
  return { kind: "array", element, count };
}

/** Bytes that nobody reads: a positive multiple of 4. */
export function padding(sizeBytes: number): PaddingType {
  wholeNumber("sizeBytes", sizeBytes, 4, COUNT_MAX);
  if (sizeBytes % 4 !== 0) throw badArgument("sizeBytes", sizeBytes, "a multiple of 4");
  return { kind: "padding", sizeBytes };
}

/** Attaches a sentence that becomes a comment in GLSL. */
export function doc<T extends UndocumentedType>(type: T, text: string): DocumentedType<T> {
  assertKind("type", type, FIELD_KINDS, "a type of a field");
  textOf("text", text);
  return { kind: "documented", type, text };
}

/** The type behind a possible sentence. */
export function undocumented(type: FieldType): UndocumentedType {
  return type.kind === "documented" ? type.type : type;
}
