/** What the main thread and the threads that verify say to each other. */
import type { MessagePort } from "node:worker_threads";
import type { MatcherOptions } from "../matcher/index.ts";
import type { ContentMemory } from "./row-contents.ts";
import type { TaskAnswer, VerifyTask } from "./task.ts";

/** The options from which another thread makes the same matcher. */
export type SharedMatcherOptions = Omit<MatcherOptions, "createScanner">;

/** What a thread is started with. */
export interface VerifyThreadData {
  readonly port: MessagePort;
  /** One word: a thread adds to it and wakes its sleepers after each message. */
  readonly bell: SharedArrayBuffer;
}

/** A search, for the threads that do its tasks. */
export interface JobDescription {
  readonly matcher: SharedMatcherOptions;
  readonly contents: ContentMemory;
  /** A task with more hits than this may stop. */
  readonly maxHits: number;
  /** Only the count of hits is wanted. */
  readonly isCountOnly: boolean;
}

/** A message from the main thread. A thread gets `job` before the job's first task, and `end` after its last one. */
export type VerifyOrder =
  | {
      readonly kind: "job";
      readonly job: number;
      readonly description: JobDescription;
      /** One word. If it is not 0, the answers are not needed any more. */
      readonly stop: SharedArrayBuffer;
    }
  | { readonly kind: "task"; readonly job: number; readonly index: number; readonly task: VerifyTask }
  | { readonly kind: "end"; readonly job: number };

/** A message to the main thread. Each task gets one. It has no `answer` if the answer was not needed any more. */
export type VerifyReport =
  | {
      readonly kind: "answer";
      readonly job: number;
      readonly index: number;
      readonly answer: TaskAnswer | undefined;
    }
  /** The thread ends after this. */
  | { readonly kind: "failed"; readonly detail: string };
