// Builds dist/: the library (ES modules and types), the command line (two bundled files) and the worker threads (one
// each, because start-up time counts), and the kernels compiled to SPIR-V. Needs only what `npm ci` installs.
import { execFileSync } from "node:child_process";
import { cpSync, existsSync, mkdirSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import path from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)));
process.chdir(root);

if (!existsSync("node_modules/esbuild")) {
  console.error("everwarp: the build needs the development dependencies; run `npm ci` without --omit=dev.");
  process.exit(existsSync("dist/cli/main.cjs") ? 0 : 1);
}

if (process.argv.includes("--if-stale") && isFresh()) process.exit(0);

rmSync("dist", { recursive: true, force: true });
execFileSync(process.execPath, ["node_modules/typescript/bin/tsc", "-p", "tsconfig.build.json"], {
  stdio: "inherit",
});

const esbuild = await import("esbuild");
// What tsc has just made: a script can import no TypeScript.
const { COMMAND_LINE_OPTIONS, COMMAND_LINE_SOURCES, WORKER_SOURCES } =
  await built("threads/bundle-options.js");
const inFolder = (folder, sources) =>
  Object.fromEntries(Object.entries(sources).map(([name, source]) => [`${folder}/${name}`, source]));
await esbuild.build({
  ...COMMAND_LINE_OPTIONS,
  entryPoints: { ...inFolder("cli", COMMAND_LINE_SOURCES), ...inFolder("workers", WORKER_SOURCES) },
  outdir: "dist",
  // Whitespace goes, too: what is parsed at every start is a fifth smaller. Names stay, so that stack traces can be
  // read.
  minifySyntax: true,
  minifyWhitespace: true,
  legalComments: "none",
  logLevel: "warning",
});

const requests = [];
for (const source of walk("src")) {
  const isKernel = source.endsWith(".comp");
  if (!isKernel && !source.endsWith(".glsl")) continue;
  const file = path.join(root, "dist", path.relative("src", source));
  mkdirSync(path.dirname(file), { recursive: true });
  cpSync(source, file);
  if (!isKernel) continue;
  // The search kernels are used in some shapes; see src/search/gpu/*-shape.ts. Where the device
  // has a clock, resident kernels read it.
  const shapesOf = {
    "scan.comp": [{ UNROLL: 1 }, { UNROLL: 4 }],
    "match.comp": [
      { CHUNK_BLOCKS: 1, TABLE_WORDS: 6144 },
      { CHUNK_BLOCKS: 2, TABLE_WORDS: 6144 },
    ],
    "planes.comp": [{ PLANE_WORDS: 4 }], // its other shape is compiled for each pattern
  };
  const shapes = shapesOf[path.basename(file)] ?? [{}];
  for (const defines of shapes)
    requests.push({ file, defines }, { file, defines: { ...defines, RESIDENCY_CLOCK: 1 } });
}
const { precompile } = await built("programs/index.js");
await precompile(requests);
writeFileSync("dist/built", "");

/** A module of the library as it was just built. */
function built(name) {
  return import(pathToFileURL(path.join(root, "dist", name)).href);
}

/**
 * Is what was built newer than everything that it was built from? (npx asks for a build whenever it links the package.)
 */
function isFresh() {
  if (!existsSync("dist/built")) return false;
  const builtMs = statSync("dist/built").mtimeMs;
  const sources = [
    ...walk("src"),
    ...walk("glsl"),
    ...walk("scripts"),
    "package.json",
    "package-lock.json",
    "tsconfig.json",
  ];
  return sources.every((file) => statSync(file).mtimeMs < builtMs);
}

function* walk(directory) {
  for (const entry of readdirSync(directory, { withFileTypes: true })) {
    const child = path.join(directory, entry.name);
    if (entry.isDirectory()) yield* walk(child);
    else yield child;
  }
}
