/** The layer between residency and the systems: what every system needs to run on a device or on the host. */
export {
  type BackendChoice,
  type DeviceChoice,
  deviceRequest,
  mayContinueOnHost,
  mayFallBack,
  openBackend,
} from "./choice/index.ts";
export {
  CALLER_DONE,
  CALL_LIMITS,
  type CallLimits,
  type CallState,
  CompletionDriver,
  Deferred,
  type DrivenRequests,
  EventLoopTurns,
  withinLimits,
} from "./completion/index.ts";
export {
  MirrorWrite,
  NO_ROOM,
  PageMirror,
  Ring,
  type SplitAddress,
  type WordSpan,
  splitAddress,
  writeAddress,
} from "./memory/index.ts";
