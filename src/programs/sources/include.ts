/**
 * Expansion of `#include "file"` in GLSL, and the way back from a line of the expanded text to the file it came from.
 *
 * An included file is looked for among the virtual files (texts that were made for this very program), then beside the
 * file that names it, then in the roots that were named, then in the package's `glsl/` folder. A file is taken once per
 * program: further includes of it are dropped, so shared files need no guards. A file that includes itself, by whatever
 * way, is an error.
 *
 * Invariant: what is read lies, links followed, below the source's folder, a named root or the package's `glsl/`. A
 * kernel may come from somewhere else than the program that runs it, and the messages of a compiler quote what they do
 * not understand.
 *
 * The expanded text carries `#line LINE SOURCE` at each change of file, where SOURCE counts files in the order of their
 * first appearance. It names no path, so that equal sources give equal texts wherever the package lies.
 */

import { existsSync, realpathSync } from "node:fs";
import { dirname, isAbsolute, join, relative, resolve, sep } from "node:path";
import { currentDirectory, EverwarpError, packageRoot } from "../../base/index.ts";
import { readRegularFileSync } from "../../storage/index.ts";

/** A source with all that it includes, as one text. */
export interface ExpandedSource {
  /** GLSL without includes. */
  text: string;
  /** Absolute paths (or the name of a source text or virtual file) by SOURCE number. */
  files: readonly string[];
}

const INCLUDE = /^[ \t]*#[ \t]*include[ \t]+"([^"]+)"[ \t]*(?:\/\/.*)?$/;
const ANY_INCLUDE = /^[ \t]*#[ \t]*include\b/;

/** Texts by the name that an include gives them; they come before all files on disk. */
export type VirtualFiles = Readonly<Record<string, string>>;

/** Where includes may come from. */
export interface ExpandOptions {
  /** Where includes are found that are not beside the file; the package's `glsl/` if not given. */
  sharedFolder?: string | undefined;
  virtualFiles?: VirtualFiles | undefined;
  /** Further folders that includes may come from, in which they are looked for, too. */
  includeRoots?: readonly string[] | undefined;
}

/** More than any source has. */
const SOURCE_BYTES_MAX = 16 << 20;

/** What an include names. */
interface IncludedFile {
  /** A path, or the name of a virtual file. */
  readonly path: string;
  /** Tells a virtual file from a source text of the same name. */
  readonly id: string;
  read(): string;
}

/** Where shared GLSL files lie. */
function sharedGlslFolder(): string {
  return join(packageRoot(), "glsl");
}

/**
 * Expands the includes of a file.
 *
 * @throws EW_PATH_NOT_FOUND when the file is missing, EW_PATH_UNREADABLE when it is no file or cannot be read,
 * EW_COMPILE for includes that are missing, malformed, circular, or lie outside of the folders that they may come from
 */
export function expandFile(path: string, options: ExpandOptions = {}): ExpandedSource {
  const absolute = resolve(path);
  const answer = readRegularFileSync(absolute, SOURCE_BYTES_MAX);
  if (answer.state === "absent") {
    throw new EverwarpError("EW_PATH_NOT_FOUND", `the kernel ${path} does not exist`, {
      remedy: "Check its path.",
    });
  }
  if (answer.state !== "read") {
    throw new EverwarpError("EW_PATH_UNREADABLE", `the kernel ${path} cannot be read: ${answer.reason}`, {
      remedy: "Name a file of GLSL that this user may read.",
    });
  }
  return expandSource(Buffer.from(answer.bytes).toString(), absolute, options);
}

/**
 * Expands the includes of a text.
 *
 * @param name what errors call the text; when it is an absolute path, includes beside it are found
 */
export function expandSource(source: string, name: string, options: ExpandOptions = {}): ExpandedSource {
  const { sharedFolder = sharedGlslFolder(), virtualFiles = {}, includeRoots = [] } = options;
  const roots = includeRoots.map((root) => resolve(root));
  const places: Places = {
    searched: [...roots, sharedFolder],
    allowed: [...(isAbsolute(name) ? [dirname(name)] : []), ...roots, sharedFolder],
    virtualFiles,
  };
  const files: string[] = [];
  const seen = new Set<string>();
  const lines: string[] = [];

  const expand = (text: string, { path, id }: Omit<IncludedFile, "read">, chain: readonly string[]): void => {
    const number = files.length;
    files.push(path);
    seen.add(id);
    if (chain.length > 0) lines.push(`#line 1 ${number}`);
    let insideComment = false;
    text.split(/\r?\n/).forEach((line, index) => {
      const wasInsideComment = insideComment;
      insideComment = endsInsideComment(line, insideComment);
      if (wasInsideComment || !ANY_INCLUDE.test(line)) {
        lines.push(line);
        return;
      }
      const here = `${showPath(path)}:${index + 1}`;
      const target = INCLUDE.exec(line)?.[1];
      if (target === undefined) {
        throw new EverwarpError("EW_COMPILE", `${here}: malformed include: ${line.trim()}`, {
          remedy: 'Write #include "file".',
        });
      }
      const found = find(target, path, places, here);
      if (found === undefined) {
        throw new EverwarpError(
          "EW_COMPILE",
          `${here}: "${target}" is neither beside the file nor in ${places.searched.map(showPath).join(" or ")}`,
          {
            remedy: "Check the spelling; generated files come from npx tsx scripts/gen-glsl.ts.",
          },
        );
      }
      const nextChain = [...chain, id];
      if (nextChain.includes(found.id)) {
        const circle = [...nextChain.slice(nextChain.indexOf(found.id)), found.id].map(showPath).join(" → ");
        throw new EverwarpError("EW_COMPILE", `${here}: circular include: ${circle}`, {
          remedy: "Break the circle.",
        });
      }
      if (seen.has(found.id)) {
        lines.push(""); // keeps the line numbers
        return;
      }
      expand(found.read(), found, nextChain);
      lines.push(`#line ${index + 2} ${number}`);
    });
  };
  expand(source, { path: name, id: name }, []);
  return { text: lines.join("\n"), files };
}

/** A path as people want to read it: relative to the working folder when it is inside. */
export function showPath(path: string): string {
  const folder = currentDirectory();
  if (folder === undefined || !isAbsolute(path)) return path;
  const short = relative(folder, path);
  return short.startsWith("..") || short === "" ? path : short;
}

interface Places {
  /** Folders that are looked into, in order, after that of the file. */
  readonly searched: readonly string[];
  /** Folders below which a file must lie. */
  readonly allowed: readonly string[];
  readonly virtualFiles: VirtualFiles;
}

/** @throws EW_COMPILE for what is there and may not be included */
function find(target: string, from: string, places: Places, here: string): IncludedFile | undefined {
  const { searched, allowed, virtualFiles } = places;
  if (Object.hasOwn(virtualFiles, target)) {
    const text = virtualFiles[target] ?? "";
    return { path: target, id: `virtual file ${target}`, read: () => text };
  }
  const beside = isAbsolute(from) ? [join(dirname(from), target)] : [];
  const candidates = [...beside, ...searched.map((folder) => join(folder, target))];
  const path = candidates.find((candidate) => existsSync(candidate));
  if (path === undefined) return undefined;
  if (!isBelowOne(path, allowed)) {
    throw new EverwarpError(
      "EW_COMPILE",
      `${here}: "${target}" lies outside of ${allowed.map(showPath).join(" and ")}`,
      { remedy: "Put it below one of them, or name its folder in includeRoots." },
    );
  }
  const read = (): string => {
    const answer = readRegularFileSync(path, SOURCE_BYTES_MAX);
    if (answer.state === "read") return Buffer.from(answer.bytes).toString();
    const reason = answer.state === "absent" ? "it is gone" : answer.reason;
    throw new EverwarpError("EW_COMPILE", `${here}: "${target}" cannot be read: ${reason}`, {
      remedy: "Include a file of GLSL that this user may read.",
    });
  };
  return { path, id: path, read };
}

/** Whether a path, wherever links lead, lies below one of the folders. */
function isBelowOne(path: string, folders: readonly string[]): boolean {
  const real = realpathSync(path);
  return folders.some((folder) => {
    if (!existsSync(folder)) return false;
    const inside = relative(realpathSync(folder), real);
    return inside !== "" && inside !== ".." && !inside.startsWith(`..${sep}`) && !isAbsolute(inside);
  });
}

/** Follows block comments from line to line, so that an include inside one stays a comment. */
function endsInsideComment(line: string, startsInside: boolean): boolean {
  let inside = startsInside;
  for (let index = 0; index < line.length - 1; index++) {
    const pair = line.slice(index, index + 2);
    if (inside) {
      if (pair === "*/") {
        inside = false;
        index++;
      }
    } else if (pair === "//") return false;
    else if (pair === "/*") {
      inside = true;
      index++;
    }
  }
  return inside;
}
