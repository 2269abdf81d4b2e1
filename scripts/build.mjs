// Builds dist/: the library (ES modules and types), the command line and the worker threads (one bundled file each, because
// start-up time counts), and the kernels compiled to SPIR-V. Needs only what `npm ci` installs.
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
await esbuild.build({
  entryPoints: {
    "cli/main": "src/cli/main.ts",
    "workers/load-worker": "src/search/corpus/load-worker.ts",
    "workers/engine-worker": "src/search/host/engine-worker.ts",
    "workers/parallel-worker": "src/search/host/parallel-worker.ts",
    "workers/lookup-worker": "src/paths/host/lookup-worker.ts",
  },
  outdir: "dist",
  outExtension: { ".js": ".cjs" },
  bundle: true,
  format: "cjs",
  platform: "node",
  target: "node20.19",
  // Native code, and WebAssembly that is found by its path: loaded when first needed, from node_modules.
  external: ["koffi", "@webgpu/glslang", "rregex", "webgpu"],
  define: { "import.meta.url": "everwarpModuleUrl" },
  banner: { js: 'const everwarpModuleUrl = require("node:url").pathToFileURL(__filename).href;' },
  // Whitespace goes, too: what is parsed at every start is a fifth smaller. Names stay, so that stack traces can be read.
  minifySyntax: true,
  minifyWhitespace: true,
  legalComments: "none",
  logLevel: "warning",
});

const requests = [];
for (const source of walk("src")) {
  if (!source.endsWith(".comp")) continue;
  const file = path.join(root, "dist", path.relative("src", source));
  mkdirSync(path.dirname(file), { recursive: true });
  cpSync(source, file);
  // The scan kernel is used in two shapes; see src/search/gpu/scan-shape.ts.
  if (path.basename(file) === "scan.comp")
    requests.push({ file, defines: { UNROLL: 1 } }, { file, defines: { UNROLL: 4 } });
  else requests.push({ file });
}
const { precompile } = await import(pathToFileURL(path.join(root, "dist/programs/index.js")).href);
await precompile(requests);
writeFileSync("dist/built", "");

/** Is what was built newer than everything that it was built from? (npx asks for a build whenever it links the package.) */
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
