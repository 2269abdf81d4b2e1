// `npm run docs:build`: a site of the pages and the API reference, in site/ (git ignores it).
//
// With --check it writes nothing, and fails where the public API has an export without a docstring, a signature with a
// type that is not exported, an option that stands by place, or a link in a docstring that leads nowhere.
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { register } from "node:module";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { positionalOptions } from "./option-rules.mjs";

const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)));
process.chdir(root);

// typedoc needs the compiler's API, which TypeScript 7 does not have yet. It gets the TypeScript 6 of `compiler-api`.
register(
  `data:text/javascript,${encodeURIComponent(
    'export const resolve = (name, context, next) => next(name === "typescript" ? "compiler-api" : name, context);',
  )}`,
);
const { Application, ReflectionKind, TypeDocReader } = await import("typedoc");

const isCheck = process.argv.includes("--check");
/** Pages in the order in which the site lists them. */
const PAGES = [
  "docs/search.md",
  "docs/paths.md",
  "docs/wasm.md",
  "docs/residency.md",
  "docs/programs.md",
  "docs/cli.md",
  "docs/editors.md",
  "docs/mcp.md",
  "docs/agent-guide.md",
  "docs/daemon.md",
  "docs/errors.md",
  "docs/environment.md",
  "docs/benchmarks.md",
  "docs/faults.md",
  "examples/README.md",
  "ARCHITECTURE.md",
  "CONTRIBUTING.md",
  "CHANGELOG.md",
  "bench/METHODOLOGY.md",
  ...files("docs/rules"),
  ...files("docs/decisions"),
  ...files("bench/record"),
];
const stage = path.join("node_modules", ".cache", "everwarp-docs");

const app = await Application.bootstrap(
  isCheck ? {} : { readme: path.join(stage, "README.md"), projectDocuments: staged() },
  [new TypeDocReader()],
);
const project = await app.convert();
let isGood = project !== undefined;
if (project !== undefined) {
  app.validate(project);
  for (const line of positionalOptions(publicParameters())) app.logger.error(line);
  if (!isCheck && !app.logger.hasErrors()) await app.generateOutputs(project);
}
isGood &&= !app.logger.hasErrors() && !app.logger.hasWarnings();
process.exitCode = isGood ? 0 : 1;

/** The parameters of all public functions, methods and constructors; not those of callbacks. */
function* publicParameters() {
  for (const { name, type, parent } of project.getReflectionsByKind(ReflectionKind.Parameter))
    if (parent.parent.kindOf(ReflectionKind.FunctionOrMethod | ReflectionKind.Constructor))
      yield { owner: parent.parent.getFullName(), name, type: String(type) };
}

/** The pages below a folder. */
function files(folder) {
  const names = readdirSync(folder, { recursive: true, encoding: "utf8" });
  return names
    .filter((name) => name.endsWith(".md"))
    .map((name) => `${folder}/${name}`)
    .toSorted();
}

/** Copies the pages, and what they link to, into a folder. Each page gets its title where typedoc looks for it. */
function staged() {
  rmSync(stage, { recursive: true, force: true });
  for (const name of ["docs", "examples", "glsl", "LICENSE"])
    cpSync(name, path.join(stage, name), { recursive: true });
  for (const page of ["README.md", ...PAGES]) {
    if (!existsSync(page)) throw new Error(`${page} is a page of the site, and is not there`);
    const text = readFileSync(page, "utf8");
    const title = /^# (.+)$/m.exec(text)?.[1] ?? page;
    const target = path.join(stage, page);
    mkdirSync(path.dirname(target), { recursive: true });
    const front = page === "README.md" ? "" : `---\ntitle: ${JSON.stringify(title)}\n---\n\n`;
    writeFileSync(target, front + text);
  }
  return PAGES.map((page) => path.join(stage, page));
}
