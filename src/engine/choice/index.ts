/** The choice of a device or the host, with fallback: one set of rules for every system. */
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
} from "./open-backend.ts";
