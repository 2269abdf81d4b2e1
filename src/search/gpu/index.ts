/** Resident kernels that scan and match corpora in device memory. `DeviceBackend` is loaded lazily. */
export { scanShape } from "./scan-shape.ts";
export { searchPrograms } from "./search-programs.ts";
