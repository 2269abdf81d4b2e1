/** What everything else needs: errors, checks of arguments, clock, turns, faults for tests, the package's own files. */
export {
  type Check,
  type OptionChecks,
  abortSignal,
  assertInstance,
  badArgument,
  boolean,
  callback,
  duration,
  either,
  fullText,
  instance,
  iterableOf,
  listOf,
  matching,
  milliseconds,
  nested,
  oneOf,
  pathText,
  positiveDuration,
  readOptions,
  recordOf,
  shown,
  text,
  unreadable,
  whole,
  wholeNumber,
  wholeOrInfinity,
} from "./arguments.ts";
export { hearAbort } from "./abort-signals.ts";
export { bytesOfText, byteText, holdsBytes, lossyText, quotedText, systemPath } from "./byte-text.ts";
export { MAX_TIMER_MS, nowMs } from "./clock.ts";
export { currentDirectory } from "./current-directory.ts";
export { deviceChoice, deviceOrChoice, deviceWithoutHost, OPEN_DEVICE } from "./device-checks.ts";
export {
  ERROR_CODES,
  type CodeInfo,
  type ErrorCode,
  EverwarpError,
  assert,
  isDeviceFailure,
  type ErrorDetails,
} from "./errors.ts";
export {
  type DeviceFault,
  type DeviceFaultPoint,
  type FileFaultPoint,
  deviceFaultAt,
  fileFaultAt,
  injectFaults,
} from "./faults.ts";
export { forgetDependency, moduleFile, packageRoot, requireDependency } from "./package-root.ts";
export { Turns } from "./turns.ts";
export { packageVersion, versionText } from "./version.ts";
export {
  ASSERT_INTERVAL_MS,
  EAGER_MS,
  SLICE_MS,
  SPINS_PER_CLOCK,
  SPIN_MS,
  STALL_MS,
  WaitPace,
} from "./wait.ts";
