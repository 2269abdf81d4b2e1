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
