/** Options of a walk: what it skips, follows and reports. */

import type { TypeChange } from "./types.ts";
import type { WalkError } from "./walk-error.ts";

/** Identifies a file on this machine, whatever its name. */
export interface FileIdentity {
  device: bigint;
  inode: bigint;
}

/**
 * Options of a walk. Without an option, the walk does what ripgrep does without flags. All but `onError` can
 * be sent to a thread.
 */
export interface WalkOptions {
  /**
   * Absolute path that relative paths, `-g` globs and `--ignore-file` rules refer to. Default: the process's
   * directory.
   */
  cwd?: string;
  /** The variables that say where git keeps its settings: HOME and XDG_CONFIG_HOME. Default: the process's. */
  environment?: Readonly<Record<string, string | undefined>>;
  /** `--hidden` */
  hidden?: boolean;
  /**
   * `--no-ignore-dot`: .ignore and .rgignore are not used. `--no-ignore` is this, the three below and
   * `noIgnoreParent`.
   */
  noIgnoreDot?: boolean;
  /** `--no-ignore-vcs`: .gitignore, info/exclude and git's global excludes are not used. */
  noIgnoreVcs?: boolean;
  /** `--no-ignore-global`: git's global excludes are not used. */
  noIgnoreGlobal?: boolean;
  /** `--no-ignore-exclude`: info/exclude is not used. */
  noIgnoreExclude?: boolean;
  /** `--no-ignore-parent`: ignore files above the named paths are not used. */
  noIgnoreParent?: boolean;
  /** `--no-ignore-files`: `ignoreFiles` is not used. */
  noIgnoreFiles?: boolean;
  /** False (`--no-require-git`): git's rules also count outside repositories. Default: true. */
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
  /** `--max-depth`: 0 takes only named files, 1 also the entries of named directories, and so on. */
  maxDepth?: number;
  /** `--max-filesize`: larger files are left out, unless they were named. */
  maxFilesizeBytes?: number;
  /**
   * A file that is never found, whatever its name: the file that a search's output goes to. Else the search
   * would search its own output. If the user named it, it is found like any other file.
   */
  skippedFile?: FileIdentity;
  /** `-L`: symbolic links are followed. Named links always are. */
  follow?: boolean;
  /** `--one-file-system` */
  oneFileSystem?: boolean;
  /**
   * Order of the entries of each directory. `path` (`--sort path`): byte order of their names. `directory`:
   * the directory's own order, in which ripgrep leaves files that have the same time. Default: the fastest
   * order.
   */
  sort?: "path" | "directory";
  /** Called for every path that cannot be walked. */
  onError?: (error: WalkError) => void;
  /** Called for every entry that is left out, with the reason. */
  onSkipped?: (path: string, reason: string) => void;
}
