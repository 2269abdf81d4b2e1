/** What callers give to a namespace, and what a namespace tells of itself. */
import type { BackendChoice, CallLimits } from "../../engine/index.ts";
import type { LookupOptions } from "../lookup/index.ts";

/** Options of `Namespace.open` and `Namespace.load`. */
export interface NamespaceOptions extends Pick<BackendChoice, "device" | "strategy" | "polite"> {
  /** Threads of the host engine besides the calling one. Default: one fewer than there are cores. */
  readonly threads?: number;
  /**
   * Most entries; one more is EW_PATHS_FULL. Address space is reserved for them, memory is not. Names of more than
   * about 30 bytes on average, or many long symlink targets, fill it sooner. It is not part of a saved file.
   * Default: 4,194,304; of `load`, twice the file's entries if that is more.
   */
  readonly maxEntries?: number;
  /** Most paths of one batch. Larger batches are split or refused, see `BatchOptions.oversize`. Default: 1,048,576. */
  readonly maxBatchSize?: number;
}

/** Options of one lookup: how it is done, and the limits of the call. */
export interface LookupCallOptions extends LookupOptions, CallLimits {}

/** Options of one batch. */
export interface BatchOptions extends LookupCallOptions {
  /** A batch of more than `maxBatchSize` paths is split, or refused with EW_REQUEST_TOO_LARGE. Default: "split". */
  oversize?: "split" | "error";
}

/** Options of one change. */
export interface ChangeOptions {
  /** Inode of the directory where relative paths begin. Default: the root. */
  directory?: number;
}

/** Options of a change that can reach further than one name. */
export interface DeepChangeOptions extends ChangeOptions {
  /** Also adds the missing directories above, or removes what is below. Default: false. */
  recursive?: boolean;
}

/** What a namespace runs on. */
export interface NamespaceInfo {
  readonly kind: "host" | "device";
  /** For people: "NVIDIA H200", "8 threads". */
  readonly device: string;
  /** Launch strategy of the kernel; "threads" on the host. */
  readonly strategy: string;
  /** Why the strategy was taken. */
  readonly strategyReason: string;
  /** Why the host answers although a device was wanted; undefined otherwise. */
  readonly fallbackReason: string | undefined;
}
