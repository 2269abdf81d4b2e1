/** Lint: proves on the compiled module that no kernel stalls because a thread left. */
export { locationText } from "./code/index.ts";
export {
  type LaneCounterOptions,
  LaneCounters,
  type PhaseSource,
  type PhaseUtilisation,
  type Reading,
  type Utilisation,
  utilisationOf,
} from "./counters/index.ts";
export { type Finding, lintModule } from "./lint.ts";
export { type Rule, RULES } from "./rules/index.ts";
export { lintSource } from "./source.ts";
export { clearVerdicts, findErrors, keptVerdicts, type KeptVerdicts } from "./verdict.ts";
