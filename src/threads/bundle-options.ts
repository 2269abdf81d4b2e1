/**
 * How the command line and the worker threads are bundled with esbuild, each into one file: by scripts/build.mjs for
 * the package, by worker-thread.ts from source, and by tests.
 */
import type { BuildOptions } from "esbuild";
import { pastDoors } from "./past-doors.ts";

/** What all these bundles are made with. */
export const BUNDLE_OPTIONS = {
  bundle: true,
  format: "cjs",
  platform: "node",
  target: "node20.19",
  // Native code, WebAssembly that is found by its path, and large tables: loaded when first needed, from node_modules.
  external: ["koffi", "@exodus/bytes", "@webgpu/glslang", "rregex", "webgpu"],
  define: { "import.meta.url": "everwarpModuleUrl" },
  plugins: [pastDoors()],
  banner: { js: 'const everwarpModuleUrl = require("node:url").pathToFileURL(__filename).href;' },
} satisfies BuildOptions;

/** Where each worker thread begins, by its name. */
export const WORKER_SOURCES = {
  "load-worker": "src/search/corpus/load-worker.ts",
  "host-worker": "src/search/host/host-worker.ts",
  "verify-worker": "src/search/verifier/verify-worker.ts",
  "parallel-worker": "src/search/grep/parallel/parallel-worker.ts",
  "lookup-worker": "src/paths/host/lookup-worker.ts",
} as const;
