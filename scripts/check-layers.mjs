// Holds the layer rule: imports only point down, and systems beside each other do not know of one another.
import { readFileSync, readdirSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";

const LAYERS = [
  ["base"],
  ["storage"],
  ["schema"],
  ["vulkan", "spirv"],
  ["programs"],
  ["residency"],
  ["search", "paths", "wasm", "desktop", "lint"],
  ["cli"],
];
const level = new Map(LAYERS.flatMap((rooms, index) => rooms.map((room) => [room, index])));
const source = path.join(path.dirname(path.dirname(fileURLToPath(import.meta.url))), "src");

const breaches = [];
let importCount = 0;
for (const entry of readdirSync(source, { recursive: true, withFileTypes: true })) {
  if (!entry.isFile() || !entry.name.endsWith(".ts") || entry.name.endsWith(".test.ts")) continue;
  const file = path.join(entry.parentPath ?? entry.path, entry.name);
  const room = path.relative(source, file).split(path.sep)[0];
  if (!level.has(room)) continue; // src/index.ts may see everything; it only re-exports
  for (const [, specifier] of readFileSync(file, "utf8").matchAll(/(?:from|import)\s*\(?\s*"(\.[^"]+)"/g)) {
    importCount++;
    const target = path.relative(source, path.resolve(path.dirname(file), specifier)).split(path.sep)[0];
    const isAllowed = target === room || (level.has(target) && level.get(target) < level.get(room));
    if (!isAllowed)
      breaches.push(`${path.relative(source, file)} imports ${specifier}: ${room} may not see ${target}`);
  }
}
if (importCount === 0) breaches.push("no import was seen at all: this check is broken");
for (const breach of breaches) console.error(breach);
process.exit(breaches.length > 0 ? 1 : 0);
