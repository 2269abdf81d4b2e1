/** Paths of arguments, which refer to the directory of whoever gave them. */

/**
 * A path for the system. The empty path leads nowhere, and stays empty.
 * @param directory absolute. Undefined: the process's own, in which the path is left as it is
 */
export function inDirectory(directory: string | undefined, path: string): string {
  return directory === undefined || path === "" || path.startsWith("/") ? path : `${directory}/${path}`;
}
