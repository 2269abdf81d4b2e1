/**
 * The same names twice: in a real directory, by `node:fs`, and in a tree of ours. The same changes are made on both sides, and the same paths looked up.
 *
 * A process has one working directory, which relative paths of the real side begin at: one pair at a time.
 */
import { execFileSync } from "node:child_process";
import fs from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { expect } from "vitest";
import type { LookupOptions } from "../../src/paths/lookup/contracts.ts";
import { type PackedPaths, packPaths } from "../../src/paths/lookup/pack.ts";
import { ROOT_INODE } from "../../src/paths/table/linux.ts";
import { SCRATCH_WORDS } from "../../src/paths/host/shared-queue.ts";
import { errnoCode, PathError } from "../../src/paths/lookup/path-error.ts";
import { lookupReference, referenceOf } from "../../src/paths/reference/index.ts";
import { PathTable } from "../../src/paths/table/table.ts";
import { PathTree } from "../../src/paths/tree/tree.ts";

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
  { weight: 1, arbitrary: fc.integer({ min: 0, max: 45 }).map((index) => chainName(index)) },
);
const separator = fc.oneof({ weight: 8, arbitrary: fc.constant("/") }, fc.constantFrom("//", "/./", "///"));
const ending = fc.oneof({ weight: 8, arbitrary: fc.constant("") }, fc.constantFrom("/", "//", "/.", "/.."));

/** Names of a deep nest, one in the other; and of a chain of symlinks, each to the one before. */
const DEEP_NAMES = ["d~", "v".repeat(255)];
const chainName = (index: number): string => `s${index}~`;

const relativePath = fc
  .tuple(fc.array(fc.tuple(name, separator), { minLength: 0, maxLength: 4 }), name, ending)
  .map(([parts, last, end]) => parts.map((part) => part.join("")).join("") + last + end);
const deepPath = fc
  .tuple(fc.constantFrom(...DEEP_NAMES), fc.integer({ min: 1, max: 70 }), relativePath)
  .map(([part, levels, rest]) => `${`${part}/`.repeat(part.length > 2 ? levels % 17 : levels)}${rest}`);

export interface GroundPath {
  readonly text: string;
  /** From the root of the ground. */
  readonly isAbsolute: boolean;
  /** Bytes, with `./` in front. */
  readonly paddedTo?: number;
}

const path: fc.Arbitrary<GroundPath> = fc.oneof(
  { weight: 10, arbitrary: fc.record({ text: relativePath, isAbsolute: fc.boolean() }) },
  { weight: 1, arbitrary: fc.record({ text: deepPath, isAbsolute: fc.boolean() }) },
  fc.record({ text: fc.constantFrom("", "."), isAbsolute: fc.boolean() }),
  fc.record({
    text: relativePath,
    isAbsolute: fc.constant(false),
    paddedTo: fc.integer({ min: 4090, max: 4100 }),
  }),
);

/** What is only looked up: never a symlink's target, or changes would find their way out of the ground. */
export const lookedUp: fc.Arbitrary<GroundPath> = fc.oneof(
  { weight: 20, arbitrary: path },
  { weight: 2, arbitrary: fc.record({ text: deepPath, isAbsolute: fc.constant(false) }) },
  fc.record({ text: fc.constantFrom("/", "//", "/.", "/..", "///../."), isAbsolute: fc.constant(false) }),
);

export const change = fc.oneof(
  { weight: 8, arbitrary: fc.record({ kind: fc.constant("mkdir" as const), to: path }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("mkdirs" as const), to: path }) },
  { weight: 6, arbitrary: fc.record({ kind: fc.constant("open" as const), to: path }) },
  { weight: 8, arbitrary: fc.record({ kind: fc.constant("symlink" as const), from: path, to: path }) },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant("link" as const), from: path, to: path }) },
  { weight: 8, arbitrary: fc.record({ kind: fc.constant("rename" as const), from: path, to: path }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("unlink" as const), to: path }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("rmdir" as const), to: path }) },
);
export type Change = typeof change extends fc.Arbitrary<infer T> ? T : never;

const relative = (text: string): GroundPath => ({ text, isAbsolute: false });

/** Many changes that belong together: a nest of directories; symlinks to symlinks, around in a loop or to something. */
export const bulk: fc.Arbitrary<Change[]> = fc.oneof(
  fc.tuple(fc.constantFrom(...DEEP_NAMES), fc.integer({ min: 1, max: 60 })).map(([part, levels]) =>
    Array.from({ length: part.length > 2 ? levels % 15 : levels }, (_, index): Change => ({
      kind: "mkdir",
      to: relative(`${`${part}/`.repeat(index)}${part}`),
    })),
  ),
  fc
    .record({
      length: fc.integer({ min: 1, max: 45 }),
      end: path,
      isLoop: fc.boolean(),
      through: fc.boolean(),
    })
    .map(({ length, end, isLoop, through }) =>
      Array.from({ length }, (_, index): Change => {
        const before = relative(`${chainName(index - 1)}${through ? "/../." : ""}`);
        const first = isLoop ? relative(chainName(length - 1)) : end;
        return { kind: "symlink", from: index === 0 ? first : before, to: relative(chainName(index)) };
      }),
    ),
);

const absolute = (text: string): GroundPath => ({ text, isAbsolute: true });

/** Every kind of change done, and every error met, by names that no generator makes: what chance need not bring about. */
export const certainChanges: readonly Change[] = [
  { kind: "open", to: absolute("certain-file") },
  { kind: "link", from: absolute("certain-file"), to: absolute("certain-link") },
  { kind: "unlink", to: absolute("certain-link") },
  { kind: "mkdir", to: absolute("certain-folder") },
  { kind: "mkdir", to: absolute("certain-folder") }, // EEXIST
  { kind: "rename", from: absolute("certain-folder"), to: absolute("certain-other") },
  { kind: "rmdir", to: absolute("certain-other") },
  { kind: "rmdir", to: absolute("certain-other") }, // ENOENT
  { kind: "mkdir", to: absolute("certain-file/below") }, // ENOTDIR
  { kind: "symlink", from: relative("certain-loop"), to: absolute("certain-loop") },
  { kind: "mkdir", to: absolute("certain-loop/below") }, // ELOOP
];

/** Found, and each error of a lookup, from wherever it begins. */
export const certainLookups: readonly GroundPath[] = [
  absolute("certain-file"),
  absolute("certain-none"),
  absolute("certain-file/below"),
  absolute("certain-loop/below"),
  absolute("x".repeat(256)), // ENAMETOOLONG
];

/** A backend's `lookup`, or something that comes to the same. */
export type Ask = (paths: PackedPaths, options: LookupOptions) => Promise<Int32Array>;

/** A folder for the real sides; `remove` leaves the working directory there, and deletes it. */
export class Ground implements Disposable {
  readonly folder: string;
  readonly #home = process.cwd();
  #count = 0;

  constructor() {
    // A file system in memory where there is one: the kernel's rules are the same, and it is faster.
    const somewhere = fs.existsSync("/dev/shm") ? "/dev/shm" : fs.realpathSync(tmpdir());
    this.folder = fs.mkdtempSync(join(somewhere, "everwarp-paths-"));
  }

  pair(hashMask = 0xffff_ffff): GroundPair {
    return new GroundPair(join(this.folder, `${this.#count++}`), hashMask);
  }

  [Symbol.dispose](): void {
    process.chdir(this.#home);
    fs.rmSync(this.folder, { recursive: true });
  }
}

/** A real directory, and a tree with directories of the same names down to it. */
export class GroundPair {
  readonly tree: PathTree;
  readonly table: PathTable;
  readonly base: number;
  readonly #top: string;
  readonly #root: string;
  /** The root, whatever its name is by now: changes may give it another. */
  readonly #rootFd: number;

  constructor(top: string, hashMask: number) {
    this.#top = top;
    // So deep that no generated `..` climbs out of it: what is changed there would be someone else's.
    this.#root = join(top, `${"n/".repeat(24)}n`);
    fs.mkdirSync(this.#root, { recursive: true });
    this.#rootFd = fs.openSync(this.#root, fs.constants.O_DIRECTORY);
    this.enter([]);
    this.table = new PathTable({ maxEntries: 2000, hashMask, scratchWords: SCRATCH_WORDS });
    this.tree = new PathTree(this.table);
    let base = ROOT_INODE;
    for (const part of this.#root.split("/").slice(1)) base = this.tree.addDirectoryIn(base, latin1(part));
    this.base = base;
    // With this in it nobody removes the directory under our feet.
    this.change({ kind: "open", to: relative("stays") });
  }

  /** Deletes the real side, which may be deeper than any path. */
  removeDeep(): void {
    this.#leave();
    execFileSync("rm", ["-rf", this.#top]);
  }

  /** Deletes the real side. */
  remove(): void {
    this.#leave();
    fs.rmSync(this.#top, { recursive: true });
  }

  #leave(): void {
    process.chdir(join(this.#top, ".."));
    fs.closeSync(this.#rootFd);
  }

  bytes({ text, isAbsolute, paddedTo = 0 }: GroundPath): Buffer {
    const missing = Math.max(0, paddedTo - text.length);
    const padding = "./".repeat(missing >> 1) + "/".repeat(missing & 1);
    return latin1(isAbsolute ? `${this.#root}/${text}` : (missing > 1 ? padding : "") + text);
  }

  /** Does the same on both sides. @returns what each of them said: "done", or syscall, code and number */
  change(it: Change): { real: string; ours: string } {
    const { tree, base } = this;
    const to = this.bytes(it.to);
    const from = "from" in it ? this.bytes(it.from) : to;
    const [real, ours]: [() => unknown, () => unknown] = (() => {
      switch (it.kind) {
        case "mkdir":
          return [() => fs.mkdirSync(to), () => tree.addDirectory(to, base)];
        case "mkdirs":
          return [() => fs.mkdirSync(to, { recursive: true }), () => tree.addDirectories(to, base)];
        case "open":
          return [() => fs.closeSync(fs.openSync(to, "wx")), () => tree.addFile(to, base)];
        case "symlink":
          return [() => fs.symlinkSync(from, to), () => tree.addSymlink(from, to, base)];
        case "link":
          return [() => fs.linkSync(from, to), () => tree.link(from, to, base)];
        case "rename":
          return [() => fs.renameSync(from, to), () => tree.rename(from, to, base)];
        case "unlink":
          return [() => fs.unlinkSync(to), () => tree.unlink(to, base)];
        case "rmdir":
          return [() => fs.rmdirSync(to), () => tree.removeDirectory(to, base)];
      }
    })();
    return { real: outcome(real), ours: outcome(ours) };
  }

  /** Does the same on both sides and expects them to agree. @returns what they said */
  changeAlike(it: Change): string {
    const { real, ours } = this.change(it);
    // `/` may be of another file system than the ground, which the kernel says before anything else.
    if (real.includes("EXDEV")) expect(ours).toMatch(/EBUSY|EPERM/);
    else expect([it, ours]).toEqual([it, real]);
    return real === "done" ? `${it.kind} done` : real;
  }

  /** Makes directories of one name, one in the other: as deep as one likes, as no path leads there. @returns each with its names, the base first */
  nest(part: string, levels: number): { inode: number; names: Buffer[] }[] {
    const all = [{ inode: this.base, names: [] as Buffer[] }];
    this.enter([]);
    for (let level = 0; level < levels; level++) {
      fs.mkdirSync(latin1(part));
      this.enter([latin1(part)], ".");
      const { inode, names } = all[level]!;
      all.push({ inode: this.tree.addDirectoryIn(inode, latin1(part)), names: [...names, latin1(part)] });
    }
    this.enter([]);
    return all;
  }

  /** The directories at and below the base: inode, and names down to it. */
  directories(): { inode: number; names: Buffer[] }[] {
    const all: { inode: number; names: Buffer[] }[] = [{ inode: this.base, names: [] }];
    for (const { inode, names } of all)
      for (const entry of this.tree.entries(inode))
        if (entry.kind === "directory") all.push({ inode: entry.inode, names: [...names, entry.name] });
    return all;
  }

  /** Makes a directory of the real side the working directory, whatever bytes its name has and however deep it lies. */
  enter(names: readonly Buffer[], from = `/proc/self/fd/${this.#rootFd}`): void {
    process.chdir(from);
    for (const part of names) {
      const fd = fs.openSync(part, fs.constants.O_DIRECTORY);
      process.chdir(`/proc/self/fd/${fd}`);
      fs.closeSync(fd);
    }
  }

  /**
   * Looks paths up on all sides from one directory, as `stat` and as `lstat`: the kernel of Linux, our walker, the reference, and what is asked.
   * @returns what was said
   */
  async lookUpAlike(
    paths: readonly GroundPath[],
    asks: readonly Ask[],
    from: { inode: number; names: Buffer[] } = { inode: this.base, names: [] },
  ): Promise<string[]> {
    const said: string[] = [];
    const numbers = new Map<number, bigint>();
    const reference = referenceOf(this.tree);
    const all = paths.map((it) => this.bytes(it));
    const texts = paths.map(({ text }) => text);
    const packed = packPaths(all);
    for (const followSymlinks of [true, false]) {
      const options = { directory: from.inode, followSymlinks };
      const ours = all.map((bytes) => this.tree.resolve(bytes, from.inode, followSymlinks));
      expect(
        zip(
          texts,
          all.map((bytes) => lookupReference(reference, bytes, options)),
        ),
      ).toEqual(zip(texts, ours));
      for (const ask of asks) expect(zip(texts, await ask(packed, options))).toEqual(zip(texts, ours));
      this.enter(from.names);
      for (const [index, bytes] of all.entries()) {
        const inode = ours[index]!;
        const text = texts[index];
        const real = realStat(bytes, followSymlinks);
        if (typeof real === "string") {
          expect([text, inode < 0 ? errnoCode(inode) : inode]).toEqual([text, real]);
          said.push(`lookup ${real}`);
          continue;
        }
        // The numbers differ; that they stand for the same things is what counts.
        expect([text, numbers.get(inode) ?? real.ino]).toEqual([text, real.ino]);
        numbers.set(inode, real.ino);
        const mine = this.tree.stat(inode)!;
        expect(mine.kind === "directory").toBe(real.isDirectory());
        expect(mine.kind === "symlink").toBe(real.isSymbolicLink());
        if (mine.kind !== "directory") expect(mine.linkCount).toBe(Number(real.nlink));
        said.push("lookup done");
      }
    }
    this.enter([]);
    expect(new Set(numbers.values()).size).toBe(numbers.size);
    return said;
  }
}

function zip<T>(texts: readonly string[], values: ArrayLike<T>): [string, T | undefined][] {
  expect(values).toHaveLength(texts.length);
  return texts.map((text, index) => [text, values[index]]);
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

function realStat(bytes: Buffer, followSymlinks: boolean): fs.BigIntStats | string {
  try {
    return (followSymlinks ? fs.statSync : fs.lstatSync)(bytes, { bigint: true }) as fs.BigIntStats;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code!;
  }
}

/** A nest that is deeper than the longest path, and the same paths from many levels of it. */
export async function expectDeepAlike(pair: GroundPair, asks: readonly Ask[]): Promise<void> {
  const part = "v".repeat(255);
  const levels = pair.nest(part, 40);
  const texts = [1, 2, 3, 7, 8, 9, 15, 16, 17, 20].flatMap((depth) => {
    const down = Array.from({ length: depth }, () => part).join("/");
    return [
      down,
      `${down}/`,
      `${down}/.`,
      `${down}/..`,
      `${down}/../${part}`,
      `${down}/missing`,
      `${down}/${part}v`,
    ];
  });
  texts.push("../".repeat(30), `${"../".repeat(30)}stays`, `${"../".repeat(10)}${part}`, "..", ".", "");
  const paths = texts.map((text) => ({ text, isAbsolute: false }));
  for (const level of [0, 1, 9, 23, 24, 25, 39, 40]) {
    const said = await pair.lookUpAlike(paths, asks, levels[level]);
    expect(said).toContain("lookup done");
    expect(said).toContain("lookup ENAMETOOLONG");
  }
}
