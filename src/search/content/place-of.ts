/** Where a file that was found lies, for the system. */

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
  if (directory === undefined) return pathBytes ?? path;
  if (pathBytes === undefined) return path === "" || path.startsWith("/") ? path : `${directory}/${path}`;
  return pathBytes[0] === SLASH ? pathBytes : Buffer.concat([Buffer.from(`${directory}/`), pathBytes]);
}
