// Holds the shape of src/: imports only point down, rooms and folders are entered by their doors, and nothing imports
// in circles. The rules are in layer-rules.mjs; the shape is here. `--update` removes exceptions that are no longer
// needed.
import path from "node:path";
import { fileURLToPath } from "node:url";
import { readExceptions, writeExceptions } from "./exceptions.mjs";
import { checkLayers } from "./layer-rules.mjs";

/** The rooms of src/, from low to high. Rooms beside each other do not know of one another. */
const LAYERS = [
  ["base"],
  ["storage"],
  ["threads"],
  ["schema"],
  ["vulkan", "spirv"],
  ["programs"],
  ["lint"],
  ["residency"],
  ["engine"],
  ["search", "paths", "wasm", "desktop"],
  ["daemon"],
  ["live", "mcp"],
  ["bench", "public"],
  ["cli"],
];

/**
 * The folders inside of a room, or of a folder of it, from low to high; "." is the files beside them.
 */
const INSIDE = {
  engine: [["choice", "completion", "memory"]],
  residency: [
    ["reference", "queue", "sharing"],
    ["strategies"],
    ["profile"],
    ["launch"],
    ["probes"],
    ["device"],
    ["kernel"],
    ["checkpoint"],
    ["requests"],
    ["recovery"],
    ["service"],
  ],
  paths: [["table"], ["file", "lookup"], ["tree"], ["reference"], ["host", "gpu"], ["namespace"]],
  vulkan: [
    ["native"],
    ["generated"],
    ["calls"],
    ["instance"],
    ["context"],
    ["memory", "pipeline"],
    ["submit"],
    ["device"],
  ],
  programs: [["sources", "entries"], ["disk", "stores"], ["cache"]],
  lint: [["code"], ["analysis"], ["rules", "counters"], ["."]],
  search: [
    ["content", "."],
    ["walk", "scanner", "signature"],
    ["matcher"],
    ["automaton", "bitstream", "planes"],
    ["line-kernel", "reference", "byte-regex"],
    ["searcher", "corpus", "preprocessor"],
    ["backend"],
    ["host", "gpu", "verifier"],
    ["engine"],
    ["grep"],
  ],
  "search/grep": [["printer"], ["file-searcher"], ["parallel"], ["."]],
  wasm: [
    ["module", "form"],
    ["."],
    ["translate"],
    ["store"],
    ["reference", "compile"],
    ["host", "gpu"],
    ["fleet"],
    ["wasi"],
  ],
  live: [["keys", "text", "source"], ["state"], ["history", "view", "terminal", "editor"], ["."]],
  bench: [
    ["report", "measure"],
    ["corpora"],
    ["context"],
    ["processes"],
    ["residency", "search", "paths", "wasm", "programs", "lint"],
    ["soak", "together"],
    ["daemon"],
    ["."],
  ],
  daemon: [
    ["hits", "watch"],
    ["protocol", "tree-engine"],
    ["server", "client", "trees"],
  ],
  mcp: [["command", "roots", "answer"], ["tools"], ["."]],
  cli: [
    ["terminal"],
    ["flags", "doctor", "cache", "lint", "wasm"],
    ["serving", "utilisation"],
    ["commands"],
    ["."],
  ],
};

/** Folders that nothing enters: the command line's, and the one whose files are the entries of the package. */
const DOORLESS = ["cli", "public"];

const source = path.join(path.dirname(path.dirname(fileURLToPath(import.meta.url))), "src");
const known = readExceptions().cycles;
const tables = { source, layers: LAYERS, inside: INSIDE, doorless: DOORLESS };
let { breaches, cycles } = checkLayers({ ...tables, cycles: known });
if (process.argv.includes("--update")) {
  if (cycles.length > known.length) {
    console.error("not updated: there are more circles of imports than exceptions for them");
  } else {
    writeExceptions({ cycles });
    ({ breaches } = checkLayers({ ...tables, cycles }));
  }
}
for (const breach of breaches) console.error(breach);
process.exit(breaches.length > 0 ? 1 : 0);
