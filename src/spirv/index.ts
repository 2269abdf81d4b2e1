/** What a SPIR-V module says about itself. */
export { structSizeBytes } from "./extent.ts";
export { readSpirv, type SpirvModule, type SpirvStruct, type SpirvType, spirvWords } from "./module.ts";
