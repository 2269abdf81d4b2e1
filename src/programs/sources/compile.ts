/** Compiles GLSL to SPIR-V: expands includes, inserts defines, and maps errors to the original files and lines. */

import { EverwarpError } from "../../base/index.ts";
import { type ExpandedSource, expandFile, expandSource, showPath, type VirtualFiles } from "./include.ts";
import { glslang } from "./glslang.ts";
import { findPrecompiled, sourceKey } from "./precompiled.ts";

/** What to compile. */
export type SourceRequest = {
  /** Preprocessor definitions, put right after the `#version` line. */
  defines?: Readonly<Record<string, string | number | boolean>>;
  /** Texts that `#include "name"` finds before any file on disk. For text that was generated for this program. */
  virtualFiles?: VirtualFiles;
  /** Further folders for includes, in addition to the source's folder and the package's. */
  includeRoots?: readonly string[];
} & (
  | { /** Path of a GLSL file. */ file: string }
  | { /** GLSL text. */ source: string; /** What errors call it. */ name?: string }
);

/**
 * Expands includes and inserts defines. The resulting text is the key of the compiled module.
 *
 * @throws EW_COMPILE, EW_PATH_NOT_FOUND, EW_PATH_UNREADABLE, EW_BAD_ARGUMENT for a define that is no identifier
 */
export function prepareSource(request: SourceRequest): ExpandedSource {
  const { virtualFiles, includeRoots } = request;
  const expanded =
    "file" in request
      ? expandFile(request.file, { virtualFiles, includeRoots })
      : expandSource(request.source, request.name ?? "(source text)", { virtualFiles, includeRoots });
  return { ...expanded, text: insertDefines(expanded.text, request.defines ?? {}) };
}

/**
 * The SPIR-V 1.5 of a compute kernel. If the build compiled the same text, its module is used, which takes less than a
 * millisecond. Otherwise the text is compiled now. The first compilation takes about 200 ms, because it loads the
 * compiler.
 *
 * @throws EW_COMPILE with the compiler's messages, each with its file and line; EW_BAD_SPIRV for a damaged module
 */
export async function compile(request: SourceRequest): Promise<Uint32Array> {
  const expanded = prepareSource(request);
  return findPrecompiled(sourceKey(expanded.text)) ?? (await compileExpanded(expanded));
}

/** Compiles the result of `prepareSource`. @throws EW_COMPILE */
export async function compileExpanded(expanded: ExpandedSource): Promise<Uint32Array> {
  const { spirv, log } = (await glslang())(expanded.text);
  if (spirv !== undefined) return spirv;
  throw new EverwarpError(
    "EW_COMPILE",
    `${showPath(expanded.files[0] ?? "")} does not compile:\n${mapLog(log, expanded)}`,
    {
      remedy: "Correct the source.",
    },
  );
}

/** A module whose instructions carry lines, and what the lines mean. */
export interface LinedModule {
  readonly spirv: Uint32Array;
  /** The lines of the text that was compiled. */
  readonly lines: readonly string[];
  /** The file, and the line in it, of a line of the text. Lines count from 1. */
  readonly locate: (line: number) => { readonly file: string; readonly line: number };
}

/** Compiles a source so that each instruction carries its line. @throws EW_COMPILE and the errors of `prepareSource` */
export function compileWithLines(request: SourceRequest): Promise<LinedModule> {
  return compileExpandedWithLines(prepareSource(request));
}

/** The same for the result of `prepareSource`. @throws EW_COMPILE */
export async function compileExpandedWithLines(expanded: ExpandedSource): Promise<LinedModule> {
  const places: { file: string; line: number }[] = [];
  let file = 0;
  let next = 1;
  // The compiler writes no file into a module, so its lines are those of the whole text.
  const lines = expanded.text.split("\n").map((line) => {
    const [, number, source] = /^#line (\d+) (\d+)$/.exec(line) ?? [];
    places.push({ file: showPath(expanded.files[file] ?? ""), line: next++ });
    if (number === undefined) return line;
    next = Number(number);
    file = Number(source);
    return "";
  });
  const { spirv } = (await glslang())(lines.join("\n"), true);
  return {
    spirv: spirv ?? (await compileExpanded(expanded)),
    lines,
    locate: (line) => places[line - 1] ?? { file: showPath(expanded.files[0] ?? ""), line },
  };
}

function insertDefines(text: string, defines: Readonly<Record<string, string | number | boolean>>): string {
  // Sorted, so that the order of the defines does not make another program.
  const lines = Object.entries(defines)
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, value]) => {
      if (!/^[A-Za-z_]\w*$/.test(name) || /[\r\n]/.test(String(value))) {
        throw new EverwarpError(
          "EW_BAD_ARGUMENT",
          `the define ${JSON.stringify(name)} = ${JSON.stringify(value)}`,
          {
            remedy: "A name must be an identifier and a value one line.",
          },
        );
      }
      return `#define ${name} ${typeof value === "boolean" ? Number(value) : value}`;
    });
  if (lines.length === 0) return text;
  const all = text.split("\n");
  const version = all.findIndex((line) => /^\s*#\s*version\b/.test(line));
  all.splice(version + 1, 0, ...lines, `#line ${version + 2} 0`);
  return all.join("\n");
}

/** Turns the compiler's "ERROR: SOURCE:LINE: text" into "file:line: text", and drops duplicates. */
function mapLog(log: string, expanded: ExpandedSource): string {
  const messages = log
    .split("\n")
    .map((line) => /^(ERROR|WARNING): (?:(\d+):(\d+): )?(.*)$/.exec(line.trim()))
    .filter((match) => match !== null)
    .filter(
      ([, , source, , text]) =>
        source !== undefined || !/compilation errors|No code generated/.test(text ?? ""),
    )
    .map(([, kind, source, line, text]) => {
      const file = source === undefined ? undefined : expanded.files[Number(source)];
      const prefix = kind === "WARNING" ? "warning: " : "";
      return file === undefined ? `  ${prefix}${text}` : `  ${showPath(file)}:${line}: ${prefix}${text}`;
    });
  return messages.length === 0 ? log.trim() : [...new Set(messages)].join("\n");
}
