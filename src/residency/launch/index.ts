/** The resident loop: a kernel, its work queue and its strategy on one device. */
export { chooseStrategy, kindOf, strategyOf } from "./choose-strategy.ts";
export {
  type LoopPosition,
  POSITION_BYTES_MAX,
  MAX_SLOTS,
  assertPosition,
  copyPosition,
  decodePosition,
  encodePosition,
  isBetweenRequests,
  isSplit,
  loopRegions,
  positionFrom,
  regionBytes,
  withdraw,
} from "./loop-position.ts";
export { type ProgramLoop, type ProgramLoopOptions, launchEcho, launchProgram } from "./program-loop.ts";
export { ResidentLoop, WORKGROUP_SIZE_ID } from "./resident-loop.ts";
export { softwareThreadCount } from "./software-threads.ts";
export { type Quantiles, TimeHistogram } from "./time-histogram.ts";
