/** Errors of single paths, which never end a walk. */

/** What could not be walked or read. */
export interface WalkError {
  /** As the user typed it or the walk composed it. */
  path: string;
  /** What ripgrep prints after "rg: ". */
  message: string;
  /**
   * `path`: a file or directory is missing from the result, and the exit code becomes 2.
   * `ignoreFile`: a line or a file of ignore rules was left out; ripgrep only says so.
   */
  kind: "path" | "ignoreFile";
  /** The system's code, as ENOENT, where the system refused. */
  code: string | undefined;
}

/** Rust's words for an error of the system: `No such file or directory (os error 2)`. */
export function ioErrorText(error: unknown): string {
  const { errno, code, message } = error as NodeJS.ErrnoException;
  if (isNulInPath(error)) return "file name contained an unexpected NUL byte";
  const text = code === undefined ? undefined : SYSTEM_TEXTS[code];
  return text === undefined || errno === undefined ? message : `${text} (os error ${Math.abs(errno)})`;
}

/** Node refuses such a path before the system could; it can come from a configuration file. */
export function isNulInPath(error: unknown): boolean {
  return error instanceof TypeError && "code" in error && error.code === "ERR_INVALID_ARG_VALUE";
}

/** strerror(3) of Linux for what opening, reading and listing may answer. */
const SYSTEM_TEXTS: Record<string, string> = {
  EPERM: "Operation not permitted",
  ENOENT: "No such file or directory",
  EIO: "Input/output error",
  ENXIO: "No such device or address",
  EBADF: "Bad file descriptor",
  EAGAIN: "Resource temporarily unavailable",
  ENOMEM: "Cannot allocate memory",
  EACCES: "Permission denied",
  EBUSY: "Device or resource busy",
  ENODEV: "No such device",
  ENOTDIR: "Not a directory",
  EISDIR: "Is a directory",
  EINVAL: "Invalid argument",
  ENFILE: "Too many open files in system",
  EMFILE: "Too many open files",
  EFBIG: "File too large",
  ENOSPC: "No space left on device",
  EDQUOT: "Disk quota exceeded",
  EROFS: "Read-only file system",
  ELOOP: "Too many levels of symbolic links",
  ENAMETOOLONG: "File name too long",
  EOVERFLOW: "Value too large for defined data type",
  ESTALE: "Stale file handle",
  ETIMEDOUT: "Connection timed out",
};
