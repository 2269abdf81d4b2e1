/** Where files lie, for the system: those that were found, and those that somebody names. */

const SLASH = 0x2f;

/**
 * The path to open a file by.
 * @param directory absolute path that relative paths refer to. Undefined: the process's own
 */
export function placeOf(
  file: { readonly path: string; readonly pathBytes?: Buffer },
  directory: string | undefined,
): string | Buffer {
  const { path, pathBytes } = file;
  if (pathBytes === undefined) return inDirectory(directory, path);
  if (directory === undefined || pathBytes[0] === SLASH) return pathBytes;
  return Buffer.concat([Buffer.from(`${directory}/`), pathBytes]);
}

/**
 * A path that refers to the directory of whoever gave it. The empty path leads nowhere, and stays empty. A ".." stays:
 * behind a link it leads elsewhere.
 * @param directory absolute. Undefined: the process's own, in which the path is left as it is
 */
export function inDirectory(directory: string | undefined, path: string): string {
  return directory === undefined || path === "" || path.startsWith("/") ? path : `${directory}/${path}`;
}
