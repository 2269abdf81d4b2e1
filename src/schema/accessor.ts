/**
 * Objects that look like records and are memory: one class per struct, made when it is first used.
 *
 * A scalar is a property to read and assign; an array of scalars is a typed array on the memory; a nested struct is an
 * accessor, an array of structs an array of accessors. Plain loads and stores, as fast as a typed array's.
 */

import { EverwarpError } from "../base/index.ts";
import { strideOf } from "./solve.ts";
import {
  type ArrayType,
  type DocumentedType,
  type Fields,
  type PaddingType,
  type ScalarType,
  type StructLayout,
  type UndocumentedType,
  undocumented,
} from "./types.ts";

type Memory = ArrayBuffer | SharedArrayBuffer;

type ScalarArray<T> =
  T extends ScalarType<"u64">
    ? BigUint64Array
    : T extends ScalarType<"f32">
      ? Float32Array
      : T extends ScalarType<"i32">
        ? Int32Array
        : Uint32Array;

type AccessorField<T> =
  T extends DocumentedType<infer U>
    ? AccessorField<U>
    : T extends ScalarType<"u64">
      ? bigint
      : T extends ScalarType
        ? number
        : T extends ArrayType<infer E>
          ? E extends StructLayout<infer F>
            ? readonly Accessor<F>[]
            : ScalarArray<E>
          : T extends StructLayout<infer F>
            ? Accessor<F>
            : never;

type Unwrapped<T> = T extends DocumentedType<infer U> ? U : T;
type ScalarKeys<F extends Fields> = {
  [K in keyof F]: Unwrapped<F[K]> extends ScalarType ? K : never;
}[keyof F];
type CompositeKeys<F extends Fields> = {
  [K in keyof F]: Unwrapped<F[K]> extends ScalarType | PaddingType ? never : K;
}[keyof F];

/** A struct in memory: scalars can be assigned, the rest is reached through. */
export type Accessor<F extends Fields = Fields> = { [K in ScalarKeys<F>]: AccessorField<F[K]> } & {
  readonly [K in CompositeKeys<F>]: AccessorField<F[K]>;
};

/** The typed arrays that cover one struct. */
class Base {
  readonly u32: Uint32Array;
  readonly i32: Int32Array;
  readonly f32: Float32Array;
  readonly u64: DataView;
  readonly buffer: Memory;
  readonly byteOffset: number;

  constructor(buffer: Memory, byteOffset: number, sizeBytes: number) {
    this.buffer = buffer;
    this.byteOffset = byteOffset;
    this.u32 = new Uint32Array(buffer, byteOffset, sizeBytes / 4);
    this.i32 = new Int32Array(buffer, byteOffset, sizeBytes / 4);
    this.f32 = new Float32Array(buffer, byteOffset, sizeBytes / 4);
    this.u64 = new DataView(buffer, byteOffset, sizeBytes);
  }
}

type AccessorClass = new (base: Base) => object;
const classes = new WeakMap<StructLayout, AccessorClass>();

/**
 * An accessor for the struct at a byte offset.
 *
 * @throws EW_BAD_ARGUMENT when the offset is not aligned or the buffer ends before the struct
 */
export function accessorOf<F extends Fields>(
  of: StructLayout<F>,
  buffer: Memory,
  byteOffset: number,
): Accessor<F> {
  if (byteOffset < 0 || byteOffset % of.alignBytes !== 0 || byteOffset + of.sizeBytes > buffer.byteLength) {
    throw new EverwarpError(
      "EW_BAD_ARGUMENT",
      `a ${of.name} of ${of.sizeBytes} bytes at offset ${byteOffset} of ${buffer.byteLength}`,
      { remedy: `Give an offset inside the buffer, a multiple of ${of.alignBytes}.` },
    );
  }
  const schema = of as unknown as StructLayout;
  let accessor = classes.get(schema);
  if (accessor === undefined) {
    accessor = makeClass(schema);
    classes.set(schema, accessor);
  }
  return new accessor(new Base(buffer, byteOffset, of.sizeBytes)) as Accessor<F>;
}

function makeClass(of: StructLayout): AccessorClass {
  const made = class {
    readonly base: Base;
    constructor(base: Base) {
      this.base = base;
      // Not enumerable, so that printing and comparing an accessor shows its fields alone.
      Object.defineProperty(this, "base", { enumerable: false });
    }
  };
  for (const [field, documented] of Object.entries(of.fields)) {
    const property = propertyOf(of, undocumented(documented), of.offsets[field] ?? 0);
    if (property !== undefined)
      Object.defineProperty(made.prototype, field, { ...property, enumerable: true });
  }
  return made;
}

interface Owner {
  readonly base: Base;
}

function propertyOf(
  of: StructLayout,
  type: UndocumentedType,
  offset: number,
): PropertyDescriptor | undefined {
  const word = offset / 4;
  switch (type.kind) {
    // One pair of functions per kind, though they look alike: shared ones would be compiled for all kinds, and slow.
    case "u32":
      return {
        get(this: Owner): number {
          return this.base.u32[word] as number;
        },
        set(this: Owner, value: number) {
          this.base.u32[word] = value;
        },
      };
    case "i32":
      return {
        get(this: Owner): number {
          return this.base.i32[word] as number;
        },
        set(this: Owner, value: number) {
          this.base.i32[word] = value;
        },
      };
    case "f32":
      return {
        get(this: Owner): number {
          return this.base.f32[word] as number;
        },
        set(this: Owner, value: number) {
          this.base.f32[word] = value;
        },
      };
    case "u64":
      return {
        get(this: Owner): bigint {
          return this.base.u64.getBigUint64(offset, true);
        },
        set(this: Owner, value: bigint) {
          this.base.u64.setBigUint64(offset, value, true);
        },
      };
    case "struct":
      return composite((base) => accessorOf(type, base.buffer, base.byteOffset + offset));
    case "array":
      return composite((base) => arrayAt(of, type, base, offset));
    case "padding":
      return undefined;
  }
}

/** A property that is made at its first use and kept. */
function composite(make: (base: Base) => object): PropertyDescriptor {
  const kept = new WeakMap<Base, object>();
  return {
    get(this: Owner): object {
      let value = kept.get(this.base);
      if (value === undefined) {
        value = make(this.base);
        kept.set(this.base, value);
      }
      return value;
    },
  };
}

function arrayAt(of: StructLayout, type: ArrayType, base: Base, offset: number): object {
  const at = base.byteOffset + offset;
  const { element } = type;
  const strideBytes = strideOf(element, of.rule);
  const count = type.count ?? Math.floor((base.buffer.byteLength - at) / strideBytes);
  switch (element.kind) {
    case "u32":
      return new Uint32Array(base.buffer, at, count);
    case "i32":
      return new Int32Array(base.buffer, at, count);
    case "f32":
      return new Float32Array(base.buffer, at, count);
    case "u64":
      return new BigUint64Array(base.buffer, at, count);
    case "struct":
      return Array.from({ length: count }, (_, index) =>
        accessorOf(element, base.buffer, at + index * strideBytes),
      );
  }
}
