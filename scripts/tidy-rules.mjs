// The rules of scripts/check-tidy.mjs: what is counted in which files, and how a list of exceptions may change.
import { existsSync, readFileSync } from "node:fs";
import path from "node:path";
import { listFiles, parseFile, walkTree } from "./source-files.mjs";

/** How large a number may be without being an exception, by rule. */
export const LIMITS = {
  "lines of a file": 400,
  "lines of a function": 60,
  "exports without docstring": 0,
  "wide lines": 0,
};
/** Characters of a line. */
const WIDTH = 120;

const CODE = /\.(ts|mjs|cjs|comp|glsl)$/;
const isParsed = (file) => /\.(ts|mjs)$/.test(file) && !file.includes("/assembly/");
const isTest = (file) => file.endsWith(".test.ts");
const isGenerated = (file) => file.includes("/generated/") || file.startsWith("bench/record/");

/**
 * Counts in every file below the folders `src`, `test`, `scripts`, `bench`, `examples`, `glsl`, `bin` and `docs`, and
 * in the documents beside them. Returns, by rule, what is over its limit: `{ [key]: { count, where } }`. A key is a
 * file, or a file and a function; `where` says where to look.
 */
export function measure(root) {
  const found = Object.fromEntries(Object.keys(LIMITS).map((rule) => [rule, {}]));
  const note = (rule, key, count, where) => {
    if (count > LIMITS[rule]) found[rule][key] = { count, where };
  };
  for (const file of listMeasured(root)) {
    const lines = readFileSync(path.join(root, file), "utf8").split("\n");
    const wide = listWideLines(file, lines);
    note(
      "wide lines",
      file,
      wide.length,
      `lines ${wide.slice(0, 9).join(", ")}${wide.length > 9 ? ", …" : ""}`,
    );
    if (CODE.test(file)) note("lines of a file", file, lines.length - 1, "the whole file");
    if (!isParsed(file) || isTest(file)) continue;
    const parsed = parseFile(path.join(root, file));
    for (const [name, count, line] of measureFunctions(parsed)) {
      note("lines of a function", `${file}#${name}`, count, `line ${line}`);
    }
    if (file.startsWith("test/")) continue;
    const bare = listBareExports(parsed);
    note("exports without docstring", file, bare.length, bare.join(", "));
  }
  return found;
}

function listMeasured(root) {
  const folders = ["src", "test", "scripts", "bench", "examples", "glsl", "bin", "docs"];
  const endings = [".ts", ".mjs", ".cjs", ".comp", ".glsl", ".md"];
  const inFolders = folders.flatMap((folder) => listFiles(path.join(root, folder), endings, `${folder}/`));
  const beside = ["ARCHITECTURE.md", "CHANGELOG.md", "CONTRIBUTING.md", "README.md", "vitest.config.ts"];
  return [...inFolders, ...beside].filter((file) => !isGenerated(file) && existsSync(path.join(root, file)));
}

/** Line numbers. The rows of a document's table, and words that cannot be broken, may be as wide as they are. */
function listWideLines(file, lines) {
  const isDocument = file.endsWith(".md");
  return lines.flatMap((line, index) => {
    const isWide = line.length > WIDTH && [...line].length > WIDTH;
    const isFree =
      (isDocument && /^\s*\|/.test(line)) ||
      !/\S\s+\S/.test(line.trim().replace(/^([-*>]|\/\/|\d+\.)\s+/, ""));
    return isWide && !isFree ? [index + 1] : [];
  });
}

/** Every function and method: its name with the names around it, its lines, and where it begins. */
function measureFunctions({ text, program }) {
  const lineAt = countLines(text);
  const seen = new Map();
  const functions = [];
  walkTree(program, (node, parents) => {
    if (!/^(FunctionDeclaration|FunctionExpression|ArrowFunctionExpression)$/.test(node.type)) return;
    const names = [...parents, node].map(nameOf).filter(Boolean);
    if (nameOf(node) === undefined && nameOf(parents.at(-1)) === undefined) names.push("callback");
    const name = names.join(".");
    const number = (seen.get(name) ?? 0) + 1;
    seen.set(name, number);
    const line = lineAt(node.start);
    functions.push([number > 1 ? `${name}:${number}` : name, lineAt(node.end) - line + 1, line]);
  });
  return functions;
}

function nameOf(node) {
  switch (node.type) {
    case "FunctionDeclaration":
    case "ClassDeclaration":
    case "VariableDeclarator":
      return node.id?.name;
    case "MethodDefinition":
    case "PropertyDefinition":
    case "Property":
      return node.key.name ?? node.key.value;
    default:
      return undefined;
  }
}

function countLines(text) {
  const ends = [];
  for (let at = text.indexOf("\n"); at >= 0; at = text.indexOf("\n", at + 1)) ends.push(at);
  return (offset) => {
    let low = 0;
    let high = ends.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (ends[middle] < offset) low = middle + 1;
      else high = middle;
    }
    return low + 1;
  };
}

/** Names of what a file itself defines and exports without a comment that begins with two asterisks right before it. */
function listBareExports({ text, program, comments }) {
  const docs = comments.filter(({ type, value }) => type === "Block" && value.startsWith("*"));
  const hasDoc = ({ start }) =>
    docs.some((doc) => doc.end <= start && /^\s*$/.test(text.slice(doc.end, start)));
  const declared = new Map();
  const documented = new Map();
  const note = (names, isDocumented) => {
    for (const name of names) documented.set(name, isDocumented || (documented.get(name) ?? false));
  };
  for (const statement of program.body) {
    if (!/^Export(Named|Default)Declaration$/.test(statement.type)) {
      for (const name of namesOf(statement)) declared.set(name, statement);
    } else if (statement.declaration) {
      const names = namesOf(statement.declaration);
      note(names.length > 0 ? names : ["default"], hasDoc(statement));
    }
  }
  for (const { specifiers, source } of program.body.filter(({ type }) => type === "ExportNamedDeclaration")) {
    for (const { local } of source ? [] : specifiers) {
      const statement = declared.get(local.name);
      if (statement) note([local.name], hasDoc(statement));
    }
  }
  return [...documented].filter(([, isDocumented]) => !isDocumented).map(([name]) => name);
}

function namesOf(statement) {
  if (statement.type === "VariableDeclaration")
    return statement.declarations.map(({ id }) => id.name ?? "a pattern");
  return statement.id?.name ? [statement.id.name] : [];
}

/** Sentences about what is over its limit without being an exception, or whose exception is larger than it must be. */
export function compare(found, exceptions) {
  const problems = [];
  for (const rule of Object.keys(LIMITS)) {
    const list = exceptions[rule] ?? {};
    for (const [key, { count, where }] of Object.entries(found[rule])) {
      const allowed = list[key] ?? LIMITS[rule];
      if (count > allowed) problems.push(`${key}: ${count} ${rule}, ${allowed} allowed (${where})`);
    }
    for (const [key, allowed] of Object.entries(list)) {
      const count = found[rule][key]?.count ?? 0;
      if (count < allowed) {
        const now = count === 0 ? "needs no exception any more" : `has ${count}`;
        problems.push(
          `${key}: ${allowed} ${rule} are allowed, and it ${now}: run node scripts/check-tidy.mjs --update`,
        );
      }
    }
  }
  return problems;
}

/**
 * The lists of exceptions as they must be now, by rule, and sentences about rules whose list would grow. A list is as
 * large as everything in it together is over the limit: so what moves to another file may take its exception along.
 */
export function shrink(found, exceptions) {
  const lists = {};
  const refusals = [];
  for (const [rule, limit] of Object.entries(LIMITS)) {
    const now = Object.fromEntries(Object.entries(found[rule]).map(([key, { count }]) => [key, count]));
    const size = (list) => Object.values(list).reduce((sum, count) => sum + count - limit, 0);
    const [before, after] = [size(exceptions[rule] ?? {}), size(now)];
    if (exceptions[rule] !== undefined && after > before) {
      refusals.push(
        `${rule}: exceptions may only shrink, and they would grow from ${before} to ${after} over the limit`,
      );
    } else {
      lists[rule] = now;
    }
  }
  return { lists, refusals };
}
