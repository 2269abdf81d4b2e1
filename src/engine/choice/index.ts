/** The choice of a device or the host, with fallback: one set of rules for every system. */
export {
  type BackendChoice,
  type DeviceChoice,
  deviceRequest,
  mayContinueOnHost,
  mayFallBack,
  openBackend,
} from "./open-backend.ts";
