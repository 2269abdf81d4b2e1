/** Lookups on the threads of the host. */
export { HostBackend } from "./host-backend.ts";
export { SCRATCH_WORDS } from "./shared-queue.ts";
