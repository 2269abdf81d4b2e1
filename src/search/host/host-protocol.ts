/** What the host engine tells its threads. */
import type { MessagePort } from "node:worker_threads";
import type { QueueMemory } from "./query-queue.ts";
import type { SharedCorpus } from "./unit-scanner.ts";

/** What a thread is started with. */
export interface EngineThreadData {
  readonly queue: QueueMemory;
  readonly thread: number;
  readonly port: MessagePort;
}

/** Sent before the first query that needs it. */
export type ThreadOrder = { kind: "load"; corpus: SharedCorpus } | { kind: "unload"; id: number };
