/** WebAssembly modules: the binary format of version 2.0, decoded and validated. */
export type {
  Code,
  ConstantExpression,
  CustomSection,
  DataSegment,
  DecodedModule,
  ElementSegment,
  Export,
  ExternalKind,
  FunctionBody,
  FunctionEntry,
  GlobalEntry,
  Import,
  ImportName,
  LocalRun,
  MemoryEntry,
  SegmentTarget,
  TableEntry,
} from "./module.ts";
export {
  blockType,
  functionTypeText,
  type FunctionType,
  type GlobalType,
  isReferenceType,
  isSameFunctionType,
  isValueType,
  type Limits,
  type MemoryType,
  PAGE_BYTES,
  type ReferenceType,
  rowBytes,
  type TableType,
  typeName,
  VALUE_TYPE,
  type ValueType,
  type ValueTypeName,
} from "./types.ts";
export { allOpcodes, type Immediate, type Opcode, opcodeNamed, opcodeOf, type Signature } from "./opcodes.ts";
export { decodeModule } from "./decode-module.ts";
export { MAX as MODULE_LIMITS } from "./limits.ts";
export { validateModule } from "./validate-module.ts";
export { functionNames } from "./names.ts";
export { BinaryReader } from "./reader.ts";
