/** A hash of the memory layout of a kernel's structs and state. */
import { createHash } from "node:crypto";
import { type UndocumentedType, undocumented, type StructLayout } from "../../schema/index.ts";

/** A part of the state buffer. */
export interface StateSection {
  readonly name: string;
  /** Offset in the state buffer: a multiple of 256. */
  readonly offsetBytes: number;
  /** The requested size. */
  readonly sizeBytes: number;
}

/** Names, types and offsets, without comments. */
export function shapeOf(of: StructLayout): unknown {
  return [
    of.name,
    of.rule,
    Object.entries(of.fields).map(([name, type]) => [name, of.offsets[name], typeShape(undocumented(type))]),
  ];
}

function typeShape(type: UndocumentedType): unknown {
  switch (type.kind) {
    case "struct":
      return shapeOf(type);
    case "array":
      return [type.count, typeShape(type.element)];
    case "padding":
      return ["padding", type.sizeBytes];
    default:
      return type.kind;
  }
}

/** The hash of a kernel's layouts. Hashes are only compared for equality. */
export function layoutHashOf(
  request: StructLayout,
  response: StructLayout,
  sections: readonly StateSection[],
): string {
  const shape = [shapeOf(request), shapeOf(response), sections.map((section) => Object.values(section))];
  return createHash("sha256").update(JSON.stringify(shape)).digest("hex");
}
