/** The tree and its lookups against the kernel of Linux: the same changes and the same paths on a real directory, through `node:fs`. */
import fs from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, describe, expect, it } from "vitest";
import { ROOT_INODE } from "./contracts.ts";
import { SCRATCH_WORDS } from "./host/lookup-board.ts";
import { HostPaths } from "./host/host-paths.ts";
import { packPaths } from "./pack.ts";
import { errnoCode, PathError } from "./path-error.ts";
import { lookupReference, referenceOf } from "./reference/lookup.ts";
import { PathTable } from "./table.ts";
import { PathTree } from "./tree.ts";

// A file system in memory where there is one: the kernel's rules are the same, and it is faster.
const somewhere = fs.existsSync("/dev/shm") ? "/dev/shm" : fs.realpathSync(tmpdir());
const ground = fs.mkdtempSync(join(somewhere, "everwarp-paths-"));
const home = process.cwd();
afterAll(() => {
  process.chdir(home);
  fs.rmSync(ground, { recursive: true });
});

const latin1 = (text: string): Buffer => Buffer.from(text, "latin1");

/** Few names, so that paths hit; and the strange ones. Bytes, one character each. */
const name = fc.oneof(
  { weight: 12, arbitrary: fc.constantFrom("a~", "b~", "c~", "dd~") },
  { weight: 3, arbitrary: fc.constantFrom(".", "..") },
  {
    weight: 2,
    arbitrary: fc.constantFrom(
      "A~",
      "...",
      ".a~",
      "\xff\xfe",
      "\xc3\xa9",
      "e\xcc\x81",
      "x".repeat(255),
      "x".repeat(256),
      "\xc3\xa9".repeat(127),
      "\xc3\xa9".repeat(128),
      "a b\n",
      "exactly-8",
      "sixteen-bytes-16",
    ),
  },
);
const separator = fc.oneof({ weight: 8, arbitrary: fc.constant("/") }, fc.constantFrom("//", "/./", "///"));
const ending = fc.oneof({ weight: 8, arbitrary: fc.constant("") }, fc.constantFrom("/", "//", "/.", "/.."));

/** A path; `true`: from the root of the ground. */
const relativePath = fc
  .tuple(fc.array(fc.tuple(name, separator), { minLength: 0, maxLength: 4 }), name, ending)
  .map(([parts, last, end]) => parts.map((part) => part.join("")).join("") + last + end);
const path = fc.oneof(
  { weight: 10, arbitrary: fc.record({ text: relativePath, isAbsolute: fc.boolean() }) },
  fc.record({ text: fc.constantFrom("", "."), isAbsolute: fc.boolean() }),
  fc.record({
    text: relativePath,
    isAbsolute: fc.constant(false),
    paddedTo: fc.integer({ min: 4090, max: 4100 }),
  }),
);
/** What is only looked up: never a symlink's target, or changes would find their way out of the ground. */
const lookedUp = fc.oneof(
  { weight: 20, arbitrary: path },
  fc.record({ text: fc.constantFrom("/", "//", "/.", "/..", "///../."), isAbsolute: fc.constant(false) }),
);
interface Path {
  text: string;
  isAbsolute: boolean;
  /** Bytes, with `./` in front. */
  paddedTo?: number;
}

const change = fc.oneof(
  { weight: 4, arbitrary: fc.record({ kind: fc.constant("mkdir" as const), to: path }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant("open" as const), to: path }) },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant("symlink" as const), from: path, to: path }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("link" as const), from: path, to: path }) },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant("rename" as const), from: path, to: path }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("unlink" as const), to: path }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("rmdir" as const), to: path }) },
);
type Change = typeof change extends fc.Arbitrary<infer T> ? T : never;

/** A real directory, and a tree with directories of the same names down to it. */
class Pair {
  readonly top: string;
  readonly root: string;
  readonly tree: PathTree;
  readonly host: HostPaths;
  readonly base: number;
  static #count = 0;

  constructor(hashMask = 0xffff_ffff) {
    this.top = join(ground, `${Pair.#count++}`);
    // So deep that no generated `..` climbs out of it: what is changed there would be someone else's.
    this.root = join(this.top, `${"n/".repeat(24)}n`);
    fs.mkdirSync(this.root, { recursive: true });
    process.chdir(this.root);
    this.tree = new PathTree(new PathTable({ capacity: 2000, hashMask, scratchWords: SCRATCH_WORDS }));
    this.host = new HostPaths(this.tree.table, { threads: 0 });
    let base = ROOT_INODE;
    for (const part of this.root.split("/").slice(1)) base = this.tree.addDirectoryIn(base, latin1(part));
    this.base = base;
    // With this in it nobody removes the directory under our feet.
    this.change({ kind: "open", to: { text: "stays", isAbsolute: false } });
  }

  bytes({ text, isAbsolute, paddedTo = 0 }: Path): Buffer {
    const missing = Math.max(0, paddedTo - text.length);
    const padding = "./".repeat(missing >> 1) + "/".repeat(missing & 1);
    return latin1(isAbsolute ? `${this.root}/${text}` : (missing > 1 ? padding : "") + text);
  }

  /** Does the same on both sides. @returns what each of them said */
  change(it: Change): [string, string] {
    const { tree, base } = this;
    const to = this.bytes(it.to);
    const from = "from" in it ? this.bytes(it.from) : to;
    switch (it.kind) {
      case "mkdir":
        return both(
          () => fs.mkdirSync(to),
          () => tree.addDirectory(to, base),
        );
      case "open":
        return both(
          () => fs.closeSync(fs.openSync(to, "wx")),
          () => tree.addFile(to, base),
        );
      case "symlink":
        return both(
          () => fs.symlinkSync(from, to),
          () => tree.addSymlink(from, to, base),
        );
      case "link":
        return both(
          () => fs.linkSync(from, to),
          () => tree.link(from, to, base),
        );
      case "rename":
        return both(
          () => fs.renameSync(from, to),
          () => tree.rename(from, to, base),
        );
      case "unlink":
        return both(
          () => fs.unlinkSync(to),
          () => tree.unlink(to, base),
        );
      case "rmdir":
        return both(
          () => fs.rmdirSync(to),
          () => tree.removeDirectory(to, base),
        );
    }
  }
}

function both(real: () => unknown, ours: () => unknown): [string, string] {
  return [outcome(real), outcome(ours)];
}

function outcome(act: () => unknown): string {
  try {
    act();
    return "done";
  } catch (error) {
    const { code, syscall, errno } = error as NodeJS.ErrnoException;
    if (error instanceof PathError) expect([code, typeof errno]).toEqual([errnoCode(errno!), "number"]);
    return `${syscall} ${code} ${errno}`;
  }
}

/** Looks up on all sides: the kernel, the walker, the twin, and the host engine, which gets all paths at once. @returns what was said */
async function lookUp(pair: Pair, paths: readonly Path[]): Promise<string[]> {
  const said: string[] = [];
  const numbers = new Map<number, bigint>();
  const twin = referenceOf(pair.tree);
  const all = paths.map((it) => pair.bytes(it));
  for (const followSymlinks of [true, false]) {
    const options = { directory: pair.base, followSymlinks };
    const batch = await pair.host.lookup(packPaths(all), options);
    for (const [index, bytes] of all.entries()) {
      const { text } = paths[index]!;
      const ours = pair.tree.resolve(bytes, pair.base, followSymlinks);
      expect([text, lookupReference(twin, bytes, options)]).toEqual([text, ours]);
      expect([text, batch[index]]).toEqual([text, ours]);
      const real = realStat(bytes, followSymlinks);
      if (typeof real === "string") {
        expect([text, ours < 0 ? errnoCode(ours) : ours]).toEqual([text, real]);
        said.push(`lookup ${real}`);
        continue;
      }
      // The numbers differ; that they stand for the same things is what counts.
      expect([text, numbers.get(ours) ?? real.ino]).toEqual([text, real.ino]);
      numbers.set(ours, real.ino);
      const mine = pair.tree.stat(ours)!;
      expect(mine.kind === "directory").toBe(real.isDirectory());
      expect(mine.kind === "symlink").toBe(real.isSymbolicLink());
      if (mine.kind !== "directory") expect(mine.linkCount).toBe(Number(real.nlink));
    }
  }
  expect(new Set(numbers.values()).size).toBe(numbers.size);
  return said;
}

function realStat(path: Buffer, followSymlinks: boolean): fs.BigIntStats | string {
  try {
    return (followSymlinks ? fs.statSync : fs.lstatSync)(path, { bigint: true }) as fs.BigIntStats;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code!;
  }
}

describe("the tree against the kernel", () => {
  it("answers every change and every lookup as node:fs does, in generated trees", async () => {
    const said = new Set<string>();
    await fc.assert(
      fc.asyncProperty(
        fc.array(change, { minLength: 10, maxLength: 60 }),
        fc.array(lookedUp, { minLength: 30, maxLength: 60 }),
        fc.constantFrom(0xffff_ffff, 0, 3),
        async (changes, paths, hashMask) => {
          const pair = new Pair(hashMask);
          for (const it of changes) {
            const [real, ours] = pair.change(it);
            // `/` may be of another file system than the ground, which the kernel says before anything else.
            if (real.includes("EXDEV")) expect(ours).toMatch(/EBUSY|EPERM/);
            else expect([it, ours]).toEqual([it, real]);
            said.add(real === "done" ? `${it.kind} done` : real);
          }
          for (const key of await lookUp(pair, [...paths, ...changes.map(({ to }) => to)])) said.add(key);
          fs.rmSync(pair.top, { recursive: true });
        },
      ),
      { numRuns: 1000 },
    );
    // The generators reach what they are for.
    for (const key of ["mkdir done", "rename done", "link done", "rmdir done", "unlink done", "symlink done"])
      expect([key, said.has(key)]).toEqual([key, true]);
    for (const code of ["ENOENT", "ENOTDIR", "EEXIST", "ELOOP", "ENAMETOOLONG"])
      expect([code, [...said].some((key) => key.includes(code))]).toEqual([code, true]);
  }, 240_000);
});
