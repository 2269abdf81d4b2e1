/** The two priorities of requests. Each has its own ring of slots in the work queue. */

/** A priority of the work queue: 0 is normal, 1 is urgent. */
export type Priority = 0 | 1;
