/** What is known of a kernel: who runs what, which loops end, which memory is whose. */
export { findPartings, isPartedByRace, type Parting } from "./divergence.ts";
export { costOf, ESTIMATED_ROUNDS, workingShare } from "./estimate.ts";
export { Kernel } from "./kernel.ts";
export { isChain, Role } from "./memory.ts";
export { SUBGROUP, TAINT_UNSHARED, UNIFORM } from "./uniformity.ts";
