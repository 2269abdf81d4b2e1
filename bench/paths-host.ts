/**
 * What the path namespace does without a device, against what a program would use in its place: a Map keyed by full path, and fs.statSync.
 * All in one process, in turn, on the same fresh strings; the answers are compared every time.
 *
 *   npx tsx bench/paths-host.ts TREE [ROUNDS]
 */
import fs from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Namespace } from "../src/paths/namespace/namespace.ts";
import { PathPacker } from "../src/paths/lookup/pack.ts";

const [tree, roundsText = "9"] = process.argv.slice(2);
if (tree === undefined) throw new Error("give a directory");
const rounds = Number(roundsText);

await using files = await Namespace.open({ device: "cpu" });
const addMs = await elapsed(() => files.addTree(tree));
const paths = listOf(tree);
console.log(
  `${tree}: ${files.entryCount} entries in ${addMs.toFixed(0)} ms, ${files.stats().usedBytes / files.entryCount} bytes an entry, names of ${(files.stats().nameBytes / files.entryCount).toFixed(1)} in them; ${paths.length} paths, ${(paths.join("").length / paths.length).toFixed(1)} bytes each`,
);

const orders = { sorted: paths, shuffled: shuffle(paths) };
for (const [order, list] of Object.entries(orders)) {
  const map = new Map<string, number>();
  const inodes = await files.lookupErrno(list);
  for (const [index, path] of list.entries()) map.set(path, inodes[index]!);
  // One string that is split again each time: strings that nobody has hashed yet, as they come from outside.
  const text = list.join("\n");
  const fresh = (): string[] => text.split("\n");
  const packer = new PathPacker();
  const ways: Record<string, (strings: string[]) => unknown> = {
    "Map.get": (strings) => {
      let sum = 0;
      for (const path of strings) sum += map.get(path)!;
      return sum;
    },
    "pack alone": (strings) => void packer.pack(strings),
    lookupPacked: () => files.lookupPacked(packed),
    "pack, then lookupPacked": (strings) => files.lookupPacked(packer.pack(strings)),
    "lookupErrno (strings)": (strings) => files.lookupErrno(strings),
    lookupBatch: (strings) => files.lookupBatch(strings),
    "fs.statSync": (strings) => {
      for (const path of strings) fs.statSync(tree + path);
    },
  };
  const packed = new PathPacker().pack(list);
  const expected = sumOf(inodes);
  const names = Object.keys(ways);
  const times = new Map(names.map((name) => [name, [] as number[]]));
  for (let round = 0; round < rounds; round++) {
    // Each has every place in the order once: what one leaves to the garbage collector, another pays for.
    for (let turn = 0; turn < names.length; turn++) {
      const name = names[(round + turn) % names.length]!;
      if (name === "fs.statSync" && round >= 3) continue;
      const strings = fresh();
      let answer: unknown;
      times.get(name)!.push(await elapsed(async () => (answer = await ways[name]!(strings))));
      const sum =
        typeof answer === "object" ? sumOf(answer as Int32Array | number[]) : Number(answer ?? expected);
      if (sum !== expected) throw new Error(`${name} is wrong: ${sum}, not ${expected}`);
    }
  }
  console.log(`\n${order}: millions a second, median and best of ${rounds} rounds`);
  for (const [name, list] of times) {
    const ordered = list.toSorted((a, b) => a - b);
    const rates = [ordered[list.length >> 1]!, ordered[0]!].map((ms) =>
      (paths.length / ms / 1000).toFixed(2),
    );
    console.log(`  ${name.padEnd(26)} ${rates[0]!.padStart(7)} ${rates[1]!.padStart(7)}`);
  }
}

const file = join(tmpdir(), `everwarp-paths-${process.pid}`);
const saveMs = await elapsed(() => files.save(file));
let loaded: Namespace | undefined;
const loadMs = await elapsed(async () => (loaded = await Namespace.load(file, { device: "cpu" })));
console.log(
  `\nsave ${saveMs.toFixed(0)} ms, load ${loadMs.toFixed(0)} ms, ${(fs.statSync(file).size / 1e6).toFixed(1)} MB`,
);
await loaded?.close();
fs.rmSync(file);

async function elapsed(act: () => unknown): Promise<number> {
  const begin = performance.now();
  await act();
  return performance.now() - begin;
}

function sumOf(inodes: Iterable<number>): number {
  let sum = 0;
  for (const inode of inodes) sum += inode;
  return sum;
}

function listOf(root: string): string[] {
  const list: string[] = [];
  const walk = (path: string): void => {
    for (const entry of fs.readdirSync(root + path, { withFileTypes: true })) {
      const child = `${path}/${entry.name}`;
      if (entry.isDirectory()) walk(child);
      else if (entry.isFile()) list.push(child);
    }
  };
  walk("");
  return list;
}

function shuffle(list: readonly string[]): string[] {
  const shuffled = [...list];
  let state = 1;
  for (let index = shuffled.length - 1; index > 0; index--) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    const other = state % (index + 1);
    [shuffled[index], shuffled[other]] = [shuffled[other]!, shuffled[index]!];
  }
  return shuffled;
}
