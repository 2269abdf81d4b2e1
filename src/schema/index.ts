/** Structs and constants that host and device share, defined once. */
export { constants } from "./constants.ts";
export { glslModule, glslStruct } from "./glsl.ts";
export { isGlslIdentifier } from "./identifiers.ts";
export { type Struct, struct, type StructOptions } from "./struct.ts";
export {
  array,
  doc,
  f32,
  i32,
  type Infer,
  type LayoutRule,
  padding,
  type StructLayout,
  u32,
  u64,
  type InferFields,
  type ScalarType,
  type ArrayType,
  type PaddingType,
  type Fields,
  type DocumentedType,
  type ElementType,
  type FieldType,
  type ScalarKind,
} from "./types.ts";
export { glslLiteral } from "./constants.ts";
export { structReader, structWriter } from "./codec.ts";
export { strideOf } from "./solve.ts";
export { type UndocumentedType, undocumented } from "./types.ts";
