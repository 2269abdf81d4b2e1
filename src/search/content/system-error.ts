/** Tells errors of the system from faults of the program. */

/** "Permission denied (os error 13)", or undefined for what is no error of the system. */
export function systemErrorText(error: unknown): string | undefined {
  const isSystemError = error instanceof Error && "syscall" in error && "errno" in error;
  return isSystemError || isNulInPath(error) ? ioErrorText(error) : undefined;
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
