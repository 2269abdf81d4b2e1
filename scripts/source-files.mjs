// Finds and parses the files that the checks of this folder look at.
import { existsSync, readFileSync, readdirSync } from "node:fs";
import path from "node:path";
import { parseSync } from "oxc-parser";

/** Every file below `folder` with one of the endings, sorted: its path from `folder` on, behind `prefix`. */
export function listFiles(folder, endings, prefix = "") {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && endings.some((ending) => entry.name.endsWith(ending)))
    .map((entry) => path.relative(folder, path.join(entry.parentPath ?? entry.path, entry.name)))
    .map((file) => prefix + file.split(path.sep).join("/"))
    .sort();
}

/** The syntax tree, the comments and the imports of one TypeScript or JavaScript file. Throws if it does not parse. */
export function parseFile(file) {
  const text = readFileSync(file, "utf8");
  const result = parseSync(file, text);
  if (result.errors.length > 0) throw new Error(`${file}: ${result.errors[0].message}`);
  return { text, program: result.program, comments: result.comments, module: result.module };
}

/** Calls `visit(node, parents)` for every node of a syntax tree, parents first. The last parent is the nearest. */
export function walkTree(node, visit, parents = []) {
  visit(node, parents);
  parents.push(node);
  for (const value of Object.values(node)) {
    for (const child of Array.isArray(value) ? value : [value]) {
      if (typeof child?.type === "string") walkTree(child, visit, parents);
    }
  }
  parents.pop();
}

/** Every import of a parsed file, re-exports and types included: what it names, and whether it is loaded lazily. */
export function listImports({ text, program, module }) {
  const imports = [...module.staticImports, ...module.staticExports.flatMap((each) => each.entries)]
    .filter((each) => each.moduleRequest)
    .map((each) => ({ specifier: each.moduleRequest.value, isLazy: false }));
  for (const { moduleRequest } of module.dynamicImports) {
    const argument = text.slice(moduleRequest.start, moduleRequest.end);
    if (/^["'`][^"'`$]*["'`]$/.test(argument))
      imports.push({ specifier: argument.slice(1, -1), isLazy: true });
  }
  if (/\bimport\s*\(/.test(text)) {
    walkTree(program, (node) => {
      if (node.type === "TSImportType") imports.push({ specifier: node.source.value, isLazy: false });
    });
  }
  return imports;
}
