/** Generates GLSL text from schemas. */

import { EverwarpError } from "../base/index.ts";
import { type Constants, constantsMeta, glslLiteral } from "./constants.ts";
import {
  type FieldType,
  type ScalarKind,
  type StructLayout,
  type UndocumentedType,
  undocumented,
} from "./types.ts";

const SCALAR_NAMES: Readonly<Record<ScalarKind, string>> = {
  u32: "uint",
  i32: "int",
  f32: "float",
  u64: "uint64_t",
};
const EXTENSIONS = {
  reference: "GL_EXT_buffer_reference",
  scalar: "GL_EXT_scalar_block_layout",
  u64: "GL_EXT_shader_explicit_arithmetic_types_int64",
} as const;

/** Declares access to a struct through a device address. */
export interface BufferReference {
  readonly kind: "bufferReference";
  readonly of: StructLayout;
  readonly name: string;
  readonly qualifiers: string;
}

/**
 * Declares a `buffer_reference` block with the struct's fields. Kernels construct it from a 64-bit address.
 *
 * @param name of the block; the struct's name followed by `Ref` if not given
 * @param qualifiers for the whole block, such as `"volatile coherent"` or `"readonly"`
 */
export function bufferReference(
  of: StructLayout,
  options: { name?: string; qualifiers?: string } = {},
): BufferReference {
  return {
    kind: "bufferReference",
    of,
    name: options.name ?? `${of.name}Ref`,
    qualifiers: options.qualifiers ?? "",
  };
}

/** A part of a generated file. */
export type GlslPart = Constants | StructLayout | BufferReference;

/** The text of a generated GLSL file. The parts keep their order; a nested struct must come before its user. */
export function glslModule(module: { doc: string; parts: readonly GlslPart[] }): string {
  const header = [
    "// Written by scripts/gen-glsl.ts from the schema in src; do not edit.",
    ...comment(module.doc, ""),
  ];
  const extensions = new Set(module.parts.flatMap(extensionsOf));
  if (extensions.size > 0) header.push(`// Needs: ${[...extensions].toSorted().join(", ")}.`);
  return `${header.join("\n")}\n\n${module.parts.map(partText).join("\n")}`;
}

/** `struct Name { … };` with padding fields. In a buffer with the same rule, the layout is that of the schema. */
export function glslStruct(of: StructLayout): string {
  const doc = of.text === undefined ? "" : `${comment(of.text, "").join("\n")}\n`;
  return `${doc}struct ${of.name} { // ${of.sizeBytes} bytes\n${fieldLines(of)}};\n`;
}

/** `layout(buffer_reference, …) buffer NameRef { … };` */
function glslBufferReference({ of, name, qualifiers }: BufferReference): string {
  const layout = `layout(buffer_reference, ${of.rule}, buffer_reference_align = ${of.alignBytes})`;
  const doc = of.text === undefined ? "" : `${comment(of.text, "").join("\n")}\n`;
  const words = qualifiers === "" ? "" : `${qualifiers} `;
  return `${doc}${layout} ${words}buffer ${name} { // ${of.sizeBytes} bytes\n${fieldLines(of)}};\n`;
}

/** `const uint PREFIX_NAME = …;` */
function glslConstants(values: Constants): string {
  const meta = constantsMeta(values);
  if (meta === undefined) {
    throw new EverwarpError("EW_BAD_ARGUMENT", "schema: constants that were not made by constants()", {
      remedy: "Wrap the record in constants(prefix, values).",
    });
  }
  const lines = Object.entries(values).flatMap(([name, value]) => {
    const { type, literal } = glslLiteral(`${meta.prefix}_${name}`, value);
    return [...comment(meta.docs[name], ""), `const ${type} ${meta.prefix}_${name} = ${literal};`];
  });
  return `${[...comment(meta.doc, ""), ...lines].join("\n")}\n`;
}

function partText(part: GlslPart): string {
  if (isStruct(part)) return glslStruct(part);
  if (isReference(part)) return glslBufferReference(part);
  return glslConstants(part);
}

function isStruct(part: GlslPart): part is StructLayout {
  return "kind" in part && part.kind === "struct";
}
function isReference(part: GlslPart): part is BufferReference {
  return "kind" in part && part.kind === "bufferReference";
}

function fieldLines(of: StructLayout): string {
  return Object.entries(of.fields)
    .map(([name, type]) => {
      const lines = [...comment(type.kind === "documented" ? type.text : undefined, "  ")];
      lines.push(`  ${declaration(name, undocumented(type))}; // at ${of.offsets[name]}`);
      return `${lines.join("\n")}\n`;
    })
    .join("");
}

function declaration(name: string, type: UndocumentedType): string {
  switch (type.kind) {
    case "padding":
      return `uint ${name}[${type.sizeBytes / 4}]`;
    case "array":
      return `${typeName(type.element)} ${name}[${type.count ?? ""}]`;
    default:
      return `${typeName(type)} ${name}`;
  }
}

function typeName(type: Exclude<UndocumentedType, { kind: "array" | "padding" }>): string {
  return type.kind === "struct" ? type.name : SCALAR_NAMES[type.kind];
}

function comment(text: string | undefined, indent: string): string[] {
  return text === undefined ? [] : text.split("\n").map((line) => `${indent}// ${line}`.trimEnd());
}

function extensionsOf(part: GlslPart): string[] {
  if (isReference(part)) {
    return [
      EXTENSIONS.reference,
      ...(part.of.rule === "scalar" ? [EXTENSIONS.scalar] : []),
      ...extensionsOf(part.of),
    ];
  }
  if (isStruct(part)) return Object.values(part.fields).some(holdsU64) ? [EXTENSIONS.u64] : [];
  return Object.values(part).some((value) => typeof value === "bigint") ? [EXTENSIONS.u64] : [];
}

function holdsU64(documented: FieldType): boolean {
  const type = undocumented(documented);
  if (type.kind === "array") return holdsU64(type.element);
  if (type.kind === "struct") return Object.values(type.fields).some(holdsU64);
  return type.kind === "u64";
}
