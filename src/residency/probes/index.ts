/** Bounded probes: what a device really does, measured. */
export { DOCTOR_PROBES, PROBE_NAMES } from "./catalogue.ts";
export { probeClock } from "./clock.ts";
export { probeDoorbell } from "./doorbell.ts";
export { probeLoopLimit } from "./loop-limit.ts";
