/** From GLSL to SPIR-V: includes, the compiler, and modules that were compiled ahead of time. */
export { checkLayout } from "./check-layout.ts";
export {
  compileExpandedWithLines,
  compileWithLines,
  type LinedModule,
  prepareSource,
  type SourceRequest,
} from "./compile.ts";
export { type ExpandedSource, expandFile, showPath, type VirtualFiles } from "./include.ts";
export { kernelFile } from "./kernel-file.ts";
export { makeProgram, ModuleCache, type Program, type ProgramOrigin } from "./module-cache.ts";
export { precompile, variantsOf } from "./precompile.ts";
export { precompiledFolder, sourceKey } from "./precompiled.ts";
