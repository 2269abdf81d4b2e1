/** Numbers of Linux for lookups and changes: errors, limits, and kinds of inodes. */

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

/** The name of an error number: "ENOENT". */
export type ErrnoCode = keyof typeof ERRNO;

/** Maximum length of one component in bytes (Linux: NAME_MAX). */
export const NAME_BYTES_MAX = 255;
/** Maximum length of a path and of a symlink target, in bytes without the terminating NUL (Linux: PATH_MAX − 1). */
export const PATH_BYTES_MAX = 4095;
/** Maximum number of symlinks that one lookup follows; the next one gives ELOOP. */
export const SYMLINKS_MAX = 40;
/** The directory that `/` names. Inode 0 is never used: it means "none". */
export const ROOT_INODE = 1;

/** Kinds of inodes. The numbers are part of the table's words. */
export const INODE_KIND = { none: 0, file: 1, directory: 2, symlink: 3 } as const;
