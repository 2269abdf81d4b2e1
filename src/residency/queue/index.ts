/** The work queue between host and kernel: slots and completions in mapped memory, sealed vector by vector. */
export type { Priority } from "./priority.ts";
export { Control, Cursors, Heartbeat, Launch, Phase, Queue } from "./queue.schema.ts";
export { Seal } from "./seal.schema.ts";
export { sealMix, sealNumberAt } from "./seal.ts";
export { Ticket, WorkQueue } from "./work-queue.ts";
export { drainWriteCombining } from "./write-combining.ts";
