/** Distinguishes errors of the operating system from faults of the program, and words them as Rust does. */

/** "Permission denied (os error 13)", or undefined for an error that does not come from the system. */
export function systemErrorText(error: unknown): string | undefined {
  const isSystemError = error instanceof Error && "syscall" in error && "errno" in error;
  return isSystemError || isNulInPath(error) ? ioErrorText(error) : undefined;
}

/** Rust's text for a system error: `No such file or directory (os error 2)`. */
export function ioErrorText(error: unknown): string {
  const { errno, code, message } = error as NodeJS.ErrnoException;
  if (isNulInPath(error)) return "file name contained an unexpected NUL byte";
  const text = code === undefined ? undefined : SYSTEM_TEXTS[code];
  return text === undefined || errno === undefined ? message : `${text} (os error ${Math.abs(errno)})`;
}

/**
 * True for Node's error about a NUL in a path. Such a path can come from a configuration file, and Node
 * refuses it before the system can.
 */
export function isNulInPath(error: unknown): boolean {
  return error instanceof TypeError && "code" in error && error.code === "ERR_INVALID_ARG_VALUE";
}

/** strerror(3) of Linux, for the errors of opening, reading and listing. */
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
