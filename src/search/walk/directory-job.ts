/** A directory that waits for its visit, and its names: for messages, for the system, and among those that are kept. */

/** The byte between the names of a path. */
export const SLASH = 47;

/** A directory that has not been visited yet. It can be sent to another thread. */
export interface DirectoryJob {
  /** The printed path: the named path, then "/" and the rest. "" is the working directory, unnamed. */
  path: string;
  /** The true bytes, only where `path` is lossy. */
  pathBytes?: Uint8Array;
  /** The named path above this directory. It is byte text: lossless, where `path` is not. */
  root: string;
  /** The named path with every link resolved, a byte string without a final "/". */
  rootAbsolute: string;
  /** Steps below the named path; 0 for the named path itself. */
  depth: number;
  /** Number of the named path's device, for `oneFileSystem`. */
  device?: number;
}

/** In messages, entries of the unnamed working directory begin with "./". */
export const shownPath = (path: string, root: string): string => (root === "" ? `./${path}` : path);

/** The path of a directory, as it stands before the names in it. */
export const withSlash = (path: Uint8Array): Buffer =>
  path.at(-1) === SLASH ? Buffer.from(path) : Buffer.concat([path, Buffer.of(SLASH)]);

/** Roots with different spellings keep their own rules, because links may lead one path to two places. */
export const keyOf = (job: DirectoryJob): string =>
  job.pathBytes === undefined
    ? `${job.root}\0${job.path}`
    : `${job.root}\0\0${Buffer.from(job.pathBytes).toString("latin1")}`;
