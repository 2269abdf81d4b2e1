/** A request, from the call to its end. */
import type { EverwarpError } from "../../base/index.ts";
import type { Priority } from "../queue/index.ts";
import type { Expiring } from "./deadlines.ts";

/** A request, from the call to its end. `Answer` is the type of its answer. */
export class PendingRequest<Answer> implements Expiring {
  readonly priority: Priority;
  readonly submittedAtMs: number;
  deadlineAtMs = Infinity;
  heapIndex = -1;
  /**
   * `settled`: the caller has an answer or an error. A request that timed out is settled, but may still be performed.
   */
  phase: "new" | "waiting" | "published" | "settled" = "new";
  publishedAtMs = 0;
  /** The packed words, kept while the request waits. */
  words: Uint32Array | undefined;
  /** Losses that the request may have caused: it was in flight, and the kernel had begun. */
  lossCount = 0;
  /** Whether the request was in flight at a loss, and must be published alone. */
  isSuspect = false;
  /** Whether a loss ends the request: it must not be performed again. */
  isWithdrawn = false;
  /** The first loss in which the request was in flight. */
  firstLoss: EverwarpError | undefined;
  resolve: ((answer: Answer) => void) | undefined;
  reject: ((error: EverwarpError) => void) | undefined;
  /** Stops listening to the signal. */
  stopListening: (() => void) | undefined;
  previous: PendingRequest<Answer> | undefined;
  next: PendingRequest<Answer> | undefined;

  constructor(priority: Priority, submittedAtMs: number) {
    this.priority = priority;
    this.submittedAtMs = submittedAtMs;
  }
}
