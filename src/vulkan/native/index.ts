/**
 * Native memory and calls: structs laid out as C does, frames of memory for one call, and the foreign-function library.
 */
export { koffi } from "./ffi.ts";
export { Frame, inFrame, NativeStruct } from "./frame.ts";
export {
  bytes,
  f32,
  i32,
  type InputRecordOf,
  layout,
  type Layout,
  nested,
  nestedArray,
  pointer,
  readStruct,
  type RecordOf,
  scalars,
  text,
  u32,
  u64,
  u8,
  writeStruct,
} from "./native-layout.ts";
