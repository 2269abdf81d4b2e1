/** Checkpoints: a kernel's state in memory and on disk, and the journal of requests since the last one. */
export { Journal, type JournalOptions, type ReplayEntry } from "./journal.ts";
export { type StoredRequest, identityOf, loadKernel, saveKernel } from "./kernel-checkpoint.ts";
