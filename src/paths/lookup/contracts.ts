/**
 * What the parts of the path namespace agree on: error numbers, limits, packed paths, the table's image and the
 * backends.
 *
 *   tree (rules of the kernel) ──▶ table image in host memory ──edits──▶ backend (host threads, or a device that mirrors it)
 *   strings ──pack──▶ PackedPaths ──lookup──▶ backend ──▶ Int32Array: inode ≥ 0, or −errno
 *
 * Invariants: the host's image is the truth and only the tree writes it; a backend mirrors it word for word
 * (`table.schema.ts` says what the words mean) and never decides where an entry lies. `results[i]` belongs to path i,
 * always.
 */

import type { PathLike, PackedPaths } from "./pack.ts";
import type { TableEdits } from "../table/index.ts";

export interface LookupOptions {
  /** Where relative paths begin: an inode. The root if not given. */
  directory?: number;
  /**
   * Whether a symlink that the whole path names is followed, as `stat` does and `lstat` does not. True if not given.
   */
  followSymlinks?: boolean;
}

/** A path that is being looked up by itself. */
export interface SingleLookup {
  /**
   * Waits on the spot, for a short time. Call it behind what the caller still does: other lookups, mostly, that can
   * then be gathered.
   * @returns inode or −errno; undefined where it is not there yet
   * @throws EW_DEVICE_LOST, EW_CLOSED
   */
  wait(): number | undefined;
  /** Inode or −errno. @throws as `wait` */
  answer(): Promise<number>;
}

/** What answers lookups: host threads or a device. */
export interface Backend {
  readonly kind: "host" | "device";

  /**
   * Resolves every path; one bad path harms no other.
   *
   * @param packed read before the promise settles; the caller leaves it alone until then
   * @returns inode (≥ 0) or −errno, in the order of the paths. A directory inode that is none: −ENOTDIR for relative
   *   paths (−EBADF when it is free), absolute paths are not concerned. A path with a NUL: −EINVAL.
   * @throws EW_BAD_ARGUMENT for offsets that are out of order or beyond the bytes; EW_DEVICE_LOST, EW_CLOSED for the
   * batch as a whole
   */
  lookup(packed: PackedPaths, options?: LookupOptions): Promise<Int32Array>;

  /**
   * As `lookup`, for what is not packed: while one part is looked up, the next is encoded.
   * @param paths left alone until the promise settles
   */
  lookupPaths(paths: readonly PathLike[], options?: LookupOptions): Promise<Int32Array>;

  /**
   * Sends one path the shortest way, where there is one.
   * @returns undefined where there is none now: something else is in flight, or the path is long
   */
  lookupSingle?(path: PathLike, options?: LookupOptions): SingleLookup | undefined;

  /**
   * Mirrors a change. Called synchronously after the image changed, in the order of the changes; the bytes are read
   * from the image before this returns (the promise may settle later). No lookup sees half of a change; every lookup
   * that is submitted after
   * the promise resolved sees all of it.
   */
  apply(edits: TableEdits): Promise<void>;

  /** Ends what is in flight with EW_CLOSED and gives everything back. */
  close(): Promise<void>;
}
