/** Random structs with random values, as requests and responses of kernels. */
import fc from "fast-check";
import {
  array,
  f32,
  i32,
  padding,
  struct,
  type Struct,
  type StructLayout,
  u32,
  u64,
} from "../../src/schema/index.ts";
import { type FieldType, type UndocumentedType, undocumented } from "../../src/schema/types.ts";

const scalar = fc.constantFrom<UndocumentedType & { kind: "u32" | "i32" | "f32" | "u64" }>(
  u32,
  i32,
  f32,
  u64,
);
const count = fc.integer({ min: 1, max: 4 });
const flat = fc.oneof(
  { weight: 3, arbitrary: scalar },
  { weight: 1, arbitrary: fc.constant(padding(4)) },
  { weight: 2, arbitrary: fc.tuple(scalar, count).map(([element, length]) => array(element, length)) },
);

function structOf(name: string, field: fc.Arbitrary<FieldType>, maxLength: number): fc.Arbitrary<Struct> {
  return fc
    .array(field, { minLength: 1, maxLength })
    .map((types) => struct(name, Object.fromEntries(types.map((type, index) => [`field${index}`, type]))));
}

/** A struct of scalars, arrays, structs and arrays of structs, of at most `maxWords` words. */
export function structArbitrary(name: string, maxWords: number): fc.Arbitrary<Struct> {
  return structOf(`${name}Inner`, flat, 4)
    .chain((inner) => {
      const composite = fc.oneof(
        fc.constant(inner),
        count.map((length) => array(inner, length)),
      );
      return structOf(
        name,
        fc.oneof(
          { weight: 2, arbitrary: flat },
          { weight: 1, arbitrary: composite as fc.Arbitrary<FieldType> },
        ),
        8,
      );
    })
    .filter(({ sizeBytes }) => sizeBytes <= maxWords * 4);
}

/** A value of a struct; floats are 32-bit ones, whatever their bits. */
export function valueArbitrary(of: StructLayout): fc.Arbitrary<Record<string, unknown>> {
  const fields = Object.entries(of.fields)
    .map(([name, type]) => [name, undocumented(type)] as const)
    .filter(([, type]) => type.kind !== "padding")
    .map(([name, type]) => [name, valueOf(type)] as const);
  return fc.record(Object.fromEntries(fields));
}

function valueOf(type: UndocumentedType): fc.Arbitrary<unknown> {
  switch (type.kind) {
    case "u32":
      return fc.integer({ min: 0, max: 0xffff_ffff });
    case "i32":
      return fc.integer({ min: -0x8000_0000, max: 0x7fff_ffff });
    case "f32":
      return fc.float();
    case "u64":
      return fc.bigInt({ min: 0n, max: 0xffff_ffff_ffff_ffffn });
    case "struct":
      return valueArbitrary(type);
    case "array":
      return fc.array(valueOf(type.element), { minLength: type.count ?? 0, maxLength: type.count ?? 0 });
    case "padding":
      return fc.constant(undefined);
  }
}
