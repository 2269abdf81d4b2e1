/** The number of workgroups that a software device runs at the same time. */
import os from "node:os";

/** The maximum of Mesa's lavapipe (LP_MAX_THREADS), whatever it is configured to. */
const THREADS_MAX = 32;

/**
 * The number of threads in a software driver's pool: LP_NUM_THREADS, as lavapipe reads it, or one per core. A resident
 * workgroup occupies one of these threads. So a kernel with this number of resident workgroups leaves none for the rest
 * of the process.
 */
export function softwareThreadCount(): number {
  return Math.min(Number(process.env["LP_NUM_THREADS"] ?? os.availableParallelism()), THREADS_MAX);
}
