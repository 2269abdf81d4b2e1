/**
 * The guesses of the lookup kernel. Where a batch has few paths, all lanes of a subgroup resolve one together, and
 * guess for each component which directory it lies in; what they guess, they remembered. Here whatever they remember
 * becomes wrong again and again, and must cost nothing but time: the reference says what is right.
 *
 * On drivers that limit loops no guesses are made, and the same answers must come.
 *
 * A failure tells its seed; as guesses outlive a case, only the whole run makes it again:
 * EVERWARP_PROPERTY_SEED=<seed>. EVERWARP_PROPERTY_RUNS=2000 makes more cases than the
 * 80 by default, in each way.
 */
import fc from "fast-check";
import { afterEach, describe, expect, it } from "vitest";
import { ROOT_INODE } from "../../src/paths/table/linux.ts";
import { DeviceBackend } from "../../src/paths/gpu/device-backend.ts";
import type { LookupShape } from "../../src/paths/gpu/lookup-shape.ts";
import { PathError } from "../../src/paths/lookup/path-error.ts";
import { lookupReference, referenceOf } from "../../src/paths/reference/index.ts";
import { PathTable } from "../../src/paths/table/table.ts";
import { PathTree } from "../../src/paths/tree/tree.ts";
import { inPieces, PathDevice } from "../support/path-device.ts";
import { packed } from "../support/path-worlds.ts";
import { propertyRuns } from "../support/property-runs.ts";
import { isValidated, testDeviceInfo, watchValidation } from "../support/vulkan.ts";

watchValidation();

const latin1 = (text: string): Buffer => Buffer.from(text, "latin1");

/** Few names, so that what goes is soon there again. One takes more bytes than a subgroup of eight has before it. */
const NAMES = ["a", "b", "c", "name of thirty-three bytes, so long", "l".repeat(130)];
const name = fc.oneof(
  { weight: 12, arbitrary: fc.constantFrom("a", "b", "c") },
  { weight: 1, arbitrary: fc.constantFrom(...NAMES) },
);

/** A place for a change, from the root. */
const place = fc.array(name, { minLength: 1, maxLength: 5 }).map((names) => `/${names.join("/")}`);
const deepPlace = fc.integer({ min: 6, max: 14 }).map((depth) => "/a".repeat(depth));
const anyPlace = fc.oneof({ weight: 6, arbitrary: place }, { weight: 1, arbitrary: deepPlace });
const target = fc.oneof(
  place,
  fc.constantFrom("a", "b", "../b", "..", ".", "a/b/c", "/", "missing", "b/", "../../a/../c"),
);

const change = fc.oneof(
  fc.record({ kind: fc.constant("mkdir" as const), at: anyPlace }),
  fc.record({ kind: fc.constant("file" as const), at: place }),
  fc.record({ kind: fc.constant("symlink" as const), at: place, target }),
  fc.record({ kind: fc.constant("rename" as const), at: anyPlace, to: anyPlace }),
  fc.record({ kind: fc.constant("remove" as const), at: anyPlace }),
  // The inode that was freed last is given away next.
  fc.record({
    kind: fc.constant("reuse" as const),
    at: place,
    to: place,
    as: fc.constantFrom("mkdir" as const, "file" as const, "symlink" as const),
    target,
  }),
);
type Change = typeof change extends fc.Arbitrary<infer T> ? T : never;

const separator = fc.oneof({ weight: 12, arbitrary: fc.constant("/") }, fc.constantFrom("//", "///"));
const part = fc.oneof(
  { weight: 24, arbitrary: name },
  { weight: 1, arbitrary: fc.constantFrom(".", "..", "...", "missing", "n".repeat(256)) },
);
const plain = fc
  .tuple(
    fc.constantFrom("/", "/", "/", "", "//", "./", "../"),
    fc.array(fc.tuple(part, separator), { maxLength: 10 }),
    fc.oneof({ weight: 5, arbitrary: part }, { weight: 1, arbitrary: fc.constant("") }),
  )
  .map(([before, parts, last]) => before + parts.flat().join("") + last);
/**
 * Something at some byte of a path: a NUL, or so many slashes that it gets just as long as a subgroup or a request can
 * take.
 */
const odd = fc
  .tuple(plain, fc.nat(), fc.oneof(fc.constant(0), fc.constantFrom(16, 127, 128, 129, 191, 192, 193, 512)))
  .map(([text, where, length]) => {
    const at = where % (text.length + 1);
    if (length === 0) return `${text.slice(0, at)}\0${text.slice(at)}`;
    const slash = text.indexOf("/", at);
    if (slash < 0 || text.length > length) return text;
    return text.slice(0, slash) + "/".repeat(length - text.length) + text.slice(slash);
  });
const path = fc.oneof(
  { weight: 8, arbitrary: plain },
  { weight: 4, arbitrary: place },
  { weight: 2, arbitrary: deepPlace },
  { weight: 2, arbitrary: odd },
);

const step = fc.record({
  change,
  fresh: fc.array(path, { maxLength: 6 }),
  /** Which directory relative paths begin at, if not the root; sometimes none, or no directory. */
  start: fc.oneof(fc.constant(0), fc.nat()),
  followSymlinks: fc.boolean(),
  /** How many times as many paths a batch has. */
  copies: fc.oneof({ weight: 8, arbitrary: fc.constant(1) }, fc.constantFrom(3, 30)),
});

class World {
  readonly table: PathTable;
  readonly tree: PathTree;

  constructor(hashMask: number) {
    // The same hashes in every world: what the kernel remembers of one is a guess, mostly a wrong one, in the next.
    this.table = new PathTable({ maxEntries: 2000, hashMask, hashSeed: 1 });
    this.tree = new PathTree(this.table);
    for (const at of ["/a/b/c/a", "/a/a/b", "/b/c/a", "/a".repeat(14), `/a/${NAMES.slice(3).join("/")}/a`])
      this.tree.addDirectories(latin1(at));
  }

  /** Makes a change, or none where that is not allowed. */
  change(it: Change): void {
    const { tree } = this;
    const at = latin1(it.at);
    const add = (as: "mkdir" | "file" | "symlink", where: string, points: string): void => {
      if (as === "mkdir") tree.addDirectories(latin1(where));
      else if (as === "file") tree.addFile(latin1(where));
      else tree.addSymlink(latin1(points), latin1(where));
    };
    try {
      if (it.kind === "rename") tree.rename(at, latin1(it.to));
      else if (it.kind === "remove") tree.remove(at, true);
      else if (it.kind === "reuse") {
        tree.remove(at, true);
        add(it.as, it.to, it.target);
      } else add(it.kind, it.at, it.kind === "symlink" ? it.target : "");
    } catch (error) {
      if (!(error instanceof PathError)) throw error;
    }
  }
}

describe.each([
  ["as it is laid out by default", {}],
  ["with few places for guesses", { togetherPathsMax: 1 << 20, guessCount: 4 }],
  ["with all paths resolved together", { togetherPathsMax: 1 << 20 }],
])("the lookup kernel %s", (_, shape) => {
  it("is never misled by what it remembers", { timeout: 3_600_000 }, async ({ skip }) => {
    await using device = await PathDevice.open({ shape });
    skip(
      "togetherPathsMax" in shape && device.backend.profile.loopLimit !== undefined,
      "where loops are limited, the kernel is never laid out so: subgroups do not count their rounds",
    );
    const whole = device.lookup.bind(device);
    const pieces = inPieces(whole, [1, 1, 1, 5, 1, 1, 17]);
    let found = 0;
    let missed = 0;
    await fc.assert(
      fc.asyncProperty(
        fc.array(step, { minLength: 5, maxLength: 30 }),
        fc.array(path, { minLength: 1, maxLength: 12 }),
        fc.constantFrom(0xffff_ffff, 0xffff_ffff, 3),
        async (steps, watched, hashMask) => {
          const world = new World(hashMask);
          await device.show(world.table);
          for (const { change: it, fresh, start, followSymlinks, copies } of steps) {
            world.change(it);
            await device.follow(world.table);
            const reference = referenceOf(world.tree);
            const texts = [...watched, it.at, ...fresh, ...("to" in it ? [it.to] : [])];
            const inodes = [...reference.keys()];
            const directory = start === 0 ? ROOT_INODE : (inodes[start % (inodes.length + 1)] ?? 1999);
            const options = { directory, followSymlinks };
            const expected = texts.map((text) => [text, lookupReference(reference, latin1(text), options)]);
            const check = (results: Int32Array): void => {
              for (let copy = 0; copy * texts.length < results.length; copy++)
                expect(texts.map((text, index) => [text, results[copy * texts.length + index]])).toEqual(
                  expected,
                );
            };
            // One by one, each when the one before is answered; then some at a time; then all in one.
            for (let index = 0; index < Math.min(4, texts.length); index++) {
              const [result] = await whole(packed([texts[index]!]), options);
              expect([texts[index], result]).toEqual(expected[index]);
            }
            check(await pieces(packed(texts), options));
            check(await whole(packed(Array.from({ length: copies }, () => texts).flat(), copies), options));
            const there = expected.filter(([, inode]) => Number(inode) > 0).length;
            found += there;
            missed += expected.length - there;
          }
        },
      ),
      propertyRuns(80),
    );
    expect(found).toBeGreaterThan(missed / 20);
    expect(missed).toBeGreaterThan(found / 20);
  });
});

describe("a directory that the kernel remembers", () => {
  const PATH = "/a/b/c/d";

  /** A world that was asked for PATH until the kernel knows the way. */
  async function warm(
    device: PathDevice,
  ): Promise<{ world: World; ask: () => Promise<void>; inodes: number[] }> {
    const world = new World(0xffff_ffff);
    world.tree.addDirectories(latin1("/a/b/c"));
    world.tree.addFile(latin1(PATH));
    await device.show(world.table);
    const paths = [PATH, `${PATH}/`, "/a/b/c", "/a/b/c/", "/a/b", "a/b/c/d", "//a/b///c//d", "/a/b/./c/d"];
    const ask = async (): Promise<void> => {
      await device.follow(world.table);
      const reference = referenceOf(world.tree);
      const expected = paths.map((text) => [text, lookupReference(reference, latin1(text))]);
      for (let round = 0; round < 4; round++) {
        const results: unknown[] = [];
        for (const text of paths) results.push([text, (await device.lookup(packed([text])))[0]]);
        expect(results).toEqual(expected);
        const batch = await device.lookup(packed(paths));
        expect(paths.map((text, index) => [text, batch[index]])).toEqual(expected);
      }
    };
    await ask();
    const inodes = ["/a", "/a/b", "/a/b/c"].map((at) => world.tree.resolve(latin1(at)));
    return { world, ask, inodes };
  }

  it("may move, go, come back, and its inode be anything else, elsewhere", async () => {
    await using device = await PathDevice.open();
    for (const level of [0, 1, 2]) {
      const at = latin1(["/a", "/a/b", "/a/b/c"][level]!);
      const below = latin1(["/b/c/d", "/c/d", "/d"][level]!);
      const rest = (prefix: string): Buffer => Buffer.concat([latin1(prefix), below]);

      // It moves; another one with the same names in it takes its place.
      {
        const { world, ask } = await warm(device);
        world.tree.rename(at, latin1("/moved"));
        await ask();
        world.tree.addDirectories(Buffer.concat([at, below.subarray(0, -2)]));
        await ask();
        world.tree.addFile(Buffer.concat([at, below]));
        await ask();
        world.tree.remove(at, true);
        world.tree.rename(latin1("/moved"), at);
        await ask();
      }

      // It goes; the inode is a file, a symlink, or a directory elsewhere with the same names in it.
      for (const kind of ["file", "symlink", "directory", "directory in another's place"] as const) {
        const { world, ask, inodes } = await warm(device);
        const { tree } = world;
        tree.rename(Buffer.concat([at, below.subarray(0, 2)]), latin1("/kept"));
        tree.remove(at, true);
        await ask();
        const other = latin1("/other");
        if (kind === "file") expect(tree.addFile(other)).toBe(inodes[level]);
        else if (kind === "symlink") expect(tree.addSymlink(latin1("kept"), other)).toBe(inodes[level]);
        else expect(tree.addDirectory(other)).toBe(inodes[level]);
        await ask();
        if (kind.startsWith("directory")) {
          tree.rename(latin1("/kept"), Buffer.concat([other, below.subarray(0, 2)]));
          expect(tree.resolve(rest("/other"))).toBeGreaterThan(0);
          await ask(); // what the kernel remembers leads to an entry that is there, but not under this path
        }
        if (kind.endsWith("place")) {
          tree.addDirectory(at);
          await ask();
          tree.addSymlink(latin1("/other/../other"), Buffer.concat([at, latin1("/x")]));
          tree.remove(at, true);
          tree.addSymlink(other, at); // PATH is there again, through a symlink, over the inode that is remembered
          expect(tree.resolve(latin1(PATH))).toBeGreaterThan(0);
          await ask();
        }
      }
    }
  });
});

describe("places for guesses", () => {
  const opened: DeviceBackend[] = [];
  afterEach(() => Promise.all(opened.splice(0).map((backend) => backend.close())));

  async function open(table: PathTable, shape: Partial<LookupShape> = {}): Promise<DeviceBackend> {
    const { index } = testDeviceInfo();
    const backend = await DeviceBackend.open(table, { select: index, validation: isValidated, shape });
    opened.push(backend);
    return backend;
  }

  it("become more with the entries, and what was remembered in fewer misleads nobody", async () => {
    const table = new PathTable({ maxEntries: 120_000 });
    const tree = new PathTree(table);
    const backend = await open(table);
    const known: { path: string; inode: number }[] = [];
    const check = async (): Promise<void> => {
      await backend.apply(table.takeEdits());
      for (let round = 0; round < 2; round++) {
        const asked = known.slice(-40).concat(known.slice(0, 40));
        const batch = await backend.lookupPaths(asked.map(({ path: text }) => text));
        expect([...batch]).toEqual(asked.map(({ inode }) => inode));
        for (const { path: text, inode } of asked.slice(30, 50))
          expect([text, ...(await backend.lookupPaths([text]))]).toEqual([text, inode]);
      }
    };
    table.takeEdits();
    const sizes: number[] = [];
    for (let directory = 0; directory < 300; directory++) {
      const at = `/${directory % 7}/${directory % 31}/${directory}`;
      tree.addDirectories(latin1(at));
      const parent = tree.resolve(latin1(at));
      for (let file = 0; file < 300; file++)
        known.push({ path: `${at}/${file}`, inode: tree.addFile(latin1(String(file)), parent) });
      if (directory % 12 !== 0) continue;
      await check();
      if (sizes.at(-1) !== backend.guessCount) sizes.push(backend.guessCount);
    }
    // One for four of 90,000 entries, and the way there.
    expect(sizes).toEqual([2 ** 12, 2 ** 13, 2 ** 14]);
  });

  it("are a small part of what a namespace takes on the device", async () => {
    const table = new PathTable({ maxEntries: 1_000_000 });
    const backend = await open(table);
    expect(backend.guessCount * 4).toBe(16_384);
    const fixed = await open(table, { guessCount: 2 ** 20 });
    expect(fixed.tableBytes - backend.tableBytes).toBe(2 ** 22 - 16_384);
  });
});
