/** What the main thread and the threads that verify say to each other. */
import type { MessagePort } from "node:worker_threads";
import type { MatcherOptions } from "../matcher/index.ts";
import type { ContentMemory } from "./row-contents.ts";
import type { TaskAnswer, VerifyTask } from "./task.ts";

/** The options of a matcher that other threads can make too. */
export type SharedMatcherOptions = Omit<MatcherOptions, "createScanner">;

/** What a thread is started with. */
export interface VerifyThreadData {
  readonly port: MessagePort;
  /** One word: a thread adds to it and wakes its sleepers after each message. */
  readonly bell: SharedArrayBuffer;
}

/** The search that tasks are part of. */
export interface JobDescription {
  readonly matcher: SharedMatcherOptions;
  readonly contents: ContentMemory;
  /** A task that has more hits need not go on. */
  readonly maxHits: number;
  /** Only the count of hits is wanted. */
  readonly isCountOnly: boolean;
}

/** From the main thread. A thread is told of a job before its first task of it, and of its end if it was told of it. */
export type VerifyOrder =
  | {
      readonly kind: "job";
      readonly job: number;
      readonly description: JobDescription;
      /** One word; not 0: nobody wants the answers. */
      readonly stop: SharedArrayBuffer;
    }
  | { readonly kind: "task"; readonly job: number; readonly index: number; readonly task: VerifyTask }
  | { readonly kind: "end"; readonly job: number };

/** To the main thread. Each task is answered once; without an answer where nobody wanted it. */
export type VerifyReport =
  | {
      readonly kind: "answer";
      readonly job: number;
      readonly index: number;
      readonly answer: TaskAnswer | undefined;
    }
  /** The thread ends. */
  | { readonly kind: "failed"; readonly detail: string };
