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
