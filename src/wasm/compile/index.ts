/** Compiles functions of the register form to GLSL, for instances that run them often. */
export { type CompiledProgram, Compiler } from "./compiler.ts";
