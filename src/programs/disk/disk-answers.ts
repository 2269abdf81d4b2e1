/** What the store on disk answers, and what it is asked to remove. */

import type { Entry } from "../entries/index.ts";

/** What reading an entry found. */
export type ReadAnswer =
  | { readonly state: "found"; readonly entry: Entry; /** The whole file. */ readonly bytes: Uint8Array }
  | { readonly state: "absent" }
  /** It was there, and was moved away. */
  | { readonly state: "bad"; readonly reason: string }
  | { readonly state: "unreadable"; readonly reason: string };

/** What went wrong with the disk since the store was opened. */
export interface DiskTroubles {
  reads: number;
  writes: number;
  /** Entries that were bad. */
  quarantined: number;
  /** The last error in words. */
  last: string | undefined;
}

/** Which entries `prune` removes. */
export interface PruneOptions {
  /** Removes what was last used before that many days. */
  readonly maxAgeDays?: number | undefined;
  /** Removes what was not used for longest until the rest has no more bytes. */
  readonly maxBytes?: number | undefined;
}

/** What `prune` removed, and what is left. */
export interface PruneAnswer {
  readonly removed: number;
  readonly removedBytes: number;
  readonly kept: number;
  readonly keptBytes: number;
}
