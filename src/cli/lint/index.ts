/** What `everwarp lint` reads and says. */
export { checkFile, type FileReport, type KernelFile, kernelFiles } from "./files.ts";
export { reportDocument, reportText, sarifDocument } from "./report.ts";
export { KERNEL_TYPES, kernelProgram, type KernelProgram } from "./kernel-schemas.ts";
