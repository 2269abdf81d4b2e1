/** Errors of single paths. They never end a walk. */

/** What could not be walked or read. */
export interface WalkError {
  /** The path as the user typed it, or as the walk composed it. */
  path: string;
  /** What ripgrep prints after "rg: ". */
  message: string;
  /**
   * `path`: a file or directory is missing from the result, and the exit code becomes 2.
   * `ignoreFile`: a line or a file of ignore rules was left out. As in ripgrep, that is only a message.
   */
  kind: "path" | "ignoreFile";
  /** The code of the system's error, like ENOENT. */
  code: string | undefined;
}
