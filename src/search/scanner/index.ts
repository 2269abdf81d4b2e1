/** Finding literals in memory: the SIMD kernel in WebAssembly, its programs, and a scanner in plain JavaScript. */
export { BYTE_RANK } from "./byte-rank.ts";
export { LiteralTests, createFallbackScanner } from "./fallback-scanner.ts";
export {
  allocateScanBuffer,
  countLineFeeds,
  createLiteralScanner,
  findByte,
  scanBuffer,
} from "./literal-scanner.ts";
export {
  NOT_FOUND,
  PAGE_BYTES,
  PROGRAM_RESUME_WORD,
  SCAN_SLACK_BYTES,
  ScanKernel,
  reserveSharedMemory,
} from "./scan-kernel.ts";
export {
  PROGRAM_LITERAL_COUNT_MAX,
  SINGLES_MAX,
  scanProgramBytes,
  writeScanProgram,
} from "./scan-program.ts";
