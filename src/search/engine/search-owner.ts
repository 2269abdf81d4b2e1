/** What a search needs of its engine. */
import type { Verifier } from "../verifier/index.ts";

/** How a search ended. */
export type SearchOutcome = "answered" | "failed" | "cancelled";

/** The engine, as its searches see it. `Asking` is the class of the searches. */
export interface SearchOwner<Asking> {
  /** Threads for what a backend leaves open. Without them, the main thread does it. */
  readonly verifier?: Verifier;
  /** Threads of the host that search, at most. */
  readonly threads: number;
  /** Sends what is pending, as far as there is room. */
  sendPending(): void;
  /** Sends the search once more, or keeps it pending. @throws as `Search.send` */
  sendAgain(search: Asking): void;
  /** The search is not to be sent any more. */
  withdraw(search: Asking): void;
  /** Is the search to be asked again after this error, because its device was lost? Then it is pending. */
  asksAgain(search: Asking, error: unknown): boolean;
  /** Does the search wait for its device to be opened again? */
  isReopening(search: Asking): boolean;
  /** The search has ended. */
  ended(outcome: SearchOutcome): void;
  /** @throws EW_CLOSED */
  assertOpen(): void;
}
