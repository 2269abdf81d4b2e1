/**
 * What a backend must do. The host's threads are one, a device is another.
 *
 *   tree (rules of Linux) ──▶ table in host memory ──edits──▶ backend
 *   strings ──pack──▶ PackedPaths ──lookup─────────────────▶ backend ──▶ Int32Array: inode ≥ 0, or −errno
 *
 * Invariants: the table in host memory is the truth, and only the tree writes it. A backend mirrors it word for word
 * (`table.schema.ts` says what the words mean), and never decides where an entry lies. `results[i]` belongs to path i,
 * always.
 */
import type { TableEdits } from "../table/index.ts";
import type { PackedPaths, PathLike } from "./pack.ts";

/** How paths are looked up. */
export interface LookupOptions {
  /** Inode of the directory where relative paths begin. Default: the root. */
  directory?: number;
  /** Follow a symlink that the whole path names, as `stat` does and `lstat` does not? Default: true. */
  followSymlinks?: boolean;
}

/** A path that is looked up by itself. */
export interface SingleLookup {
  /**
   * Waits on the spot, for a short time. Call it after the caller's synchronous code: the other lookups in it can then
   * be gathered.
   * @returns inode or −errno; undefined if it is not there yet
   * @throws EW_DEVICE_LOST, EW_CLOSED
   */
  wait(): number | undefined;
  /** Resolves with inode or −errno. @throws as `wait` */
  answer(): Promise<number>;
}

/** Answers lookups: the threads of the host, or a device. */
export interface Backend {
  readonly kind: "host" | "device";

  /**
   * Resolves every path. One bad path harms no other.
   *
   * @param packed read before the promise settles; the caller leaves it alone until then
   * @returns inode (≥ 0) or −errno, in the order of the paths. Relative paths from an inode that is no directory:
   * −ENOTDIR; from a
   *   free one: −EBADF. A path with a NUL: −EINVAL.
   * @throws EW_BAD_ARGUMENT for offsets that are out of order or beyond the bytes; EW_DEVICE_LOST, EW_CLOSED for the
   * batch as a whole
   */
  lookup(packed: PackedPaths, options?: LookupOptions): Promise<Int32Array>;

  /**
   * As `lookup`, for strings and bytes: while one part is looked up, the next is encoded.
   * @param paths left alone until the promise settles
   */
  lookupPaths(paths: readonly PathLike[], options?: LookupOptions): Promise<Int32Array>;

  /**
   * Sends one path the shortest way.
   * @returns undefined if there is no short way now: something else is in flight, or the path is long
   */
  lookupSingle?(path: PathLike, options?: LookupOptions): SingleLookup | undefined;

  /**
   * Mirrors a change. It is called synchronously after the image changed, in the order of the changes. No lookup sees
   * half of a change. Every lookup that is submitted after the promise resolved sees all of it.
   */
  apply(edits: TableEdits): Promise<void>;

  /** Ends what is in flight with EW_CLOSED, and frees everything. */
  close(): Promise<void>;
}
