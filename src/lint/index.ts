/** Lint: proves on the compiled module that no kernel stalls because a thread left. */
export { locationText } from "./code/index.ts";
export { LaneCounters, type PhaseUtilisation, type Utilisation } from "./counters/index.ts";
export { type Finding, lintModule } from "./lint.ts";
export { type Rule, RULES } from "./rules/index.ts";
export { lintSource } from "./source.ts";
