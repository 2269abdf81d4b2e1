/** Programs on this machine's disk: the store, its manifest, the lock for one build, and the guard against crashes. */
export { withBuildLock } from "./build-lock.ts";
export { cacheDirectory, MAX_SIDE_FILE_BYTES } from "./cache-folder.ts";
export { CrashGuard } from "./crash-guard.ts";
export type { PruneAnswer, PruneOptions } from "./disk-answers.ts";
export { DiskStore } from "./disk-store.ts";
export type { ManifestRow } from "./manifest.ts";
export { explainMiss, findModule } from "./miss-reason.ts";
