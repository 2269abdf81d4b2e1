/** SPIR-V modules: what they say about themselves. */
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
