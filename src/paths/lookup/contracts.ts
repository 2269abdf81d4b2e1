/**
 * The contract of a backend. The host's threads are one backend, a device is another.
 *
 *   tree (rules of Linux) ──▶ table in host memory ──edits──▶ backend
 *   strings ──pack──▶ PackedPaths ──lookup─────────────────▶ backend ──▶ Int32Array: inode ≥ 0, or −errno
 *
 * Invariants: the table in host memory is the truth, and only the tree writes it. A backend mirrors it word for word
 * (`table.schema.ts` defines the words), and never decides about entries. `results[i]` always belongs to path i.
 */
import type { TableEdits } from "../table/index.ts";
import type { PackedPaths, PathLike } from "./pack.ts";

/** Options of a lookup. */
export interface LookupOptions {
  /** Inode of the directory where relative paths begin. Default: the root. */
  directory?: number;
  /** Whether to follow a symlink that the whole path names. `stat` does that, `lstat` does not. Default: true. */
  followSymlinks?: boolean;
}

/** A path that is looked up alone. */
export interface SingleLookup {
  /**
   * Spins for a short time. Call it after the caller's synchronous code, so that other lookups in that code can be
   * gathered first.
   * @returns inode or −errno; undefined if the result has not arrived
   * @throws EW_DEVICE_LOST, EW_CLOSED
   */
  wait(): number | undefined;
  /** Resolves with inode or −errno. @throws as `wait` */
  answer(): Promise<number>;
}

/** A backend that answers lookups: the threads of the host, or a device. */
export interface Backend {
  readonly kind: "host" | "device";

  /**
   * Resolves every path. An invalid path does not affect the others.
   *
   * @param packed read before the promise settles; the caller must not change it until then
   * @returns inode (≥ 0) or −errno, in the order of the paths. A relative path from an inode that is no directory:
   * −ENOTDIR. A relative path from a free inode: −EBADF. A path with a NUL: −EINVAL.
   * @throws EW_BAD_ARGUMENT for offsets that are out of order or beyond the bytes; EW_DEVICE_LOST, EW_CLOSED for the
   * batch as a whole
   */
  lookup(packed: PackedPaths, options?: LookupOptions): Promise<Int32Array>;

  /**
   * Like `lookup`, for strings and bytes. While one part is looked up, the next part is encoded.
   * @param paths must not change until the promise settles
   */
  lookupPaths(paths: readonly PathLike[], options?: LookupOptions): Promise<Int32Array>;

  /**
   * Sends one path in the fastest way.
   * @returns undefined if that is impossible now: something else is in flight, or the path is long
   */
  lookupSingle?(path: PathLike, options?: LookupOptions): SingleLookup | undefined;

  /**
   * Mirrors a change. Must be called synchronously after the image changed, in the order of the changes. No lookup sees
   * half of a change. Every lookup that is submitted after the promise resolved sees all of it.
   */
  apply(edits: TableEdits): Promise<void>;

  /** Fails all lookups in flight with EW_CLOSED, and frees everything. */
  close(): Promise<void>;
}
