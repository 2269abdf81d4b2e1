/** Counters in kernels: how many threads are at work in each phase, measured on a device. */
export { LaneCounters, type PhaseUtilisation, type Utilisation } from "./lane-counters.ts";
