/** How many workgroups a device that is made of the host's cores works on at a time. */
import os from "node:os";

/** Mesa's lavapipe has no more threads than these, whatever it is told (LP_MAX_THREADS). */
const THREADS_MAX = 32;

/**
 * Threads of a software driver's pool: what LP_NUM_THREADS says, as lavapipe reads it, or one for each core. A
 * workgroup that stays has one of them to itself, so a kernel that keeps as many workgroups as these leaves none for
 * the rest of the process.
 */
export function softwareThreadCount(): number {
  return Math.min(Number(process.env["LP_NUM_THREADS"] ?? os.availableParallelism()), THREADS_MAX);
}
