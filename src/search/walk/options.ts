/** What a walk skips, follows and reports. */

import type { TypeChange } from "./types.ts";
import type { WalkError } from "./walk-error.ts";

/** Tells a file from all others on this machine, under all of its names. */
export interface FileIdentity {
  device: bigint;
  inode: bigint;
}

/** Every field may be left out; what is left out is as ripgrep does it without flags. All but `onError` can be sent to a thread. */
export interface WalkOptions {
  /** Absolute. What relative paths, `-g` globs and `--ignore-file` rules refer to. Default: the process's. */
  cwd?: string;
  /** `--hidden` */
  hidden?: boolean;
  /** `--no-ignore-dot`: .ignore and .rgignore count for nothing. `--no-ignore` is this with the three below and `noIgnoreParent`. */
  noIgnoreDot?: boolean;
  /** `--no-ignore-vcs`: .gitignore, info/exclude and git's global excludes count for nothing. */
  noIgnoreVcs?: boolean;
  /** `--no-ignore-global`: git's global excludes count for nothing. */
  noIgnoreGlobal?: boolean;
  /** `--no-ignore-exclude`: info/exclude counts for nothing. */
  noIgnoreExclude?: boolean;
  /** `--no-ignore-parent`: ignore files above the named paths count for nothing. */
  noIgnoreParent?: boolean;
  /** `--no-ignore-files`: `ignoreFiles` counts for nothing. */
  noIgnoreFiles?: boolean;
  /** False is `--no-require-git`: git's rules count outside of repositories too. Default true. */
  requireGit?: boolean;
  /** `--ignore-file-case-insensitive` */
  ignoreFileCaseInsensitive?: boolean;
  /** `--ignore-file`, in order */
  ignoreFiles?: readonly string[];
  /** `-g`, in order */
  globs?: readonly string[];
  /** `--iglob`, in order; they come after all of `globs` */
  iglobs?: readonly string[];
  /** `--glob-case-insensitive`: `globs` ignore case too. */
  globCaseInsensitive?: boolean;
  /** `-t`, `-T`, `--type-add`, `--type-clear`, in the order of the command line */
  types?: readonly TypeChange[];
  /** `--max-depth`: 0 takes only files that were named, 1 the entries of named directories, and so on. */
  maxDepth?: number;
  /** `--max-filesize`: larger files are left out, unless they were named. */
  maxFilesizeBytes?: number;
  /**
   * A file that is never found, whatever it is called: the one that a search's output goes to, which would feed itself. Where the user
   * named it, it is a file like any other.
   */
  skippedFile?: FileIdentity;
  /** `-L`: symbolic links are followed. Those that were named always are. */
  follow?: boolean;
  /** `--one-file-system` */
  oneFileSystem?: boolean;
  /**
   * `path`, as for `--sort path`: the entries of each directory in byte order of their names. `directory`: as the directory holds them, which
   * is how ripgrep leaves files that a sort by time does not tell apart. Default: as is fastest.
   */
  sort?: "path" | "directory";
  /** Told of every path that cannot be walked. Default: nobody is told. */
  onError?: (error: WalkError) => void;
}
