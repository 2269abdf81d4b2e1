/**
 * Structs in memory, field by field with a DataView: what the compiled codec of src/schema is compared with. Slow, and
 * simple enough to be read beside GL_EXT_scalar_block_layout.
 */
import { strideOf, type StructLayout, type UndocumentedType, undocumented } from "../../src/schema/index.ts";

/** Stores the fields that a record has. Values must fit. */
export function storeStruct(of: StructLayout, view: DataView, at: number, values: object): void {
  for (const [field, value] of Object.entries(values)) {
    const documented = of.fields[field];
    const offset = of.offsets[field];
    if (documented === undefined || offset === undefined) throw new Error(`${of.name} has no ${field}`);
    store(undocumented(documented), of, view, at + offset, value);
  }
}

function store(type: UndocumentedType, of: StructLayout, view: DataView, at: number, value: unknown): void {
  switch (type.kind) {
    case "u32":
      view.setUint32(at, value as number, true);
      return;
    case "i32":
      view.setInt32(at, value as number, true);
      return;
    case "f32":
      view.setFloat32(at, value as number, true);
      return;
    case "u64":
      view.setBigUint64(at, value as bigint, true);
      return;
    case "struct":
      storeStruct(type, view, at, value as object);
      return;
    case "array": {
      const strideBytes = strideOf(type.element, of.rule);
      (value as unknown[]).forEach((each, index) => {
        store(type.element, of, view, at + index * strideBytes, each);
      });
      return;
    }
    case "padding":
      throw new Error("padding has no value");
  }
}
