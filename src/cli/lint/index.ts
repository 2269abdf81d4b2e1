/** What `everwarp lint` reads and says. */
export { checkFile, type FileReport, type KernelFile, kernelFiles } from "./files.ts";
export { reportDocument, reportText, sarifDocument } from "./report.ts";
export {
  includes,
  KERNEL_LIBRARY,
  KERNEL_TYPES,
  kernelProgram,
  type KernelProgram,
  noProgram,
} from "./kernel-schemas.ts";
