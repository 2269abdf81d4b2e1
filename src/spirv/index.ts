/** The door of spirv: what other folders may use. */
export { structSizeBytes } from "./extent.ts";
export {
  type SpirvModule,
  type SpirvStruct,
  type SpirvType,
  readSpirv,
  spirvWords,
  type SpirvBinding,
  type SpirvEntryPoint,
  type SpirvSpecConstant,
  type SpirvMember,
} from "./module.ts";
