/** The matches of lines, found by a kernel in WebAssembly that runs automata. */
export { EVERY_LINE, MATCH_OUT, MATCH_STATUS, MatchKernel } from "./match-kernel.ts";
export { makeMatchProgram, matchProgramBytes, placeMatchProgram } from "./match-program.ts";
