/** What the host engine tells its threads. */
import type { MessagePort } from "node:worker_threads";
import type { QueueMemory } from "./query-queue.ts";
import type { SharedCorpus } from "./thread-corpus.ts";
import type { ThreadFilter } from "./candidates.ts";
import type { ThreadAutomaton } from "./unit-matcher.ts";

/** What a thread is started with. */
export interface EngineThreadData {
  readonly queue: QueueMemory;
  readonly thread: number;
  readonly port: MessagePort;
}

/** Sent before the first query that needs it, or after the last one. */
export type ThreadOrder =
  | { kind: "load"; corpus: SharedCorpus }
  | { kind: "unload"; id: number }
  | { kind: "automaton"; id: number; value: ThreadAutomaton }
  | { kind: "filter"; id: number; value: ThreadFilter }
  /** Nothing is searched for now: memory that only searches need is given back. */
  | { kind: "trim" }
  | { kind: "forget"; what: "automaton" | "filter"; id: number };
