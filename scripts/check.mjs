// `npm run check`: types, lint, format, layers, tidiness, unused code, the kernels, the public API, and that generated files are what
// their sources give. Runs all, then fails if any did.
import { spawnSync } from "node:child_process";
import path from "node:path";
import { fileURLToPath } from "node:url";

process.chdir(path.dirname(path.dirname(fileURLToPath(import.meta.url))));

const checks = [
  ["types", "node_modules/typescript/bin/tsc", "-p", "."],
  ["lint", "node_modules/oxlint/bin/oxlint", "--type-aware", "--quiet"],
  ["format", "node_modules/oxfmt/bin/oxfmt", "--check"],
  ["layers", "scripts/check-layers.mjs"],
  ["tidiness", "scripts/check-tidy.mjs"],
  ["unused code", "node_modules/knip/bin/knip.js"],
  ["Vulkan bindings", "--import", "tsx", "scripts/gen-vulkan.ts", "--check", "--if-present"],
  ["GLSL from schemas", "--import", "tsx", "scripts/gen-glsl.ts", "--check"],
  ["classes of characters", "--import", "tsx", "scripts/gen-characters.ts", "--check"],
  ["WebAssembly kernel", "--import", "tsx", "scripts/gen-wasm.ts", "--check"],
  ["native client's header", "--import", "tsx", "scripts/gen-client.ts", "--check"],
  ["documents", "--import", "tsx", "scripts/gen-docs.ts", "--check"],
  ["kernels", "--import", "tsx", "src/cli/every-command.ts", "lint"],
  ["public API", "scripts/build-docs.mjs", "--check"],
];
const failed = checks.filter(([title, ...words]) => {
  const result = spawnSync(process.execPath, words, { encoding: "utf8" });
  const isGood = result.status === 0;
  console.log(`${isGood ? "ok  " : "FAIL"} ${title}`);
  if (!isGood || /not checked/.test(result.stdout)) process.stdout.write(result.stdout + result.stderr);
  return !isGood;
});
if (failed.length > 0) process.exit(1);
