/** The two priorities of requests. Each has a ring of slots of its own in the work queue. */

/** 1 is urgent. The number of a priority of the work queue. */
export type Priority = 0 | 1;
