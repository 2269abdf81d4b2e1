/**
 * What the parts of the path namespace agree on: error numbers, limits, packed paths, the table's image and the backends.
 *
 *   tree (rules of the kernel) ──▶ table image in host memory ──edits──▶ backend (host threads, or a device that mirrors it)
 *   strings ──pack──▶ PackedPaths ──lookup──▶ backend ──▶ Int32Array: inode ≥ 0, or −errno
 *
 * Invariants: the host's image is the truth and only the tree writes it; a backend mirrors it word for word (`table.schema.ts` says
 * what the words mean) and never decides where an entry lies. `results[i]` belongs to path i, always.
 */

import type { PathLike } from "./pack.ts";

/** The error numbers of Linux that a lookup or a change can give. */
export const ERRNO = {
  EPERM: 1,
  ENOENT: 2,
  EBADF: 9,
  EBUSY: 16,
  EEXIST: 17,
  ENOTDIR: 20,
  EISDIR: 21,
  EINVAL: 22,
  ENAMETOOLONG: 36,
  ENOTEMPTY: 39,
  ELOOP: 40,
} as const;

export type ErrnoCode = keyof typeof ERRNO;

/** Longest name of one component, in bytes (Linux: NAME_MAX). */
export const NAME_BYTES_MAX = 255;
/** Longest path and longest symlink target, in bytes without the NUL that ends it (Linux: PATH_MAX − 1). */
export const PATH_BYTES_MAX = 4095;
/** Symlinks that one lookup follows; the next one is ELOOP. */
export const SYMLINKS_MAX = 40;
/** The directory that `/` names. Inode 0 is never used: it means "none". */
export const ROOT_INODE = 1;

/** What an inode is; the numbers are part of the table's image. */
export const INODE_KIND = { none: 0, file: 1, directory: 2, symlink: 3 } as const;

/** Many paths, one behind the other: path i is `bytes[offsets[i] … offsets[i + 1])`. Any bytes; no NUL ends them. */
export interface PackedPaths {
  readonly bytes: Uint8Array;
  /** One more than there are paths; ascending. The first need not be 0. */
  readonly offsets: Uint32Array;
}

export interface LookupOptions {
  /** Where relative paths begin: an inode. The root if not given. */
  directory?: number;
  /** Whether a symlink that the whole path names is followed, as `stat` does and `lstat` does not. True if not given. */
  followSymlinks?: boolean;
}

/** Words of the table that are in use, or that a change touched: [begin, end), both multiples of 4. */
export interface WordRange {
  readonly begin: number;
  readonly end: number;
}

/**
 * The table as it lies in host memory: one flat space of words (`table.schema.ts`), mostly untouched reservation. Its regions never move and
 * only grow, so the space is sparse and up to 2³⁰ words long. Live memory: copy what is to outlive the call.
 */
export interface TableImage {
  readonly words: Uint32Array;
  /** What is in use now, in ascending order; it begins with the header at word 0. */
  regions(): WordRange[];
}

/**
 * One change (which may be many entries: a batch of adds, both sides of a rename): what of the image is no longer as it was, everything
 * that was added included.
 */
export interface TableEdits {
  /** Pairs of begin and end, in words: ascending, apart from each other, multiples of 4. */
  readonly runs: Uint32Array;
}

/** A path that is being looked up by itself. */
export interface SingleLookup {
  /**
   * Waits on the spot, for a short time. Call it behind what the caller still does: other lookups, mostly, that can then be gathered.
   * @returns inode or −errno; undefined where it is not there yet
   * @throws EW_DEVICE_LOST, EW_CLOSED
   */
  wait(): number | undefined;
  /** Inode or −errno. @throws as `wait` */
  answer(): Promise<number>;
}

/** What answers lookups: host threads or a device. */
export interface PathsBackend {
  readonly kind: "host" | "device";

  /**
   * Resolves every path; one bad path harms no other.
   *
   * @param packed read before the promise settles; the caller leaves it alone until then
   * @returns inode (≥ 0) or −errno, in the order of the paths. A directory inode that is none: −ENOTDIR for relative
   *   paths (−EBADF when it is free), absolute paths are not concerned. A path with a NUL: −EINVAL.
   * @throws EW_BAD_ARGUMENT for offsets that are out of order or beyond the bytes; EW_DEVICE_LOST, EW_CLOSED for the batch as a whole
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
   * Mirrors a change. Called synchronously after the image changed, in the order of the changes; the bytes are read from the image
   * before this returns (the promise may settle later). No lookup sees half of a change; every lookup that is submitted after
   * the promise resolved sees all of it.
   */
  apply(edits: TableEdits): Promise<void>;

  /** Ends what is in flight with EW_CLOSED and gives everything back. */
  close(): Promise<void>;
}
