/** A resident kernel that scans corpora in device memory. `DeviceBackend` is loaded lazily. */
export { scanShape } from "./scan-shape.ts";
export { searchPrograms } from "./search-programs.ts";
