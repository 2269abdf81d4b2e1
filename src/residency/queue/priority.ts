/** The two priorities of requests. Each has a ring of slots of its own in the work queue. */

/** 1 is urgent. The number of a lane of the work queue. */
export type Lane = 0 | 1;
