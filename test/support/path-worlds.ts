/** Random namespaces as a table and as the reference's maps, and random paths into them. */
import fc from "fast-check";
import { INODE_KIND, ROOT_INODE } from "../../src/paths/table/linux.ts";
import type { PackedPaths } from "../../src/paths/lookup/pack.ts";
import { lookupReference, type ReferenceNode } from "../../src/paths/reference/index.ts";
import { PathTable, type PathTableOptions } from "../../src/paths/table/table.ts";

const bytesOf = (text: string): Uint8Array => Buffer.from(text, "latin1");

type Node =
  | { kind: "file" }
  | { kind: "directory"; parent: number; entries: Map<string, number> }
  | { kind: "symlink"; target: string };

/** A namespace that is kept twice: as the table under test, and as plain maps. Names and targets are latin1. */
export class PathWorld {
  readonly table: PathTable;
  readonly nodes = new Map<number, Node>();
  #nextInode = ROOT_INODE + 1;

  constructor(options: PathTableOptions = {}) {
    this.table = new PathTable({ maxEntries: 20_000, ...options });
    this.table.setDirectory(ROOT_INODE, ROOT_INODE);
    this.nodes.set(ROOT_INODE, { kind: "directory", parent: ROOT_INODE, entries: new Map() });
  }

  /** Inodes of directories. */
  directories(): number[] {
    return [...this.nodes].filter(([, node]) => node.kind === "directory").map(([inode]) => inode);
  }

  entriesOf(inode: number): Map<string, number> {
    const node = this.nodes.get(inode);
    if (node?.kind !== "directory") throw new Error(`inode ${inode} is no directory`);
    return node.entries;
  }

  addFile(parent: number, name: string): number {
    const inode = this.#nextInode++;
    this.table.setFile(inode);
    this.nodes.set(inode, { kind: "file" });
    return this.#link(parent, name, inode, INODE_KIND.file);
  }

  addDirectory(parent: number, name: string): number {
    const inode = this.#nextInode++;
    this.table.setDirectory(inode, parent);
    this.nodes.set(inode, { kind: "directory", parent, entries: new Map() });
    return this.#link(parent, name, inode, INODE_KIND.directory);
  }

  addSymlink(parent: number, name: string, target: string): number {
    const inode = this.#nextInode++;
    this.table.setSymlink(inode, bytesOf(target));
    this.nodes.set(inode, { kind: "symlink", target });
    return this.#link(parent, name, inode, INODE_KIND.symlink);
  }

  /** Moves an entry, which may be a directory; what has the new name goes. */
  rename(from: number, name: string, to: number, newName: string): void {
    const inode = this.entriesOf(from).get(name);
    if (inode === undefined) throw new Error(`no entry ${name}`);
    const node = this.nodes.get(inode)!;
    this.table.unlink(from, bytesOf(name));
    this.entriesOf(from).delete(name);
    if (node.kind === "directory") {
      node.parent = to;
      this.table.setDirectory(inode, to);
    }
    this.#link(to, newName, inode, INODE_KIND[node.kind]);
  }

  remove(parent: number, name: string): void {
    this.table.unlink(parent, bytesOf(name));
    this.entriesOf(parent).delete(name);
  }

  expected(path: string, options: { directory?: number; followSymlinks?: boolean } = {}): number {
    return lookupReference(this.nodes as ReadonlyMap<number, ReferenceNode>, bytesOf(path), options);
  }

  #link(parent: number, name: string, inode: number, kind: number): number {
    this.table.link(parent, inode, kind, bytesOf(name));
    this.entriesOf(parent).set(name, inode);
    return inode;
  }
}

export function packed(paths: readonly string[], gap = 0): PackedPaths {
  const parts = paths.map(bytesOf);
  const offsets = new Uint32Array(paths.length + 1);
  offsets[0] = gap;
  for (const [index, part] of parts.entries()) offsets[index + 1] = offsets[index] + part.length;
  return { bytes: Buffer.concat([Buffer.alloc(gap), ...parts]), offsets };
}

/** Few names, so that paths often meet something; of every length that matters to words and vectors. */
export const NAMES = [
  "a",
  "b",
  "c",
  "ab",
  "abc",
  "abcd",
  "abcde",
  "abcdefgh",
  "abcdefghi",
  "abcdefghijklmnop",
  "abcdefghijklmnopqrstuvwxy",
  "abcdefghijklmnopqrstuvwxz",
  "...",
  "\u00e9\u00ff",
  "n".repeat(254),
  "n".repeat(255),
];

const name = fc.constantFrom(...NAMES);
const slashes = fc.constantFrom("/", "/", "/", "//", "///");
const part = fc.oneof(
  { weight: 8, arbitrary: name },
  { weight: 2, arbitrary: fc.constantFrom(".", "..") },
  { weight: 1, arbitrary: fc.constantFrom("missing", "n".repeat(256), "a\0b", "abcdefghijklmnopqrstuvwx") },
);

/** Paths of up to some components, absolute or not, with or without slashes at the end. */
export const path: fc.Arbitrary<string> = fc.oneof(
  {
    weight: 20,
    arbitrary: fc
      .tuple(
        fc.boolean(),
        fc.array(fc.tuple(part, slashes), { maxLength: 9 }),
        fc.oneof(part, fc.constant("")),
      )
      .map(([isAbsolute, parts, last]) => (isAbsolute ? "/" : "") + parts.flat().join("") + last),
  },
  {
    weight: 1,
    arbitrary: fc.constantFrom(
      "",
      "/",
      "//",
      "x".repeat(5000),
      "./".repeat(2047) + "a",
      "./".repeat(2047) + "/a",
      "a\0",
    ),
  },
);

const target = path.filter((text) => text.length > 0 && text.length <= 4095 && !text.includes("\0"));

/** Steps that make a namespace: where (a directory by turn), what, and its name. */
const making = fc.record({
  parent: fc.nat(),
  name,
  what: fc.constantFrom("file" as const, "directory" as const, "directory" as const, "symlink" as const),
  target,
});

export const makings = fc.array(making, { minLength: 1, maxLength: 60 });
export type Makings = typeof makings extends fc.Arbitrary<infer T> ? T : never;

export function build(steps: Makings, options: PathTableOptions = {}): PathWorld {
  const world = new PathWorld(options);
  for (const step of steps) {
    const directories = world.directories();
    const parent = directories[step.parent % directories.length];
    if (world.entriesOf(parent).has(step.name)) continue;
    if (step.what === "file") world.addFile(parent, step.name);
    else if (step.what === "directory") world.addDirectory(parent, step.name);
    else world.addSymlink(parent, step.name, step.target);
  }
  return world;
}
