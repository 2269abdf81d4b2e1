/** Kernels from source to pipeline: includes, compilation, what the build compiled ahead, and the cache in memory. */
import { ProgramCache } from "./program-cache.ts";

export { checkLayout } from "./check-layout.ts";
export { compile, type SourceRequest } from "./compile.ts";
export { kernelFile } from "./kernel-file.ts";
export { precompile } from "./precompile.ts";
export { ProgramCache, type Program, type ProgramLease, type ProgramRequest } from "./program-cache.ts";

let shared: ProgramCache | undefined;

/** The cache that everything in this process shares. */
export function sharedPrograms(): ProgramCache {
  shared ??= new ProgramCache();
  return shared;
}
