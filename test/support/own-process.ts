/** Which unit tests have a process of their own. All others share a few, which saves half of their time. */
import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";

/** These allocate much. In a process with a large heap, each collection of garbage takes long. */
const LARGE_HEAP = [
  ..."automaton bitstream byte-regex corpus engine gpu grep host line-kernel matcher scanner signature"
    .split(" ")
    .map((name) => `src/search/${name}/`),
  "src/paths/host/",
  "src/paths/namespace/",
];
/** A replaced module holds for the whole process, so nothing else may have loaded it before. */
const REPLACES_MODULES = /^vi\.mock\(/m;

/** Paths of tests below the given folders; all paths are seen from the root. */
export function testsWithOwnProcess(root: string, folders: readonly string[]): string[] {
  return folders
    .flatMap((folder) =>
      readdirSync(path.join(root, folder), { recursive: true, encoding: "utf8" })
        .filter((name) => name.endsWith(".test.ts"))
        .map((name) => path.posix.join(folder, name)),
    )
    .filter(
      (file) =>
        LARGE_HEAP.some((folder) => file.startsWith(folder)) ||
        REPLACES_MODULES.test(readFileSync(path.join(root, file), "utf8")),
    );
}
