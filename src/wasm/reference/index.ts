/** Slow, obvious TypeScript for what the kernels compute: numeric instructions, and the machine that runs code. */
export { numericReference, type NumericResult } from "./numeric.ts";
export { type HostCalls, type MachineOutcome, ReferenceMachine } from "./machine.ts";
