// Holds the shape of src/: imports only point down, rooms beside each other do not know of one another, and a room is entered by its door.
import { readFileSync, readdirSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";

const LAYERS = [
  ["base"],
  ["storage"],
  ["threads"],
  ["schema"],
  ["vulkan", "spirv"],
  ["programs"],
  ["residency"],
  ["engine"],
  ["search", "paths", "wasm", "desktop", "lint"],
  ["bench"],
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
  for (const [, isLazy, specifier] of readFileSync(file, "utf8").matchAll(
    /(?:from|import)\s*(\()?\s*"(\.[^"]+)"/g,
  )) {
    importCount++;
    const target = path.relative(source, path.resolve(path.dirname(file), specifier));
    const targetRoom = target.split(path.sep)[0];
    if (targetRoom === room) continue;
    const where = `${path.relative(source, file)} imports ${specifier}`;
    const isBelow = level.has(targetRoom) && level.get(targetRoom) < level.get(room);
    if (!isBelow) breaches.push(`${where}: ${room} may not see ${targetRoom}`);
    // A lazy import names the file itself: through the door it would load the whole room.
    else if (isLazy === undefined && target !== path.join(targetRoom, "index.ts"))
      breaches.push(`${where}: ${targetRoom} is entered by ${targetRoom}/index.ts alone`);
  }
}
if (importCount === 0) breaches.push("no import was seen at all: this check is broken");
for (const breach of breaches) console.error(breach);
process.exit(breaches.length > 0 ? 1 : 0);
