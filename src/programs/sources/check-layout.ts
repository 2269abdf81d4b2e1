/** Compares a schema with the compiled GLSL, so that a difference between the two never stays unnoticed. */

import { EverwarpError } from "../../base/index.ts";
import { strideOf, type StructLayout, type UndocumentedType, undocumented } from "../../schema/index.ts";
import type { SpirvModule, SpirvStruct, SpirvType } from "../../spirv/index.ts";

/**
 * Checks every struct of the module that has the schema's name (or `name`) and a memory layout.
 *
 * @param name of the struct or block in GLSL, if it differs from the schema's name
 * @throws EW_LAYOUT_DRIFT naming each field that differs, or if the module has no such struct
 */
export function checkLayout(module: SpirvModule, schema: StructLayout, name = schema.name): void {
  const candidates = module.structs.filter(
    (struct) => struct.name === name && struct.members.some(({ offsetBytes }) => offsetBytes !== undefined),
  );
  if (candidates.length === 0) {
    throw new EverwarpError("EW_LAYOUT_DRIFT", `the module has no struct ${name} in memory`, {
      remedy: "Use the struct in a buffer block, under this name (names must not be stripped).",
    });
  }
  const differences = candidates.flatMap((struct) => compareStruct(module, schema, struct, name));
  if (differences.length > 0) {
    throw new EverwarpError("EW_LAYOUT_DRIFT", `${name}: ${[...new Set(differences)].join("; ")}`, {
      remedy:
        "Run npx tsx scripts/gen-glsl.ts, compile again, and check the rule (std430 or scalar) of the block.",
    });
  }
}

function compareStruct(
  module: SpirvModule,
  schema: StructLayout,
  struct: SpirvStruct,
  path: string,
): string[] {
  const fields = Object.entries(schema.fields);
  if (fields.length !== struct.members.length) {
    return [`${path} has ${struct.members.length} members, the schema ${fields.length}`];
  }
  return fields.flatMap(([field, documented], index) => {
    const member = struct.members[index];
    if (member === undefined) return [];
    const where = `${path}.${field}`;
    if (member.name !== field) return [`${where} is called ${member.name} in the module`];
    const offset = schema.offsets[field];
    const moved =
      member.offsetBytes === offset
        ? []
        : [`${where} lies at ${member.offsetBytes}, in the schema at ${offset}`];
    return [...moved, ...compareType(module, schema, undocumented(documented), member.type, where)];
  });
}

function compareType(
  module: SpirvModule,
  schema: StructLayout,
  wanted: UndocumentedType,
  id: number,
  where: string,
): string[] {
  const type = module.types.get(id);
  const differs = (): string[] => [`${where} is ${describe(type)}, in the schema ${wanted.kind}`];
  switch (wanted.kind) {
    case "u32":
      return type?.kind === "int" && type.bits === 32 && !type.signed ? [] : differs();
    case "i32":
      return type?.kind === "int" && type.bits === 32 && type.signed ? [] : differs();
    case "f32":
      return type?.kind === "float" && type.bits === 32 ? [] : differs();
    case "u64":
      // A buffer reference is an address too.
      return (type?.kind === "int" && type.bits === 64 && !type.signed) || type?.kind === "pointer"
        ? []
        : differs();
    case "struct":
      return type?.kind === "struct" ? compareStruct(module, wanted, type.struct, where) : differs();
    case "padding":
      return compareArray(type, wanted.sizeBytes / 4, 4, where);
    case "array": {
      const element = type?.kind === "array" || type?.kind === "runtimeArray" ? type.element : 0;
      return [
        ...compareArray(type, wanted.count, strideOf(wanted.element, schema.rule), where),
        ...compareType(module, schema, wanted.element, element, `${where}[]`),
      ];
    }
  }
}

function compareArray(
  type: SpirvType | undefined,
  count: number | undefined,
  strideBytes: number,
  where: string,
): string[] {
  if (type?.kind !== "array" && type?.kind !== "runtimeArray")
    return [`${where} is ${describe(type)}, no array`];
  const actual = type.kind === "array" ? type.count : undefined;
  return [
    ...(actual === count
      ? []
      : [`${where} has ${actual ?? "any number of"} elements, in the schema ${count ?? "any number"}`]),
    ...(type.strideBytes === strideBytes
      ? []
      : [`${where} has a stride of ${type.strideBytes}, in the schema ${strideBytes}`]),
  ];
}

function describe(type: SpirvType | undefined): string {
  if (type === undefined) return "nothing";
  return type.kind === "int" || type.kind === "float" ? `${type.kind}${type.bits}` : type.kind;
}
