/** Threads that stay and scan corpora in shared memory. Loaded lazily by the engine. */
export { HostBackend, type HostBackendOptions } from "./host-backend.ts";
