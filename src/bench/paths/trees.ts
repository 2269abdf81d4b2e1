/**
 * The trees of the paths benchmark: paths with the right answer to each, and the namespace as a file to load.
 *
 * A generated tree is a heap of directories with eight children each, and the files are spread evenly. Names
 * follow from numbers, so any path is known without keeping all of them.
 */
import { mkdtempSync, rmSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import {
  ERRNO,
  ROOT_INODE,
  saveNamespaceFile,
  Namespace,
  packPaths,
  PathTable,
  PathTree,
} from "../../paths/index.ts";

const FAN_OUT = 8;
/** Files in each directory, as in source trees. */
const FILES_EACH = 12;
/** One of so many paths does not exist. */
const MISS_EACH = 10;
const WORDS = [
  "drivers",
  "net",
  "core",
  "include",
  "arch",
  "sched",
  "config",
  "kernel",
  "util",
  "sound",
  "fs",
  "media",
];
const ENDINGS = [".c", ".h", ".ts", ".dts", ".txt", "_test.go"];

/** Paths and the result of each. */
export interface PathSample {
  readonly paths: string[];
  /** Inode or −errno. */
  readonly expected: Int32Array;
  /** Components of all paths. */
  readonly steps: number;
}

/** A tree to look paths up in. */
export interface BenchTree extends Disposable {
  readonly name: string;
  readonly entryCount: number;
  /** Opens it with `Namespace.load`. */
  readonly file: string;
  sample(count: number): PathSample;
}

/** A tree of the file system. */
export async function realTree(root: string): Promise<BenchTree> {
  const folder = mkdtempSync(path.join(os.tmpdir(), "everwarp-paths-"));
  const file = path.join(folder, "tree.paths");
  await using namespace = await Namespace.open({ device: "cpu", threads: 0 });
  await namespace.addTree(root);
  await namespace.save(file);
  const all: { path: string; inode: number }[] = [];
  const walk = (directory: number, prefix: string): void => {
    for (const { name, inode } of namespace.entries(directory)) {
      const text = name.toString("utf8");
      if (!Buffer.from(text).equals(name)) continue; // no JavaScript string stands for it
      const kind = namespace.stat(inode)?.kind;
      if (kind === "symlink") continue; // what it leads to may lie outside the tree
      all.push({ path: `${prefix}/${text}`, inode });
      if (kind === "directory") walk(inode, `${prefix}/${text}`);
    }
  };
  walk(ROOT_INODE, "");
  return {
    name: root,
    entryCount: namespace.entryCount,
    file,
    sample: (count) => sampleOf(count, (random) => all[Math.floor(random * all.length)]!),
    [Symbol.dispose]: () => rmSync(folder, { recursive: true, force: true }),
  };
}

/** Generates a tree of about `entries` entries. */
export async function generatedTree(entryCount: number): Promise<BenchTree> {
  const directoryCount = Math.max(1, Math.floor(entryCount / (FILES_EACH + 1)));
  const fileCount = entryCount - directoryCount;
  const table = new PathTable({ maxEntries: Math.ceil(entryCount * 1.01) + 16, hashSeed: 1 });
  const tree = new PathTree(table);
  const encoder = new TextEncoder();
  const bytes = new Uint8Array(256);
  const inodes = new Int32Array(directoryCount + 1);
  inodes[0] = ROOT_INODE;
  for (let directory = 1; directory <= directoryCount; directory++) {
    const { written } = encoder.encodeInto(directoryName(directory), bytes);
    inodes[directory] = tree.addDirectoryIn(inodes[parentOf(directory)]!, bytes, 0, written);
  }
  const files = new Int32Array(fileCount);
  for (let index = 0; index < fileCount; index++) {
    const { written } = encoder.encodeInto(fileName(index), bytes);
    files[index] = tree.addFileIn(inodes[1 + (index % directoryCount)]!, bytes, 0, written);
  }
  const folder = mkdtempSync(path.join(os.tmpdir(), "everwarp-paths-"));
  const file = path.join(folder, "tree.paths");
  await saveNamespaceFile(file, table);
  const prefixOf = (directory: number): string =>
    directory === 0 ? "" : `${prefixOf(parentOf(directory))}/${directoryName(directory)}`;
  return {
    name: `generated, ${entryCount.toLocaleString("en")} entries`,
    entryCount,
    file,
    sample: (count) =>
      sampleOf(count, (random) => {
        const index = Math.floor(random * fileCount);
        return { path: `${prefixOf(1 + (index % directoryCount))}/${fileName(index)}`, inode: files[index]! };
      }),
    [Symbol.dispose]: () => rmSync(folder, { recursive: true, force: true }),
  };
}

/** Directory 0 is the root. Every directory has eight children. */
function parentOf(directory: number): number {
  return Math.floor((directory - 1) / FAN_OUT);
}

function directoryName(directory: number): string {
  return `${WORDS[directory % WORDS.length]}${(directory % 97).toString(36)}${directory % FAN_OUT}`;
}

function fileName(index: number): string {
  return `${WORDS[(index * 7) % WORDS.length]}_${index.toString(36)}${ENDINGS[index % ENDINGS.length]}`;
}

function sampleOf(count: number, pick: (random: number) => { path: string; inode: number }): PathSample {
  let state = 12_345;
  const random = (): number => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
  const paths: string[] = [];
  const expected = new Int32Array(count);
  let steps = 0;
  for (let index = 0; index < count; index++) {
    const picked = pick(random());
    const isMiss = index % MISS_EACH === 3;
    paths.push(isMiss ? `${picked.path}~` : picked.path);
    expected[index] = isMiss ? -ERRNO.ENOENT : picked.inode;
    steps += picked.path.split("/").length - 1;
  }
  // As paths come from outside: bytes that were read, not strings with known hashes.
  return { paths: fresh(paths), expected, steps };
}

/** New copies of the strings: flat, and never hashed. */
export function fresh(paths: readonly string[]): string[] {
  const { bytes, offsets } = packPaths(paths);
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return paths.map((_, index) => buffer.toString("utf8", offsets[index], offsets[index + 1]));
}
