/**
 * The door of the search on the host: threads that stay and scan corpora in shared memory. Loaded lazily by the
 * engine.
 */
export { HostBackend, type HostBackendOptions } from "./host-backend.ts";
