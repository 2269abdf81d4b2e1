/** The layer between residency and the systems: what every system needs to run on a device or on the host. */
export {
  type BackendChoice,
  type BackendOpeners,
  type DeviceChoice,
  type DeviceRequest,
  type OpenedBackend,
  assertNoStrategy,
  deviceRequest,
  mayContinueOnHost,
  mayFallBack,
  openBackend,
} from "./choice/index.ts";
export {
  type Awaited,
  CALLER_DONE,
  CALL_LIMITS,
  type CallLimits,
  type CallState,
  CompletionDriver,
  Deferred,
  type DrivenKernel,
  type DrivenRequests,
  type DriverOptions,
  EventLoopTurns,
  withinLimits,
} from "./completion/index.ts";
export {
  MirrorWrite,
  NO_ROOM,
  PageMirror,
  type PageMirrorOptions,
  Ring,
  type SplitAddress,
  type WordSpan,
  splitAddress,
  writeAddress,
} from "./memory/index.ts";
