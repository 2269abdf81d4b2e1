/** Path tables for tests of namespace files: all sorts of trees, and one in which everything is that can be damaged. */
import fc from "fast-check";
import { expect } from "vitest";
import { PathError } from "../../src/paths/lookup/path-error.ts";
import { assertTable } from "../../src/paths/table/check.ts";
import { findSlot } from "../../src/paths/table/hash.ts";
import { ROOT_INODE } from "../../src/paths/table/linux.ts";
import { regionAt, type Region, REGIONS, usedWords } from "../../src/paths/table/shape.ts";
import { PathTable } from "../../src/paths/table/table.ts";
import { Table } from "../../src/paths/table/table.schema.ts";
import { PathTree } from "../../src/paths/tree/tree.ts";

const { BUCKET_WORDS, BUCKET_CHILD, BUCKET_RECORD, BUCKET_NEXT, VECTOR_WORDS } = Table;
/** Most entries of the tables. */
export const MAX_ENTRIES = 2000;
/** The bytes of a text. */
export const encode = (text: string): Uint8Array => new TextEncoder().encode(text);
/** What a check that finds something calls. */
export const refuse = (what: string): never => {
  throw new Error(`the table is damaged: ${what}`);
};

/** An empty tree. */
export function newTree(hashSeed: number): PathTree {
  return new PathTree(new PathTable({ maxEntries: MAX_ENTRIES, hashSeed }));
}

/** The regions of a table, as a namespace file has them. */
export function sectionsOf(words: Uint32Array): [string, Uint8Array][] {
  return REGIONS.map((region): [string, Uint8Array] => {
    const begin = regionAt(words, region);
    const { buffer } = words.slice(begin, begin + usedWords(words, region));
    return [region === "header" ? "header" : "", new Uint8Array(buffer)];
  })
    .filter(([, bytes]) => bytes.length > 0)
    .map(([name, bytes], index) => [name === "" ? `region ${index}` : name, bytes]);
}

/** Every entry below the root: its path, as lookups find it. @throws where lookups, listings and paths do not agree */
export function listed(tree: PathTree): string[] {
  const paths: string[] = [];
  const pending = [{ inode: ROOT_INODE, path: "" }];
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    let count = 0;
    for (const { name, inode, kind } of tree.entries(next.inode)) {
      const path = `${next.path}/${name.toString("latin1")}`;
      paths.push(`${kind} ${path} ${tree.stat(inode)?.target?.toString("latin1") ?? ""}`);
      expect(tree.resolve(Buffer.from(name), next.inode, false)).toBe(inode);
      expect(tree.stat(inode)?.kind).toBe(kind);
      if (kind === "directory") {
        expect(tree.pathOf(inode)?.toString("latin1")).toBe(path);
        pending.push({ inode, path });
      } else expect(tree.pathOf(inode)).toBeDefined();
      count++;
      expect(paths.length).toBeLessThanOrEqual(tree.entryCount);
    }
    expect(tree.stat(next.inode)?.entryCount).toBe(count);
  }
  expect(paths.length).toBe(tree.entryCount);
  return paths.sort();
}

/** Uses a loaded table as a program would: looks at all of it, adds, renames, removes everything. */
export function exercise(table: PathTable): void {
  const tree = new PathTree(table);
  listed(tree);
  const before = tree.entryCount;
  for (let count = 0; count < 100; count++) tree.addDirectories(encode(`/added ${count % 7}/${count}`));
  for (let count = 0; count < 100; count += 3)
    tree.rename(encode(`/added ${count % 7}/${count}`), encode(`/renamed ${count}`));
  assertTable(table.words, refuse);
  listed(tree);
  expect(tree.entryCount).toBeGreaterThan(before);
  for (const { name } of Array.from(tree.entries(ROOT_INODE))) tree.remove(name, true);
  expect(tree.entryCount).toBe(0);
  assertTable(table.words, refuse);
}

// Namespaces of all sorts: what random changes leave

const NAMES = ["a", "b", "ab", "lib", "x".repeat(30), "y".repeat(255), "name.ts", "ü"];
const path = fc
  .array(fc.oneof(fc.constantFrom(...NAMES), fc.nat(80).map(String)), { minLength: 1, maxLength: 3 })
  .map((names) => `/${names.join("/")}`);
const change = fc.oneof(
  { weight: 4, arbitrary: path.map((at) => (tree: PathTree) => void tree.addDirectories(encode(at))) },
  { weight: 6, arbitrary: path.map((at) => (tree: PathTree) => void tree.addFile(encode(at))) },
  {
    weight: 2,
    arbitrary: fc.tuple(fc.oneof(path, fc.constant("t".repeat(4095))), path).map(
      ([target, at]) =>
        (tree: PathTree) =>
          void tree.addSymlink(encode(target), encode(at)),
    ),
  },
  {
    weight: 2,
    arbitrary: fc.tuple(path, path).map(
      ([one, other]) =>
        (tree: PathTree) =>
          void tree.link(encode(one), encode(other)),
    ),
  },
  {
    weight: 2,
    arbitrary: fc.tuple(path, path).map(
      ([from, to]) =>
        (tree: PathTree) =>
          tree.rename(encode(from), encode(to)),
    ),
  },
  { weight: 3, arbitrary: path.map((at) => (tree: PathTree) => tree.remove(encode(at), true)) },
);
/** Many entries at once, and most of them gone again: overflow buckets, in use and free. */
const crowd = fc.tuple(fc.nat(400), fc.nat(400)).map(([added, removed]) => (tree: PathTree): void => {
  for (let count = 0; count < added; count++) tree.addFile(encode(`/crowd ${count}`));
  for (let count = 0; count < Math.min(added, removed); count++) tree.remove(encode(`/crowd ${count}`));
});
/** Trees that random changes leave. */
export const trees = fc
  .tuple(fc.nat(0xffff_ffff), crowd, fc.array(change, { maxLength: 60 }))
  .map(([seed, first, changes]) => {
    const tree = newTree(seed);
    for (const step of [first, ...changes])
      try {
        step(tree);
      } catch (error) {
        if (!(error instanceof PathError)) throw error; // as the kernel would refuse it
      }
    return tree;
  });

/** A tree in which all is that can be damaged, and where things lie in it. */
export class Ground {
  readonly tree = newTree(7);
  readonly words: Uint32Array;
  constructor() {
    const { tree } = this;
    for (const name of ["/src", "/src/lib", "/src/lib/deep", "/docs"]) tree.addDirectory(encode(name));
    for (const name of ["/src/main", "/docs/one", "/docs/two", `/${"long".repeat(60)}`])
      tree.addFile(encode(name));
    tree.addSymlink(encode("../docs"), encode("/src/link"));
    for (let count = 0; count < 400; count++) tree.addFile(encode(`/docs/${count}`));
    for (let count = 0; count < 400; count += 9) tree.remove(encode(`/docs/${count}`));
    for (const name of ["/src/gone", "/src/gone too"]) {
      tree.addFile(encode(name));
    }
    tree.remove(encode("/src/gone"));
    this.words = tree.table.words.slice();
  }

  at(region: Region): number {
    return regionAt(this.words, region);
  }
  inode(path: string): number {
    const inode = this.tree.resolve(encode(path), ROOT_INODE, false);
    expect(inode).toBeGreaterThan(0);
    return inode;
  }
  /** The word of an inode. */
  inodeAt(path: string): number {
    return this.at("inodes") + this.inode(path);
  }
  /** The word of the tag of an entry. */
  slot(parent: string, name: string): number {
    const slot = findSlot(this.words, this.inode(parent), encode(name), 0, name.length);
    expect(slot).toBeGreaterThan(0);
    return slot;
  }
  record(parent: string, name: string): number {
    return this.at("names") + this.words[this.slot(parent, name) + BUCKET_RECORD] * VECTOR_WORDS;
  }
  /** A bucket that goes on in another. */
  chained(): number {
    for (let at = this.at("buckets"); ; at += BUCKET_WORDS) if (this.words[at + BUCKET_NEXT] !== 0) return at;
  }
  /** A bucket with exactly so many entries. */
  bucketWith(slots: number): number {
    const { words } = this;
    const end = this.at("buckets") + usedWords(words, "buckets");
    for (let at = this.at("buckets"); at < end; at += BUCKET_WORDS) {
      const used = [0, 1, 2, 3, 4].filter((slot) => words[at + slot + BUCKET_CHILD] !== 0).length;
      if (used === slots && words[at + BUCKET_NEXT] === 0) return at;
    }
    throw new Error(`no bucket has ${slots} entries`);
  }
}
