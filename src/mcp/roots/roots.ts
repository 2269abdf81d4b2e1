/**
 * The folders that an agent may read.
 *
 * Guarantees: a path that `resolve` returns named something below one of the folders when it was asked, whatever `..`,
 * symlinks and absolute paths it was made of. About anything else the error does not even tell whether it exists. This
 * keeps an agent on its ground; it is no wall against somebody who changes links between the check and the reading.
 */
import { lstatSync, realpathSync, statSync } from "node:fs";
import { isAbsolute, relative, resolve } from "node:path";
import { EverwarpError } from "../../base/index.ts";

/** A path that was checked. */
interface Found {
  /** Its real path. */
  readonly real: string;
  /** What a command is given, and what an answer shows. */
  readonly name: string;
  readonly kind: "file" | "folder" | "other";
}

/** One folder, which is then the working directory, or several, whose paths are absolute. */
export class Roots {
  /** Absolute real paths, none below another. */
  readonly folders: readonly string[];
  /** Where commands run. */
  readonly workingDirectory: string;

  /**
   * @param named the folders; none for the working directory
   * @throws EW_PATH_NOT_FOUND, EW_PATH_UNREADABLE, and EW_BAD_ARGUMENT for what is no folder
   */
  constructor(named: readonly string[], workingDirectory: string) {
    const found = (named.length === 0 ? ["."] : named).map((name) => realFolder(name, workingDirectory));
    this.folders = withoutNested(found.map((real) => ({ real, name: real }))).map(({ real }) => real);
    const [first = workingDirectory, ...others] = this.folders;
    this.workingDirectory = others.length === 0 ? first : workingDirectory;
  }

  /**
   * What a command is given to look at, in the order given, without what lies below another one.
   * @param paths none for everything
   * @returns nothing where that is the working directory
   * @throws EW_PATH_OUTSIDE, EW_PATH_NOT_FOUND, EW_PATH_UNREADABLE, EW_BAD_ARGUMENT
   */
  resolveAll(paths: readonly string[]): string[] {
    if (paths.length === 0) return this.folders.length === 1 ? [] : [...this.folders];
    const found = withoutNested(paths.map((path) => this.#find(path)));
    if (this.folders.length === 1 && found.some(({ real }) => real === this.workingDirectory)) return [];
    return found.map(({ name }) => name);
  }

  /** As `resolveAll`, for one file. */
  resolveFile(path: string): string {
    const { kind, name } = this.#find(path);
    if (kind === "file") return name;
    throw new EverwarpError("EW_BAD_ARGUMENT", `${shown(path)} is a folder`, {
      remedy: "Name a file; the files tool lists those of a folder.",
    });
  }

  /** One of the folders. @param path one of them; undefined where there is only one @throws as `resolveAll` */
  folder(path: string | undefined): string {
    const [first = "", ...others] = this.folders;
    if (path === undefined && others.length === 0) return first;
    const real = path === undefined ? undefined : this.#find(path).real;
    if (real !== undefined && this.folders.includes(real)) return real;
    throw new EverwarpError("EW_BAD_ARGUMENT", `root is ${path === undefined ? "missing" : shown(path)}`, {
      remedy: `Choose among ${this.#list()}.`,
    });
  }

  #find(path: string): Found {
    if (path === "" || path.includes("\0"))
      throw new EverwarpError("EW_BAD_ARGUMENT", `the path ${shown(path)} cannot name anything`, {
        remedy: "The files tool lists what there is.",
      });
    const isSingle = this.folders.length === 1;
    if (!isSingle && !isAbsolute(path))
      throw new EverwarpError("EW_BAD_ARGUMENT", `the path ${shown(path)} is not absolute`, {
        remedy: `There are several folders, so begin it with one of them: ${this.#list()}.`,
      });
    // Put together by hand: `join` would take ".." away before symlinks are followed.
    const given = isAbsolute(path) ? path : `${this.workingDirectory}/${path}`;
    const plain = resolve(given);
    const { real, kind } = this.#look(path, given, plain);
    if (!this.#holds(real)) throw this.#outside(path);
    if (kind === "other")
      throw new EverwarpError("EW_PATH_UNREADABLE", `${shown(path)} is neither a file nor a folder`, {
        remedy: "Choose another path.",
      });
    // The plain name is the one that is expected in answers. It is another file where a link stands before "..".
    const isPlainRight = this.#holds(plain) && realOrUndefined(plain) === real;
    const absolute = isPlainRight ? plain : real;
    return { real, kind, name: isSingle ? asArgument(relative(this.workingDirectory, absolute)) : absolute };
  }

  #look(path: string, given: string, plain: string): Pick<Found, "real" | "kind"> {
    try {
      const real = realpathSync.native(given);
      const stats = statSync(real);
      return { real, kind: stats.isFile() ? "file" : stats.isDirectory() ? "folder" : "other" };
    } catch (error) {
      if (!this.#holds(plain) || !this.#holds(nearestReal(given))) throw this.#outside(path);
      const { code } = error as NodeJS.ErrnoException;
      if (code === "ENOENT" || code === "ENOTDIR")
        throw new EverwarpError("EW_PATH_NOT_FOUND", `there is no ${shown(path)}`, {
          remedy: "The files tool lists what there is: give it a glob such as **/NAME.",
          cause: error,
        });
      throw new EverwarpError("EW_PATH_UNREADABLE", `${shown(path)} cannot be reached (${code})`, {
        remedy: "Choose another path.",
        cause: error,
      });
    }
  }

  #holds(absolute: string): boolean {
    return this.folders.some((folder) => isBelow(absolute, folder));
  }

  #outside(path: string): EverwarpError {
    return new EverwarpError("EW_PATH_OUTSIDE", `${shown(path)} leads out of the folders that may be read`, {
      remedy: `Name a path below ${this.#list()}.`,
    });
  }

  #list(): string {
    return this.folders.join(", ");
  }
}

const shown = (path: string): string => JSON.stringify(path.length > 200 ? `${path.slice(0, 200)}…` : path);

/** "-" would be standard input, and "" is the working directory. */
function asArgument(name: string): string {
  if (name === "") return ".";
  return name === "-" ? "./-" : name;
}

function isBelow(path: string, folder: string): boolean {
  return path === folder || path.startsWith(folder === "/" ? "/" : `${folder}/`);
}

function withoutNested<T extends { readonly real: string }>(found: readonly T[]): T[] {
  return found.filter(
    ({ real }, index) =>
      !found.some((other, at) => isBelow(real, other.real) && (other.real !== real || at < index)),
  );
}

/**
 * The real path of the nearest folder above a path that cannot be followed. For a link that leads nowhere, it is where
 * nobody may read: its target is nobody's business.
 */
function nearestReal(path: string): string {
  for (let above = path; above !== ""; above = above.slice(0, Math.max(0, above.lastIndexOf("/")))) {
    const real = realOrUndefined(above);
    if (real !== undefined) return real;
    if (isLink(above)) return "";
  }
  return "/";
}

function isLink(path: string): boolean {
  try {
    return lstatSync(path).isSymbolicLink();
  } catch {
    return false; // whatever it is, it cannot be followed
  }
}

function realOrUndefined(path: string): string | undefined {
  try {
    return realpathSync.native(path);
  } catch {
    return undefined;
  }
}

function realFolder(name: string, workingDirectory: string): string {
  try {
    const real = realpathSync.native(resolve(workingDirectory, name));
    if (statSync(real).isDirectory()) return real;
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    const isMissing = code === "ENOENT" || code === "ENOTDIR";
    throw new EverwarpError(
      isMissing ? "EW_PATH_NOT_FOUND" : "EW_PATH_UNREADABLE",
      `the folder ${shown(name)} ${isMissing ? "does not exist" : `cannot be reached (${code})`}`,
      { remedy: "Name folders that exist: everwarp mcp FOLDER …", cause },
    );
  }
  throw new EverwarpError("EW_BAD_ARGUMENT", `${shown(name)} is no folder`, {
    remedy: "Name the folder that it lies in.",
  });
}
