/** What callers give to a namespace, and what it tells of itself. */
import type { BackendChoice } from "../../engine/index.ts";
import type { LookupOptions } from "../lookup/index.ts";

export interface NamespaceOptions extends Pick<BackendChoice, "device" | "strategy" | "polite"> {
  /** Threads of the host engine beside the one that calls: one fewer than there are cores if not given. */
  readonly threads?: number;
  /**
   * Entries that it may have, at most: one more is EW_PATHS_FULL. Address space is reserved for them, memory is not; names of more than some thirty
   * bytes on average, or many long symlink targets, fill it sooner. 4,194,304 if not given; of `load` then twice what the file has, where that is more. It
   * is no part of the file.
   */
  readonly capacity?: number;
  /** Paths in one batch, at most: a million if not given. Larger ones are split or refused, as `oversize` says. */
  readonly maxBatchSize?: number;
}

/** How a batch is looked up. */
export interface BatchOptions extends LookupOptions {
  /** What becomes of a batch of more than `maxBatchSize` paths: it is split (the default), or refused with EW_REQUEST_TOO_LARGE. */
  oversize?: "split" | "error";
}

/** Where a change's relative paths begin. */
export interface ChangeOptions {
  /** An inode; the root if not given. */
  directory?: number;
}

/** What a namespace runs on. */
export interface NamespaceInfo {
  readonly kind: "host" | "device";
  /** For people: "NVIDIA H200", "8 threads". */
  readonly device: string;
  /** Launch strategy of the kernel; "threads" on the host. */
  readonly strategy: string;
  /** Why `auto` did not take a device, or the host stands in for one; undefined otherwise. */
  readonly fallbackReason: string | undefined;
}
