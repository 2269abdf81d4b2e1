/** Measures everwarp's own kernels, through the systems that run them. */
import { existsSync } from "node:fs";
import path from "node:path";
import { EverwarpError } from "../../base/index.ts";
import { generatedCorpora } from "../../bench/index.ts";
import { Namespace } from "../../paths/index.ts";
import { shippedPrograms } from "../../programs/index.ts";
import { SearchEngine } from "../../search/index.ts";
import type { Run } from "./service-kernel.ts";

const CORPUS_BYTES = 4 << 20;
const DIRECTORIES = 64;
const FILES_EACH = 32;
const LOOKUPS = 8_192;
/** Two literals, one of them in any case, and two regexes, which the automaton kernel answers. */
const QUERIES = [
  { pattern: "descriptor" },
  { pattern: "buffer_index", ignoreCase: true },
  { pattern: "\\b(list|hash)_[a-z]+_?table\\b" },
  { pattern: "queue_(insert|remove)[ ;(]" },
] as const;

/** The system of a kernel that everwarp ships: "search" or "paths". Undefined for a kernel of somebody else. */
export function shippedSystem(file: string): string | undefined {
  const name = shippedName(file);
  return name === undefined ? undefined : name.split("/")[0];
}

/** Of a kernel that work does not come to on every device: when it does. */
export function whenItRuns(file: string): string | undefined {
  const [name = ""] = shippedName(file)?.split(" ") ?? [];
  if (name === "search/planes" || name === "search/transpose")
    return "Measure it on a device with memory of its own: only there, lines are counted by bit planes.";
  return shippedSystem(file) === undefined ? undefined : "Measure it on another device.";
}

/** The file of a kernel by its path, or by its name as in `everwarp cache preload`. */
export function kernelPath(file: string): string {
  if (existsSync(file) || !/^\w+\/\w+$/.test(file)) return path.resolve(file);
  const known = shippedPrograms().find(({ name }) => name.split(" ")[0] === file);
  return known !== undefined && "file" in known.request
    ? path.resolve(known.request.file)
    : path.resolve(file);
}

function shippedName(file: string): string | undefined {
  const program = shippedPrograms().find(
    ({ request }) => "file" in request && path.resolve(request.file) === path.resolve(file),
  );
  return program?.name;
}

/**
 * Runs a system with work that is like its users'.
 *
 * @param select the index of the device
 * @param beforeEnd is called when the work is done, and the device is still open
 */
export async function runSystem(system: string, select: number, beforeEnd: () => void): Promise<Run> {
  if (system === "search") return runSearch(select, beforeEnd);
  if (system === "paths") return runPaths(select, beforeEnd);
  const remedy = "Measure a kernel of search or paths, such as search/scan or paths/lookup.";
  if (system === "wasm")
    throw new EverwarpError(
      "EW_BAD_ARGUMENT",
      "the kernel of wasm runs modules of its users, and what its threads do depends on the module",
      { remedy },
    );
  throw new EverwarpError("EW_BAD_ARGUMENT", `a kernel of ${system} is a probe, and has no work of its own`, {
    remedy,
  });
}

async function runSearch(select: number, beforeEnd: () => void): Promise<Run> {
  await using corpora = generatedCorpora();
  const { corpus, rare } = await corpora.ofSize(CORPUS_BYTES);
  await using engine = await SearchEngine.open({ corpus, device: select, hostCopy: false });
  const queries = [...QUERIES, { pattern: rare.pattern }];
  for (const query of queries) await engine.search(query);
  // Devices with memory of their own count lines by bit planes.
  for (const query of queries) await engine.countLines(query);
  beforeEnd();
  return {
    done: `${queries.length} queries and counts of ${CORPUS_BYTES >> 20} MiB of text`,
    trouble: undefined,
  };
}

async function runPaths(select: number, beforeEnd: () => void): Promise<Run> {
  await using namespace = await Namespace.open({ device: select });
  const names: string[] = [];
  for (let directory = 0; directory < DIRECTORIES; directory++) {
    await namespace.addDirectory(`/directory ${directory}`);
    for (let file = 0; file < FILES_EACH; file++) {
      await namespace.addFile(`/directory ${directory}/file ${file}`);
      names.push(
        `/directory ${directory}/file ${file}`,
        `/directory ${directory}/../directory ${directory}/none`,
      );
    }
  }
  const paths = Array.from({ length: LOOKUPS }, (_, index) => names[(index * 7919) % names.length] ?? "/");
  await namespace.lookupBatch(paths);
  beforeEnd();
  return {
    done: `${LOOKUPS} lookups in a tree of ${DIRECTORIES * (FILES_EACH + 1)} names`,
    trouble: undefined,
  };
}
