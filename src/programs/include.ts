/**
 * Expansion of `#include "file"` in GLSL, and the way back from a line of the expanded text to the file it came from.
 *
 * An included file is looked for among the virtual files (texts that were made for this very program), then beside the
 * file that names it, then in the package's `glsl/` folder. A file is taken once per program: further includes of it are
 * dropped, so shared files need no guards. A file that includes itself, by whatever way, is an error.
 *
 * The expanded text carries `#line LINE SOURCE` at each change of file, where SOURCE counts files in the order of their
 * first appearance. It names no path, so that equal sources give equal texts wherever the package lies.
 */

import { existsSync, readFileSync } from "node:fs";
import { dirname, isAbsolute, join, relative, resolve } from "node:path";
import { currentDirectory } from "../base/current-directory.ts";
import { EverwarpError } from "../base/errors.ts";
import { packageRoot } from "../base/package-root.ts";

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

export interface ExpandOptions {
  /** Where includes are found that are not beside the file; the package's `glsl/` if not given. */
  sharedFolder?: string | undefined;
  virtualFiles?: VirtualFiles | undefined;
}

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
 * @throws EW_PATH_NOT_FOUND when the file is missing, EW_COMPILE for includes that are missing, malformed or circular
 */
export function expandFile(path: string, options: ExpandOptions = {}): ExpandedSource {
  const absolute = resolve(path);
  if (!existsSync(absolute)) {
    throw new EverwarpError("EW_PATH_NOT_FOUND", `the kernel ${path} does not exist`, {
      remedy: "Check its path.",
    });
  }
  return expandSource(readFileSync(absolute, "utf8"), absolute, options);
}

/**
 * Expands the includes of a text.
 *
 * @param name what errors call the text; when it is an absolute path, includes beside it are found
 */
export function expandSource(source: string, name: string, options: ExpandOptions = {}): ExpandedSource {
  const { sharedFolder = sharedGlslFolder(), virtualFiles = {} } = options;
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
      const found = find(target, path, sharedFolder, virtualFiles);
      if (found === undefined) {
        throw new EverwarpError(
          "EW_COMPILE",
          `${here}: "${target}" is neither beside the file nor in ${showPath(sharedFolder)}`,
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

function find(
  target: string,
  from: string,
  sharedFolder: string,
  virtualFiles: VirtualFiles,
): IncludedFile | undefined {
  if (Object.hasOwn(virtualFiles, target)) {
    const text = virtualFiles[target] ?? "";
    return { path: target, id: `virtual file ${target}`, read: () => text };
  }
  const beside = isAbsolute(from) ? [join(dirname(from), target)] : [];
  const path = [...beside, join(sharedFolder, target)].find((candidate) => existsSync(candidate));
  return path === undefined ? undefined : { path, id: path, read: () => readFileSync(path, "utf8") };
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
