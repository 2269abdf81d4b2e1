/** WASI preview 1 for programs without files: arguments, variables, clocks, random numbers, streams. */
export { runWasiProgram } from "./run-program.ts";
export { WASI_MODULE, type WasiSurroundings } from "./wasi.ts";
