// The rules of scripts/check-layers.mjs. The tables that they are held against are given, so that a test can give
// others.
import path from "node:path";
import { listFiles, listImports, parseFile } from "./source-files.mjs";

/**
 * Compares the imports of a source folder with its layers.
 *
 * - `layers`: lists of rooms, from low to high. A file may import from its own room and from rooms in lower lists.
 * - `inside`: for a folder ("vulkan", or "search/engine"), the lists of the folders directly in it, from low to high.
 *   "." is the folder's own files, apart from its index.ts, which may see everything in the folder.
 *   Every folder with folders has an entry.
 * - `doorless`: folders that nothing enters, so they need no door.
 * - `cycles`: imports that may close a cycle, as "src/importer.ts -> src/imported.ts".
 *
 * Returns sentences about breaches, and the list of imports that close cycles now.
 */
export function checkLayers({ source, layers, inside, doorless, cycles }) {
  const graph = readImports(source);
  const breaches = [];
  for (const [file, imports] of graph) {
    for (const one of imports) {
      const problem = findProblem(file, one, layers, inside);
      if (problem !== undefined) breaches.push(`${file} imports ${one.specifier}: ${problem}`);
    }
  }
  if ([...graph.values()].every((imports) => imports.length === 0)) {
    breaches.push("no import was seen at all: this check is broken");
  }
  breaches.push(...findStaleEntries(graph, layers, inside), ...findDoors(source, graph, doorless));
  const edges = new Map(
    [...graph].map(([file, imports]) => [file, new Set(imports.map(({ target }) => target))]),
  );
  const cyclesNow = listCycles(edges, cycles, breaches);
  return { breaches, cycles: cyclesNow };
}

function readImports(source) {
  const graph = new Map();
  for (const file of listFiles(source, [".ts"])) {
    // Tests may import anything. AssemblyScript is another language, and its files import nothing.
    if (file.endsWith(".test.ts") || file.includes("/assembly/")) continue;
    const imports = listImports(parseFile(path.join(source, file)))
      .filter(({ specifier }) => specifier.startsWith("."))
      .map((one) => ({ ...one, target: path.posix.join(path.posix.dirname(file), one.specifier) }));
    graph.set(file, imports);
  }
  return graph;
}

function findProblem(file, { target, isLazy }, layers, inside) {
  const room = file.split("/")[0];
  const targetRoom = target.split("/")[0];
  if (path.posix.basename(target) === "index.ts" && file.startsWith(target.slice(0, -"index.ts".length))) {
    return "a door is for others: name the file itself";
  }
  if (room === file) return undefined; // src/index.ts may see everything; it only re-exports.
  if (room !== targetRoom) {
    if (!isBelow(layers, targetRoom, room)) return `${room} may not see ${targetRoom}`;
    // A lazy import names the file itself: through the door it would load the whole room.
    const isDoor = isLazy || target === `${targetRoom}/index.ts`;
    return isDoor ? undefined : `${targetRoom} is entered by ${targetRoom}/index.ts alone`;
  }
  return findProblemInside(file, target, isLazy, inside);
}

/** Both files lie in one room. The folder that both lie in decides what one of its parts may see of another. */
function findProblemInside(file, target, isLazy, inside) {
  let common = path.posix.dirname(file);
  while (!target.startsWith(`${common}/`)) common = path.posix.dirname(common);
  const order = inside[common];
  if (order === undefined) return undefined;
  const from = partOf(common, file);
  const to = partOf(common, target);
  if (from === to || file === `${common}/index.ts`) {
    return from === to ? undefined : findDeepImport(common, to, target, isLazy);
  }
  if (!isBelow(order, to, from)) return `in ${common}, ${nameOf(from)} may not see ${nameOf(to)}`;
  return findDeepImport(common, to, target, isLazy);
}

function findDeepImport(common, to, target, isLazy) {
  if (to === "." || isLazy || target === `${common}/${to}/index.ts`) return undefined;
  return `${common}/${to} is entered by ${common}/${to}/index.ts alone`;
}

const partOf = (common, file) => {
  const words = file.slice(common.length + 1).split("/");
  return words.length === 1 ? "." : words[0];
};
const nameOf = (part) => (part === "." ? "the folder's own files" : part);

function isBelow(order, low, high) {
  const levelOf = (name) => order.findIndex((names) => names.includes(name));
  return levelOf(low) >= 0 && levelOf(low) < levelOf(high);
}

/** A table that names what is not there would hide a rename. Rooms that are planned may stand in `layers`. */
function findStaleEntries(graph, layers, inside) {
  const files = [...graph.keys()];
  const has = (folder) => files.some((file) => file.startsWith(`${folder}/`));
  const rooms = new Set(files.filter((file) => file.includes("/")).map((file) => file.split("/")[0]));
  const breaches = [...rooms]
    .filter((room) => !layers.flat().includes(room))
    .map((room) => `${room} is a room without a place in LAYERS`);
  for (const folder of findParents(files)) {
    if (inside[folder] === undefined) breaches.push(`INSIDE has no entry for ${folder}, which has folders`);
  }
  for (const [folder, order] of Object.entries(inside)) {
    const parts = new Set(
      files.filter((file) => file.startsWith(`${folder}/`)).map((file) => partOf(folder, file)),
    );
    for (const name of order.flat()) {
      if (name !== "." && !has(`${folder}/${name}`)) {
        breaches.push(`INSIDE names ${folder}/${name}, which is not there`);
      }
    }
    for (const part of parts) {
      if (part !== "." && !order.flat().includes(part))
        breaches.push(`INSIDE has no place for ${folder}/${part}`);
    }
  }
  return breaches;
}

/** Rooms and folders that have folders with code that was written by hand. */
function findParents(files) {
  const folders = files.map((file) => path.posix.dirname(file)).filter((folder) => folder.includes("/"));
  const written = folders.filter((folder) => path.posix.basename(folder) !== "generated");
  return new Set(written.map((folder) => path.posix.dirname(folder)));
}

/** Folders without a door, and doors that do more than re-export. */
function findDoors(source, graph, doorless) {
  const files = [...graph.keys()].filter((file) => file.includes("/"));
  const folders = new Set(files.map((file) => path.posix.dirname(file)));
  const missing = [...folders].filter(
    (folder) =>
      !graph.has(`${folder}/index.ts`) &&
      !doorless.includes(folder) &&
      path.posix.basename(folder) !== "generated",
  );
  const busy = files.filter(
    (file) => path.posix.basename(file) === "index.ts" && !onlyReExports(path.join(source, file)),
  );
  return [
    ...missing.map((folder) => `${folder} has no door: an index.ts that says what the folder is for`),
    ...busy.map((file) => `${file} does more than re-export: a door has no code of its own`),
  ];
}

const onlyReExports = (file) =>
  parseFile(file).program.body.every(({ type, source }) => type.startsWith("Export") && source);

/**
 * Adds breaches for cycles that are no exceptions, and for exceptions that are not needed. Returns what is needed now.
 */
function listCycles(edges, exceptions, breaches) {
  const without = (names) => {
    const skipped = new Set(names);
    return new Map(
      [...edges].map(([file, targets]) => [
        file,
        [...targets].filter((to) => !skipped.has(nameEdge(file, to))),
      ]),
    );
  };
  const needed = [...exceptions];
  for (const exception of exceptions) {
    const others = needed.filter((name) => name !== exception);
    if (closesCircle(without(others), exception)) continue;
    needed.splice(needed.indexOf(exception), 1);
    breaches.push(`the exception "${exception}" closes no cycle any more: remove it (--update does)`);
  }
  for (;;) {
    const rest = without(needed);
    const group = findComponents(rest)[0];
    if (group === undefined) return needed;
    const circle = findCircle(rest, group);
    breaches.push(`imports go in a circle: ${circle.join(" -> ")}`);
    needed.push(nameEdge(...circle.slice(-2)));
  }
}

const nameEdge = (from, to) => `src/${from} -> src/${to}`;

function closesCircle(edges, exception) {
  return findComponents(edges).some((group) =>
    group.some((from) =>
      edges.get(from).some((to) => group.includes(to) && nameEdge(from, to) === exception),
    ),
  );
}

/** Tarjan's algorithm: the groups of files that reach each other, without those of a single file. */
function findComponents(edges) {
  const state = new Map();
  const stack = [];
  const groups = [];
  const enter = (file) => {
    const own = { index: state.size, low: state.size, isOnStack: true };
    state.set(file, own);
    stack.push(file);
    for (const target of edges.get(file) ?? []) {
      if (!edges.has(target)) continue;
      const seen = state.get(target) ?? enter(target);
      if (seen.isOnStack) own.low = Math.min(own.low, seen.low);
    }
    if (own.low === own.index) {
      const group = stack.splice(stack.indexOf(file));
      for (const each of group) state.get(each).isOnStack = false;
      if (group.length > 1 || edges.get(file).includes(file)) groups.push(group);
    }
    return own;
  };
  for (const file of edges.keys()) if (!state.has(file)) enter(file);
  return groups;
}

/** The shortest circle through the first file of a group, its first file named again at the end. */
function findCircle(edges, group) {
  const [start] = group;
  const cameFrom = new Map();
  const queue = [start];
  for (const file of queue) {
    for (const target of edges.get(file)) {
      if (target === start) {
        const circle = [file, start];
        while (circle[0] !== start) circle.unshift(cameFrom.get(circle[0]));
        return circle;
      }
      if (group.includes(target) && !cameFrom.has(target)) {
        cameFrom.set(target, file);
        queue.push(target);
      }
    }
  }
  throw new Error(`no circle through ${start}`);
}
