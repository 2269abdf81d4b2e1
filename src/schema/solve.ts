/**
 * Computes offsets, sizes and strides by GLSL's rules.
 *
 * std430: OpenGL 4.6, section 7.6.2.2, without its rule for std140. scalar: GL_EXT_scalar_block_layout. The schema has
 * no vectors and no matrices. So the rules differ only in one point: std430 rounds the size of a struct up to its
 * alignment, and scalar does not. With scalar, the next field may begin in the tail of a nested struct.
 */

import { EverwarpError } from "../base/index.ts";
import { isGlslIdentifier } from "./identifiers.ts";
import {
  type FieldType,
  type Fields,
  type LayoutRule,
  type ScalarKind,
  type UndocumentedType,
  undocumented,
} from "./types.ts";

const SCALAR_SIZE_BYTES: Readonly<Record<ScalarKind, number>> = { u32: 4, i32: 4, f32: 4, u64: 8 };

/** The size and the alignment of a type under a rule. */
interface Extent {
  sizeBytes: number;
  alignBytes: number;
}

/** The layout of a struct, in bytes. */
export interface Solved {
  offsets: Record<string, number>;
  sizeBytes: number;
  strideBytes: number;
  alignBytes: number;
}

function roundUp(value: number, multiple: number): number {
  return Math.ceil(value / multiple) * multiple;
}

/** The distance of consecutive array elements in bytes. */
export function strideOf(element: UndocumentedType, rule: LayoutRule): number {
  const { sizeBytes, alignBytes } = extentOf(element, rule);
  return roundUp(sizeBytes, alignBytes);
}

/** The size and the alignment of a type. An array without a count has size 0. */
function extentOf(type: UndocumentedType, rule: LayoutRule): Extent {
  switch (type.kind) {
    case "padding":
      return { sizeBytes: type.sizeBytes, alignBytes: 4 };
    case "struct":
      return { sizeBytes: type.sizeBytes, alignBytes: type.alignBytes };
    case "array": {
      const element = extentOf(type.element, rule);
      const strideBytes = roundUp(element.sizeBytes, element.alignBytes);
      if (type.count === undefined) return { sizeBytes: 0, alignBytes: element.alignBytes };
      // In scalar layout, the next field may use the tail of the last element.
      const lastBytes = rule === "scalar" ? element.sizeBytes : strideBytes;
      return { sizeBytes: strideBytes * (type.count - 1) + lastBytes, alignBytes: element.alignBytes };
    }
    default:
      return { sizeBytes: SCALAR_SIZE_BYTES[type.kind], alignBytes: SCALAR_SIZE_BYTES[type.kind] };
  }
}

/**
 * Lays out the fields of a struct.
 *
 * @throws EW_BAD_ARGUMENT for a struct that GLSL or the host cannot express
 */
export function solve(name: string, fields: Fields, rule: LayoutRule): Solved {
  const offsets: Record<string, number> = {};
  const entries = Object.entries(fields);
  let end = 0;
  let structAlignBytes = 4;
  if (entries.length === 0) throw bad(name, "has no fields", "Give it one.");
  assertIdentifier(name, name);
  entries.forEach(([field, documented], index) => {
    const type = undocumented(documented);
    assertIdentifier(name, field);
    assertType(`${name}.${field}`, type, rule, index === entries.length - 1);
    const { sizeBytes, alignBytes } = extentOf(type, rule);
    offsets[field] = roundUp(end, alignBytes);
    end = (offsets[field] ?? 0) + sizeBytes;
    structAlignBytes = Math.max(structAlignBytes, alignBytes);
  });
  const strideBytes = roundUp(end, structAlignBytes);
  return {
    offsets,
    sizeBytes: rule === "std430" ? strideBytes : end,
    strideBytes,
    alignBytes: structAlignBytes,
  };
}

function assertType(where: string, type: UndocumentedType, rule: LayoutRule, isLast: boolean): void {
  switch (type.kind) {
    case "padding":
      if (!(Number.isInteger(type.sizeBytes / 4) && type.sizeBytes > 0)) {
        throw bad(where, `is a padding of ${type.sizeBytes} bytes`, "Give a positive multiple of 4.");
      }
      return;
    case "array":
      if (type.count === undefined ? !isLast : !(Number.isInteger(type.count) && type.count > 0)) {
        throw bad(
          where,
          `is an array of ${type.count ?? "no fixed number of"} elements`,
          "Give a positive count, or none for the last field.",
        );
      }
      assertType(where, type.element, rule, false);
      return;
    case "struct":
      if (type.rule !== rule) {
        throw bad(
          where,
          `is laid out as ${type.rule} inside a ${rule} struct`,
          "One rule holds for a struct and all in it.",
        );
      }
      if (Object.values(type.fields).some(isOpenArray)) {
        throw bad(
          where,
          "is a struct that ends in an array without a count",
          "Only the outermost struct may.",
        );
      }
      return;
    default:
  }
}

function isOpenArray(documented: FieldType): boolean {
  const type = undocumented(documented);
  return type.kind === "array" && type.count === undefined;
}

function assertIdentifier(where: string, name: string): void {
  if (!isGlslIdentifier(name)) {
    throw bad(where, `uses ${JSON.stringify(name)} as a name, which GLSL does not take`, "Choose another.");
  }
}

function bad(where: string, what: string, remedy: string): EverwarpError {
  return new EverwarpError("EW_BAD_ARGUMENT", `schema: ${where} ${what}`, { remedy });
}
