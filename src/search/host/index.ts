/** Threads that stay and scan corpora in shared memory. Loaded lazily by the engine. */
export { HostBackend } from "./host-backend.ts";
