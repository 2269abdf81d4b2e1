/**
 * The esbuild options for the bundles of the command line and the worker threads. Each bundle is one file.
 * scripts/build.mjs uses them for the package, worker-thread.ts when running from source, and tests use them too.
 */
import type { BuildOptions } from "esbuild";
import { pastDoors } from "./past-doors.ts";

/** The options that all these bundles share. */
export const BUNDLE_OPTIONS = {
  bundle: true,
  format: "cjs",
  platform: "node",
  target: "node20.19",
  // Native code, WebAssembly that is found by its path, and large tables are loaded from node_modules at their first
  // use.
  external: ["koffi", "@exodus/bytes", "@webgpu/glslang", "rregex", "webgpu"],
  define: { "import.meta.url": "everwarpModuleUrl" },
  plugins: [pastDoors()],
  banner: { js: 'const everwarpModuleUrl = require("node:url").pathToFileURL(__filename).href;' },
} satisfies BuildOptions;

/** The source file of each worker thread, by the worker's name. */
export const WORKER_SOURCES = {
  "load-worker": "src/search/corpus/load-worker.ts",
  "host-worker": "src/search/host/host-worker.ts",
  "parallel-worker": "src/search/grep/parallel/parallel-worker.ts",
  "lookup-worker": "src/paths/host/lookup-worker.ts",
} as const;
