/**
 * The places of ignore rules on disk: ignore files, `info/exclude` of a repository or worktree, git's global
 * excludes.
 */

import { closeSync, fstatSync, readFileSync, statSync } from "node:fs";
import { isUtf8 } from "node:buffer";
import { homedir } from "node:os";
import { join } from "node:path";
import { GlobSyntaxError } from "./glob.ts";
import { IgnoreRules, type IgnoreRulesOptions } from "./ignore-rules.ts";
import { ioErrorText, openAtOnce } from "../content/index.ts";

/** A path as text, or as bytes where it is not UTF-8. */
export type PathLike = string | Buffer;

/**
 * Reads a file that nobody named. What is no file there, such as a pipe or a device, has no content: reading it could
 * take for ever.
 */
function readFound(path: PathLike): Buffer {
  const descriptor = openAtOnce(path);
  try {
    const stats = fstatSync(descriptor);
    return stats.isFile() || stats.isDirectory() ? readFileSync(descriptor) : Buffer.alloc(0);
  } finally {
    closeSync(descriptor);
  }
}

/**
 * Adds the lines of an ignore file to `rules`.
 *
 * @param read how it is read: a file that the user named may be a pipe
 * @param shownPath the path in error messages
 * @param onProblem gets ripgrep's text about a file that cannot be read, and about every line that does not
 * parse
 */
export function addIgnoreFile(
  rules: IgnoreRules,
  file: PathLike,
  shownPath: string,
  options: IgnoreRulesOptions,
  onProblem: (message: string, error: unknown) => void,
  read: (path: PathLike) => Buffer = readFound,
): void {
  let content: Buffer;
  try {
    content = read(file);
  } catch (error) {
    // A directory can be opened, but its first line cannot be read.
    const isDirectory = (error as NodeJS.ErrnoException).code === "EISDIR";
    onProblem(`${shownPath}: ${isDirectory ? "line 1: " : ""}${ioErrorText(error)}`, error);
    return;
  }
  let lineNumber = 0;
  for (let start = 0; start < content.length;) {
    lineNumber++;
    const newline = content.indexOf(10, start);
    const end = newline < 0 ? content.length : newline;
    const bytes = content.subarray(
      start,
      end > start && content[end - 1] === 13 && newline >= 0 ? end - 1 : end,
    );
    start = end + 1;
    if (!isUtf8(bytes)) {
      onProblem(`${shownPath}: line ${lineNumber}: stream did not contain valid UTF-8`, undefined);
      return;
    }
    let line = bytes.toString("utf8");
    if (lineNumber === 1) line = line.replace(/^\ufeff+/, "");
    try {
      rules.addLine(line, options);
    } catch (error) {
      if (!(error instanceof GlobSyntaxError)) throw error;
      onProblem(`${shownPath}: line ${lineNumber}: ${error.message}`, error);
    }
  }
}

/**
 * The directory with `info/exclude` for the repository or linked worktree at `directory`. Paths are byte
 * strings (see glob.ts).
 *
 * @returns undefined if `.git` is a file that leads nowhere
 */
export function gitCommonDirectory(directory: string, consults: (path: string) => void): string | undefined {
  const dotGit = `${directory}/.git`;
  const firstLine = (path: string): string => {
    consults(path);
    return readFound(fromByteString(path)).toString("latin1").split("\n", 1)[0] ?? "";
  };
  consults(dotGit);
  try {
    if (!statSync(fromByteString(dotGit)).isFile()) return dotGit;
    const gitLine = firstLine(dotGit);
    if (!gitLine.startsWith("gitdir: ")) return undefined;
    const gitDirectory = gitLine.slice("gitdir: ".length).replace(/\r$/, "");
    const commonLine = firstLine(`${gitDirectory}/commondir`);
    return commonLine.startsWith(".") ? `${gitDirectory}/${commonLine}` : commonLine;
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}

/** The path for the system that a byte string stands for. */
export const fromByteString = (path: string): Buffer => Buffer.from(path, "latin1");

/** The path of git's global ignore file: `core.excludesFile`, else the XDG default. It need not exist. */
export function globalExcludesPath(
  environment: Readonly<Record<string, string | undefined>> = process.env,
  consults: (path: string) => void = () => undefined,
): string {
  const home = environment["HOME"] ?? homedir();
  const xdg = environment["XDG_CONFIG_HOME"];
  const configDirectory = xdg === undefined || xdg === "" ? join(home, ".config") : xdg;
  for (const config of [join(home, ".gitconfig"), join(configDirectory, "git/config")]) {
    consults(config);
    const configured = excludesFileSetting(config);
    if (configured !== undefined) return configured.replaceAll("~", home);
  }
  return join(configDirectory, "git/ignore");
}

/**
 * ripgrep reads git's configuration with one expression and ignores sections. everwarp does the same, to skip
 * the same files.
 */
function excludesFileSetting(config: string): string | undefined {
  try {
    return /^[^\S\n]*excludesfile\s*=\s*"?\s*(\S+?)\s*"?\s*$/im.exec(readFound(config).toString())?.[1];
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}

/** True for errors that only say that this user finds no such file. */
export function isMissing(error: unknown): boolean {
  const code = (error as NodeJS.ErrnoException).code;
  return (
    code === "ENOENT" ||
    code === "ENOTDIR" ||
    code === "EACCES" ||
    code === "EISDIR" ||
    code === "ELOOP" ||
    code === "ENXIO"
  );
}
