/**
 * Expands `#include "file"` in GLSL, and maps lines of the expanded text back to the original files.
 *
 * An include is searched in this order: the virtual files (texts generated for this program), the folder of the
 * including file, the include roots, the package's `glsl/` folder. A file is included once per program. Further
 * includes of the same file are dropped, so shared files need no guards. A circular include is an error.
 *
 * Invariant: with links resolved, every included file lies below the source's folder, an include root or the package's
 * `glsl/`. A kernel may be less trusted than the program that runs it, and compiler messages quote the text of included
 * files.
 *
 * The expanded text contains `#line LINE SOURCE` at each change of file. SOURCE numbers the files in the order of their
 * first appearance. The text contains no path, so equal sources give equal texts wherever the package is installed.
 */

import { existsSync, realpathSync } from "node:fs";
import { dirname, isAbsolute, join, relative, resolve, sep } from "node:path";
import { byteText, currentDirectory, EverwarpError, packageRoot, systemPath } from "../../base/index.ts";
import { readRegularFileSync } from "../../storage/index.ts";

/** A source and all its includes as one text. */
export interface ExpandedSource {
  /** GLSL without includes. */
  text: string;
  /** File paths by SOURCE number. A source text or virtual file has its name instead. */
  files: readonly string[];
}

const INCLUDE = /^[ \t]*#[ \t]*include[ \t]+"([^"]+)"[ \t]*(?:\/\/.*)?$/;
const ANY_INCLUDE = /^[ \t]*#[ \t]*include\b/;

/** Texts by the name that an include uses. They come before all files on disk. */
export type VirtualFiles = Readonly<Record<string, string>>;

/** Where includes are searched. */
export interface ExpandOptions {
  /** The last folder that is searched; the package's `glsl/` if not given. */
  sharedFolder?: string | undefined;
  virtualFiles?: VirtualFiles | undefined;
  /** Further folders that are searched. */
  includeRoots?: readonly string[] | undefined;
}

/** Size limit of a source; real ones are smaller. */
const SOURCE_BYTES_MAX = 16 << 20;

/** The target of an include. */
interface IncludedFile {
  /** The path of a file, or the name of a virtual file. */
  readonly path: string;
  /** Differs from `path` for a virtual file, so that it is not mistaken for a source text of the same name. */
  readonly id: string;
  read(): string;
}

/** The folder of shared GLSL files. */
function sharedGlslFolder(): string {
  return join(packageRoot(), "glsl");
}

/**
 * Expands the includes of a file.
 *
 * @throws EW_PATH_NOT_FOUND if the file is missing, EW_PATH_UNREADABLE if it is not a readable file, EW_COMPILE for
 * includes that are missing, malformed, circular, or outside the allowed folders
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
  return expandSource(sourceText(answer.bytes, path), absolute, options);
}

/**
 * Expands the includes of a text.
 *
 * @param name the text's name in errors. If it is an absolute path, its folder is searched for includes
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

/** The text of a file, without a byte order mark: GLSL begins with `#version`. @throws EW_COMPILE for UTF-16 */
function sourceText(bytes: Uint8Array, path: string): string {
  const [first = 0, second = 0] = bytes;
  if ((first === 0xff && second === 0xfe) || (first === 0xfe && second === 0xff))
    throw new EverwarpError("EW_COMPILE", `${showPath(path)} is a text in UTF-16`, {
      remedy: "Save it as UTF-8.",
    });
  const text = Buffer.from(bytes).toString();
  return text.startsWith("\uFEFF") ? text.slice(1) : text;
}

/** A path with links resolved, as byte text. */
function realPath(path: string): string {
  return byteText(realpathSync(systemPath(path), "buffer"));
}

/** A path for people: relative if it is inside the working folder. */
export function showPath(path: string): string {
  const folder = currentDirectory();
  if (folder === undefined || !isAbsolute(path)) return path;
  const short = relative(folder, path);
  return short.startsWith("..") || short === "" ? path : short;
}

interface Places {
  /** Folders to search, in order, after the folder of the including file. */
  readonly searched: readonly string[];
  /** Folders that may contain included files. */
  readonly allowed: readonly string[];
  readonly virtualFiles: VirtualFiles;
}

/** @throws EW_COMPILE for an existing file that may not be included */
function find(target: string, from: string, places: Places, here: string): IncludedFile | undefined {
  const { searched, allowed, virtualFiles } = places;
  if (Object.hasOwn(virtualFiles, target)) {
    const text = virtualFiles[target] ?? "";
    return { path: target, id: `virtual file ${target}`, read: () => text };
  }
  const beside = isAbsolute(from) ? [join(dirname(from), target)] : [];
  const candidates = [...beside, ...searched.map((folder) => join(folder, target))];
  const path = candidates.find((candidate) => existsSync(systemPath(candidate)));
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
    if (answer.state === "read") return sourceText(answer.bytes, path);
    const reason = answer.state === "absent" ? "it is gone" : answer.reason;
    throw new EverwarpError("EW_COMPILE", `${here}: "${target}" cannot be read: ${reason}`, {
      remedy: "Include a file of GLSL that this user may read.",
    });
  };
  return { path, id: path, read };
}

/** Whether a path, with links resolved, lies below one of the folders. */
function isBelowOne(path: string, folders: readonly string[]): boolean {
  const real = realPath(path);
  return folders.some((folder) => {
    if (!existsSync(systemPath(folder))) return false;
    const inside = relative(realPath(folder), real);
    return inside !== "" && inside !== ".." && !inside.startsWith(`..${sep}`) && !isAbsolute(inside);
  });
}

/** Tracks block comments from line to line, so that an include inside a comment is ignored. */
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
