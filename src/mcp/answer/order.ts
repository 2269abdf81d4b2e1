/**
 * The order of results: the paths that were named in their order, below each its files by the bytes of their names,
 * folder by folder, and in a file its lines. It is the order of `--sort path`.
 */

/** Where a result stands. */
export interface Position {
  /** The bytes of its path, as a latin1 string: names need not be UTF-8. */
  readonly path: string;
  /** 0 for a result that is a whole file. */
  readonly line: number;
}

/** Which of two paths comes first, as `sort` takes it. */
export type PathOrder = (a: string, b: string) => number;

/** @param named the paths that were named, none below another; none for the working directory */
export function pathOrder(named: readonly string[]): PathOrder {
  const folders = named.map((name) => Buffer.from(name).toString("latin1"));
  const placeOf = (path: string): number =>
    folders.findIndex((folder) => path === folder || path.startsWith(`${folder}/`));
  return (a, b) => placeOf(a) - placeOf(b) || compareNames(a.split("/"), b.split("/"));
}

function compareNames(a: readonly string[], b: readonly string[]): number {
  const length = Math.min(a.length, b.length);
  for (let index = 0; index < length; index++) {
    const left = a[index]!;
    const right = b[index]!;
    if (left !== right) return left < right ? -1 : 1;
  }
  return a.length - b.length;
}

/** Which of two results comes first. */
export function comparePositions(a: Position, b: Position, order: PathOrder): number {
  return a.path === b.path ? a.line - b.line : order(a.path, b.path);
}

/** As `comparePositions`, for files whose `line` is their number of hits: the largest come first. */
export function compareCounts(a: Position, b: Position, order: PathOrder): number {
  return b.line - a.line || order(a.path, b.path);
}
