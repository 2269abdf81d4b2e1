/** Patterns as boolean programs over bit planes, which tell the lines that match. */
export { compilePlanes, type PlanesAnswer } from "./compile-planes.ts";
export { ADVANCE_MAX, PLANE_COUNT, type PlaneProgram, type PlaneStep } from "./plane-program.ts";
export { operandsOf } from "./program-builder.ts";
export { programGlsl } from "./program-glsl.ts";
