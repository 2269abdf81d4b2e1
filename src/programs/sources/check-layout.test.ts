/** Compares the schema's offsets with those of the GLSL compiler, for both rules and structs of any shape. */

import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { constants } from "../../schema/constants.ts";
import { bufferReference, glslModule } from "../../schema/glsl.ts";
import { struct } from "../../schema/struct.ts";
import {
  array,
  type ElementType,
  f32,
  i32,
  type LayoutRule,
  padding,
  type ScalarType,
  type StructLayout,
  u32,
  u64,
  type UndocumentedType,
} from "../../schema/types.ts";
import type { SpirvModule } from "../../spirv/description.ts";
import { readSpirv } from "../../spirv/module.ts";
import { checkLayout } from "./check-layout.ts";
import { compile } from "./compile.ts";

/** Compiles a kernel that uses the struct in a buffer, so that the compiler lays it out. */
async function compiled(schema: StructLayout, parts: readonly StructLayout[] = []): Promise<SpirvModule> {
  const text = glslModule({ doc: "A test.", parts: [...parts, bufferReference(schema, { name: "Block" })] });
  const first = Object.keys(schema.fields)[0];
  const type = Object.values(schema.fields)[0];
  const isArray = type?.kind === "array" || type?.kind === "padding";
  return readSpirv(
    await compile({
      source: `#version 460
#extension GL_EXT_buffer_reference : require
#extension GL_EXT_scalar_block_layout : require
#extension GL_EXT_shader_explicit_arithmetic_types_int64 : require
layout(local_size_x = 1) in;
${text}
layout(push_constant, scalar) uniform Push { Block block; Block other; } push;
void main() { push.block.${first}${isArray ? "[0]" : ""} = push.other.${first}${isArray ? "[0]" : ""}; }
`,
    }),
  );
}

const scalar = fc.constantFrom<ScalarType>(u32, i32, f32, u64);
const scalarField = fc.oneof(
  scalar,
  fc.integer({ min: 1, max: 5 }).map((words) => padding(words * 4)),
  fc.tuple(scalar, fc.integer({ min: 1, max: 5 })).map(([element, count]) => array(element, count)),
);
const named = (types: readonly UndocumentedType[]): Record<string, UndocumentedType> =>
  Object.fromEntries(types.map((type, index) => [`field${index}`, type]));

describe.each<LayoutRule>(["std430", "scalar"])("%s", (rule) => {
  test("any struct of structs, arrays and scalars has the compiler's layout", async () => {
    const inner = fc
      .array(scalarField, { minLength: 1, maxLength: 4 })
      .map((types) => struct("Inner", named(types), { rule }));
    const shape = inner.chain((nested) => {
      const element = fc.constantFrom<ElementType>(nested, u32, u64);
      const field = fc.oneof(
        scalarField,
        fc.constant(nested),
        fc.tuple(element, fc.integer({ min: 1, max: 3 })).map(([of, count]) => array(of, count)),
      );
      return fc.record({
        nested: fc.constant(nested),
        // The first field is a scalar, so that the kernel can copy it.
        types: fc.array(field, { minLength: 1, maxLength: 6 }).map((types) => [u32, ...types]),
        open: fc.option(element, { nil: undefined }),
      });
    });
    await fc.assert(
      fc.asyncProperty(shape, async ({ nested, types, open }) => {
        const all = open === undefined ? types : [...types, array(open)];
        const outer = struct("Outer", named(all), { rule });
        checkLayout(await compiled(outer, [nested]), outer, "Block");
      }),
      { numRuns: 60 },
    );
  });
});

describe("drift", () => {
  const fields = { a: u32, b: u64, c: array(u32, 3) };
  const actual = struct("S", fields, { rule: "scalar" });

  test.each([
    ["another order", struct("S", { b: u64, a: u32, c: array(u32, 3) }, { rule: "scalar" }), "called"],
    ["another type", struct("S", { ...fields, a: i32 }, { rule: "scalar" }), "Block.a"],
    ["another count", struct("S", { ...fields, c: array(u32, 4) }, { rule: "scalar" }), "Block.c has 3"],
    ["a field more", struct("S", { ...fields, d: u32 }, { rule: "scalar" }), "3 members"],
    ["another offset", struct("S", { a: u32, b: u64, c: array(u64, 3) }, { rule: "scalar" }), "stride of 4"],
  ])("%s is found", async (_, wrong, message) => {
    const module = await compiled(actual);
    checkLayout(module, actual, "Block");
    expect(() => checkLayout(module, wrong, "Block")).toThrow(message);
    expect(() => checkLayout(module, wrong, "Block")).toThrow(
      expect.objectContaining({ code: "EW_LAYOUT_DRIFT" }),
    );
  });

  test("a struct that the module does not have is an error", async () => {
    const module = await compiled(actual);
    expect(() => checkLayout(module, actual, "Nothing")).toThrow("no struct Nothing");
  });
});

test("constants keep their values through the compiler", async () => {
  const values = constants("K", {
    ZERO: 0,
    TOP: 0xffff_ffff,
    LOW: -0x8000_0000,
    MINUS: -1,
    HALF: 0.5,
    WIDE: 0xffff_ffff_ffff_ffffn,
  });
  // The array's size depends on the comparison: a wrong value does not compile.
  const holds = (condition: string): string => `const uint[(${condition}) ? 1 : -1] sized = uint[](0u);`;
  await compile({
    source: `#version 460
#extension GL_EXT_shader_explicit_arithmetic_types_int64 : require
layout(local_size_x = 1) in;
${glslModule({ doc: "Constants.", parts: [values] })}
void main() {
  { ${holds("K_ZERO == 0u")} }
  { ${holds("K_TOP == 0xffffffffu")} }
  { ${holds("K_LOW == int(0x80000000u)")} }
  { ${holds("K_MINUS + 1 == 0")} }
  { ${holds("K_HALF * 2.0 == 1.0")} }
  { ${holds("K_WIDE + 1ul == 0ul")} }
}
`,
  });
});
