/** Counters in kernels: how many threads are at work in each phase, measured on a device. */
export { LaneCounters, type LaneCounterOptions } from "./lane-counters.ts";
export type { PhaseSource } from "./phases.ts";
export { type PhaseUtilisation, type Reading, type Utilisation, utilisationOf } from "./utilisation.ts";
