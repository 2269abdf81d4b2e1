/** How anything is measured: samples, contenders in turns, the check of every answer. */
export { type Contender, type Limits, expectResult, measure, measureInTurn, share } from "./measure.ts";
export { skip } from "./skip.ts";
