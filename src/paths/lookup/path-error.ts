/** The error of one path. It has the form of Node's own file-system errors, so code for those errors works with it. */
import { ERRNO, type ErrnoCode } from "../table/index.ts";

const MEANINGS: Record<ErrnoCode, string> = {
  EPERM: "operation not permitted",
  ENOENT: "no such file or directory",
  EBADF: "bad file descriptor",
  EBUSY: "resource busy or locked",
  EEXIST: "file already exists",
  ENOTDIR: "not a directory",
  EISDIR: "illegal operation on a directory",
  EINVAL: "invalid argument",
  ENAMETOOLONG: "name too long",
  ENOTEMPTY: "directory not empty",
  ELOOP: "too many symbolic links encountered",
};

const CODES = new Map<number, ErrnoCode>(
  Object.entries(ERRNO).map(([code, number]) => [number, code as ErrnoCode]),
);

/** The attempted operation: the `syscall` of the error. */
export type PathOperation =
  | "lookup"
  | "stat"
  | "readlink"
  | "scandir"
  | "open"
  | "mkdir"
  | "symlink"
  | "link"
  | "unlink"
  | "rmdir"
  | "rename";

/**
 * The error of one path. `code`, `errno` (negative), `syscall`, `path` and `dest` are like those of Node's errors, with
 * Linux's numbers.
 */
export class PathError extends Error {
  readonly code: ErrnoCode;
  readonly errno: number;
  readonly syscall: PathOperation;
  /** The path as it was given. Bytes that are no UTF-8 are replaced. */
  readonly path: string;
  /** The second path of `rename`, `link` and `symlink`. */
  readonly dest?: string;

  constructor(code: ErrnoCode, syscall: PathOperation, path: string, dest?: string) {
    super(`${code}: ${MEANINGS[code]}, ${syscall} '${path}'${dest === undefined ? "" : ` -> '${dest}'`}`);
    this.name = "PathError";
    this.code = code;
    this.errno = -ERRNO[code];
    this.syscall = syscall;
    this.path = path;
    if (dest !== undefined) this.dest = dest;
  }
}

/** The code of an error number, which may be negative. */
export function errnoCode(errno: number): ErrnoCode {
  const code = CODES.get(Math.abs(errno));
  if (code === undefined) throw new RangeError(`${errno} is no error number of a path`);
  return code;
}
