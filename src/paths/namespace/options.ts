/** Options of a namespace, and the information that it gives. */
import type { BackendChoice, CallLimits } from "../../engine/index.ts";
import type { LookupOptions } from "../lookup/index.ts";

/** Options of `Namespace.open` and `Namespace.load`. */
export interface NamespaceOptions extends Pick<BackendChoice, "device" | "strategy" | "polite"> {
  /** Number of worker threads of the host engine. Default: one fewer than there are cores. */
  readonly threads?: number;
  /**
   * Maximum number of entries; beyond it, changes fail with EW_PATHS_FULL. Address space is reserved for them, but no
   * memory. Names of more than about 30 bytes on average, or many long symlink targets, fill the table sooner. The
   * limit is not part of a saved file. Default: 4,194,304; for `load`, twice the file's entries if that is more.
   */
  readonly maxEntries?: number;
  /** Maximum number of paths in one batch. Larger batches: see `BatchOptions.oversize`. Default: 1,048,576. */
  readonly maxBatchSize?: number;
}

/** Options of one lookup: its kind, and the limits of the call. */
export interface LookupCallOptions extends LookupOptions, CallLimits {}

/** Options of one batch. */
export interface BatchOptions extends LookupCallOptions {
  /**
   * Whether a batch of more than `maxBatchSize` paths is divided or fails with EW_REQUEST_TOO_LARGE. Default: "split".
   */
  oversize?: "split" | "error";
}

/** Options of one change. */
export interface ChangeOptions {
  /** Inode of the directory where relative paths begin. Default: the root. */
  directory?: number;
}

/** Options of a change that can affect more than one name. */
export interface DeepChangeOptions extends ChangeOptions {
  /** Also adds missing parent directories, or removes everything below. Default: false. */
  recursive?: boolean;
}

/** What a namespace runs on. */
export interface NamespaceInfo {
  readonly kind: "host" | "device";
  /** A text for people: "NVIDIA H200", "8 threads". */
  readonly device: string;
  /** Launch strategy of the kernel; "threads" on the host. */
  readonly strategy: string;
  /** Why the strategy was chosen. */
  readonly strategyReason: string;
  /** Why the host answers although a device was wanted; otherwise undefined. */
  readonly fallbackReason: string | undefined;
}
