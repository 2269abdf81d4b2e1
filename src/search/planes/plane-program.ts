/** Limits of the programs over bit planes that `../contracts.ts` describes. */
export type { PlaneProgram, PlaneStep } from "../contracts.ts";

/** Streams that every program begins with: the planes. */
export const PLANE_COUNT = 8;
/** The longest move of one step: a word has 32 places. */
export const ADVANCE_MAX = 31;
