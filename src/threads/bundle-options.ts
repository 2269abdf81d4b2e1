/**
 * The esbuild options for the bundles of the command line and the worker threads. Each bundle is one file.
 * scripts/build.mjs uses them for the package, worker-thread.ts when running from source, and tests use them too.
 */
import type { BuildOptions, Plugin } from "esbuild";
import { pastDoors } from "./past-doors.ts";

/** The options that all these bundles share. */
export const BUNDLE_OPTIONS = {
  bundle: true,
  format: "cjs",
  platform: "node",
  target: "node20.19",
  // Native code, WebAssembly that is found by its path, and large tables are loaded from node_modules at their first
  // use.
  external: [
    "koffi",
    "@exodus/bytes",
    "@webgpu/glslang",
    "rregex",
    "webgpu",
    "@modelcontextprotocol/server",
    "zod",
  ],
  define: { "import.meta.url": "everwarpModuleUrl" },
  plugins: [pastDoors()],
  banner: { js: 'const everwarpModuleUrl = require("node:url").pathToFileURL(__filename).href;' },
} satisfies BuildOptions;

/** Where the command line begins, and what it loads only where that is not enough: a bundle each. */
export const COMMAND_LINE_SOURCES = {
  main: "src/cli/main.ts",
  "every-command": "src/cli/every-command.ts",
} as const;

/** How the bundles of the command line are made: the first one loads the other by its name in the same folder. */
export const COMMAND_LINE_OPTIONS = {
  ...BUNDLE_OPTIONS,
  plugins: [...BUNDLE_OPTIONS.plugins, apart("./every-command.ts")],
  outExtension: { ".js": ".cjs" },
} satisfies BuildOptions;

/**
 * Leaves a module that is loaded lazily out of the bundle that loads it. It is loaded with `require`: a native
 * `import()` reads a large bundle of CommonJS twice, to find its exports first, and that takes 70 ms.
 */
function apart(specifier: string): Plugin {
  const file = specifier.replace(/\.ts$/, ".cjs");
  return {
    name: "apart",
    setup(build) {
      build.onResolve({ filter: /^\.\/[^/]+\.ts$/ }, ({ path, kind }) =>
        path === specifier && kind === "dynamic-import" ? { path: file, namespace: "apart" } : undefined,
      );
      build.onResolve({ filter: /\.cjs$/, namespace: "apart" }, ({ path }) => ({ path, external: true }));
      build.onLoad({ filter: /./, namespace: "apart" }, ({ path }) => ({
        contents: `module.exports = require(${JSON.stringify(path)});`,
      }));
    },
  };
}

/** The source file of each worker thread, by the worker's name. */
export const WORKER_SOURCES = {
  "load-worker": "src/search/corpus/load-worker.ts",
  "host-worker": "src/search/host/host-worker.ts",
  "verify-worker": "src/search/verifier/verify-worker.ts",
  "parallel-worker": "src/search/grep/parallel/parallel-worker.ts",
  "lookup-worker": "src/paths/host/lookup-worker.ts",
  "instances-worker": "src/wasm/host/instances-worker.ts",
} as const;
