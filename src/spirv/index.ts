/** SPIR-V modules: what they say about themselves, and how something is added to them. */
export type {
  SpirvBinding,
  SpirvEntryPoint,
  SpirvMember,
  SpirvModule,
  SpirvSpecConstant,
  SpirvStruct,
  SpirvType,
} from "./description.ts";
export { structSizeBytes } from "./extent.ts";
export { readSpirv, spirvWords } from "./module.ts";
export { instruction, ModuleEditor } from "./module-editor.ts";
