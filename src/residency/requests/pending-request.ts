/** A request from the call to its end. */
import type { EverwarpError } from "../../base/index.ts";
import type { Priority } from "../queue/index.ts";
import type { Expiring } from "./deadlines.ts";

/** A request from the call to its end. `Answer` is what its caller gets. */
export class PendingRequest<Answer> implements Expiring {
  readonly priority: Priority;
  readonly submittedAtMs: number;
  deadlineAtMs = Infinity;
  heapIndex = -1;
  /**
   * `settled`: its caller has an answer or an error; one that was told at its deadline is settled and still performed.
   */
  phase: "new" | "waiting" | "published" | "settled" = "new";
  publishedAtMs = 0;
  /** Packed words, kept while it waits. */
  words: Uint32Array | undefined;
  /** Losses of the kernel that it may have caused: it was in flight, and the kernel had begun. */
  lossCount = 0;
  /** It was in flight at a loss, and is to be published alone. */
  isSuspect = false;
  /** A loss ends it: it is not to be performed again. */
  isWithdrawn = false;
  /** The first loss that it was in flight at. */
  firstLoss: EverwarpError | undefined;
  resolve: ((answer: Answer) => void) | undefined;
  reject: ((error: EverwarpError) => void) | undefined;
  /** Hears its signal no longer. */
  unhear: (() => void) | undefined;
  previous: PendingRequest<Answer> | undefined;
  next: PendingRequest<Answer> | undefined;

  constructor(priority: Priority, submittedAtMs: number) {
    this.priority = priority;
    this.submittedAtMs = submittedAtMs;
  }
}
