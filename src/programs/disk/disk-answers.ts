/** Answers of the store on disk, and the options of its removal. */

import type { Entry } from "../entries/index.ts";

/** The result of reading an entry. */
export type ReadAnswer =
  | { readonly state: "found"; readonly entry: Entry; /** The whole file. */ readonly bytes: Uint8Array }
  | { readonly state: "absent" }
  /** The entry was damaged, and was moved away. */
  | { readonly state: "bad"; readonly reason: string }
  | { readonly state: "unreadable"; readonly reason: string };

/** What went wrong with the disk since the store was opened. */
export interface DiskTroubles {
  reads: number;
  writes: number;
  /** Number of damaged entries. */
  quarantined: number;
  /** The last error, as text. */
  last: string | undefined;
}

/** Which entries `prune` removes. */
export interface PruneOptions {
  /** Removes entries that were not used for this number of days. */
  readonly maxAgeDays?: number | undefined;
  /** Removes the longest unused entries until at most this number of bytes remains. */
  readonly maxBytes?: number | undefined;
}

/** What `prune` removed, and what remains. */
export interface PruneAnswer {
  readonly removed: number;
  readonly removedBytes: number;
  readonly kept: number;
  readonly keptBytes: number;
}
