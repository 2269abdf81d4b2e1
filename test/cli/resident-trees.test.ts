/** Trees in memory beside ripgrep, while the trees change. EVERWARP_PROPERTY_RUNS makes more of them. */
import {
  appendFileSync,
  chmodSync,
  mkdirSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { ResidentTrees } from "../../src/daemon/index.ts";
import { Inotify } from "../../src/daemon/watch/index.ts";
import { describeDifference, runRipgrep } from "../support/cli.ts";
import { randomArguments, randomTree } from "../support/cli-random.ts";
import { Random } from "../support/cli-random-source.ts";
import { eachInFreshFolder } from "../support/fresh-folder.ts";
import { propertyRuns, propertySeed } from "../support/property-runs.ts";
import { fewWatches, losingInotify } from "../support/faulty-inotify.ts";
import { Client, expectSame, fill, residentDifference } from "../support/resident-search.ts";
import { TreeChanger } from "../support/tree-changes.ts";

const FIRST_SEED = propertySeed();
const { numRuns: TREES } = propertyRuns(6);
const STEPS_PER_TREE = 40;

const QUERIES: readonly (readonly string[])[] = [
  ["needle"],
  ["-i", "NEEDLE"],
  ["-l", "needle"],
  ["-c", "needle"],
  ["-n", "-C1", "needle"],
  ["--files-without-match", "needle"],
  ["-v", "-n", "needle"],
  ["-o", "-b", "n[a-z]+s?"],
  ["-w", "hay"],
  ["--hidden", "needle"],
  ["-u", "needle"],
  ["-uu", "-l", "needle"],
  ["-uuu", "-c", "needle"],
  ["-a", "-c", "needle"],
  ["-g", "*.txt", "needle"],
  ["-g", "!src/**", "needle"],
  ["-t", "rust", "needle"],
  ["--max-depth", "2", "needle"],
  ["--max-filesize", "100", "needle"],
  ["-L", "-l", "needle"],
  ["--no-ignore-parent", "-l", "needle"],
  ["-c", "--include-zero", "needle"],
  ["-m1", "needle"],
  ["--files"],
  ["--files", "--hidden"],
  ["--sort", "path", "-r", "needle", "needle", "src", "docs"],
  ["needle", "src"],
  ["-q", "needle"],
  ["^$"],
  ["-f", "patterns"],
];

let folder: string;
eachInFreshFolder("resident", (fresh) => (folder = fresh));

/** What the kernel does with the watches of a tree. */
const KERNELS = {
  "that tells everything": () => new Inotify(),
  "that loses events": (random: Random) => new Inotify(losingInotify(() => random.once(3))),
  "that gives few watches": () => new Inotify(fewWatches(3)),
};

describe.each(Object.entries(KERNELS))("trees that change, and a kernel %s", (name, open) => {
  const trees = name.includes("everything") ? TREES : Math.ceil(TREES / 3);
  it.each(Array.from({ length: trees }, (_, index) => FIRST_SEED + index))("seed %d", async (seed) => {
    const random = new Random(seed);
    const root = join(folder, "around", "tree");
    const outside = join(folder, "outside");
    mkdirSync(root, { recursive: true });
    mkdirSync(outside);
    const changer = new TreeChanger(root, outside, random);
    await using held = await ResidentTrees.open({ device: "cpu", threads: 2 }, { inotify: open(random) });
    const history: string[] = [];
    for (let step = 0; step < STEPS_PER_TREE; step++) {
      for (let count = 1 + random.below(random.once(6) ? 12 : 3); count > 0; count--)
        history.push(changer.step());
      for (let asked = 0; asked < 2; asked++) {
        const args = [...random.pick(QUERIES), "--sort", "path"];
        const found = await residentDifference(held, root, args);
        if (found !== undefined) throw new Error(`${history.join("\n")}\n${found}`);
      }
      if (random.once(2)) await held.settle();
    }
    expect(held.stats().fromMemory).toBeGreaterThan(0);
  });
});

const ASKED_PER_TREE = 60;

describe("random flags, answered from memory", () => {
  it.each(Array.from({ length: TREES }, (_, index) => FIRST_SEED + index))("seed %d", async (seed) => {
    const random = new Random(seed);
    const dir = randomTree(random);
    await using trees = await ResidentTrees.open({ device: "cpu", threads: 2 });
    await trees.load(dir.path, { hidden: true, noIgnoreDot: true, noIgnoreVcs: true });
    const client = new Client(dir.path);
    const differences: string[] = [];
    for (let count = 0; count < ASKED_PER_TREE; count++) {
      const args = randomArguments(random);
      if (args.includes("-")) continue; // standard input is the asking process's
      const found = describeDifference(args, await client.resident(trees, args), runRipgrep(dir.path, args));
      if (found !== undefined) differences.push(`${dir.path}: ${found}`);
    }
    expect(differences.join("\n\n")).toBe("");
    expect(trees.stats().fromMemory).toBeGreaterThan(0);
    dir.remove();
  });
});

/** Writes files that all have the word. */
/** The kernel and file systems count time in coarse steps; what is older than this can be told from what is new. */
const SETTLED_MS = 2_100;

it("tells what it cannot walk when ripgrep does: before a bad pattern only where all files come first", async () => {
  const root = join(folder, "tree");
  fill(root, 3, 10);
  symlinkSync("nowhere", join(root, "dead"));
  await using trees = await ResidentTrees.open({ device: "cpu", roots: [root] });
  for (const flags of [[], ["--sort=path"], ["--sortr=path"], ["--sort=modified"]])
    for (const pattern of ["needle", "("]) {
      const args = ["-j1", "-L", ...flags, "-e", pattern, "."];
      const { stderr } = await new Client(root).resident(trees, args);
      const theirs = runRipgrep(root, args).stderr;
      expect([stderr.includes("dead"), args]).toEqual([theirs.includes("dead"), args]);
      expect([stderr.includes("unclosed"), args]).toEqual([theirs.includes("unclosed"), args]);
    }
});

it("sees what changed in a directory that was not watched for a while", async () => {
  const root = join(folder, "tree");
  fill(join(root, ".sub"), 10, 10);
  fill(join(root, "other"), 10, 10);
  await using trees = await ResidentTrees.open({ device: "cpu", roots: [root] });
  await expectSame(trees, root, "-.c", "needle"); // so few files are loaded later
  chmodSync(join(root, ".sub"), 0o700); // another directory, as far as the watch can tell
  await expectSame(trees, root, "-c", "needle");
  await trees.settle();
  appendFileSync(join(root, ".sub", "3.txt"), "needle\n");
  await expectSame(trees, root, "-.c", "needle");
});

it("sees what changes in a directory that was made again while events were lost", async () => {
  const root = join(folder, "tree");
  fill(join(root, "sub"), 10, 10);
  fill(join(root, "other"), 30, 10);
  let isLost = false;
  const inotify = new Inotify(losingInotify(() => isLost));
  await using trees = await ResidentTrees.open({ device: "cpu", roots: [root] }, { inotify });
  await expectSame(trees, root, "-c", "needle");
  await trees.settle();
  isLost = true;
  rmSync(join(root, "sub"), { recursive: true });
  fill(join(root, "sub"), 10, 10); // most file systems give it the number of the one that is gone
  await expectSame(trees, root, "-c", "needle");
  isLost = false;
  await trees.settle();
  appendFileSync(join(root, "sub", "3.txt"), "needle\n");
  await expectSame(trees, root, "-c", "needle");
});

it("compares stamps where watches are refused or events were lost, and says so", async () => {
  const root = join(folder, "tree");
  for (const each of ["a", "b", "c", "d"]) fill(join(root, each), 10, 10);
  await sleep(SETTLED_MS);
  const reasons: string[] = [];
  let isLost = false;
  const kernels = { limit: fewWatches(2), overflow: losingInotify(() => isLost) };
  for (const [name, native] of Object.entries(kernels)) {
    const inotify = new Inotify(native);
    const onDegraded = (reason: string): void => void reasons.push(reason);
    await using trees = await ResidentTrees.open({ device: "cpu", roots: [root] }, { inotify, onDegraded });
    await expectSame(trees, root, "-c", "needle");
    expect(trees.stats().filesReadFromDisk, name).toBe(0); // memory is believed where stamps are the same
    isLost = true;
    writeFileSync(join(root, "d", "3.txt"), "hay\n");
    writeFileSync(join(root, "c", "new.txt"), "needle\n");
    rmSync(join(root, "b", "0.txt"));
    await expectSame(trees, root, "-c", "needle");
    isLost = false;
    await expectSame(trees, root, "-l", "needle");
    const { polledDirectories, overflows, filesReadFromDisk } = trees.stats();
    expect({ isPolled: polledDirectories > 0, hasOverflowed: overflows > 0 }).toEqual({
      isPolled: name === "limit",
      hasOverflowed: name === "overflow",
    });
    expect(filesReadFromDisk).toBeLessThan(10); // what did not change stays in memory
    fill(join(root, "b"), 10, 10);
    fill(join(root, "d"), 10, 10);
    rmSync(join(root, "c", "new.txt"));
    await sleep(SETTLED_MS);
  }
  expect(reasons).toEqual([
    expect.stringContaining("max_user_watches"),
    expect.stringContaining("max_queued_events"),
  ]);
});

it("lets the tree go that was used least recently", async () => {
  const [first, second] = [join(folder, "first"), join(folder, "second")];
  fill(first, 50, 4000);
  fill(second, 50, 4000);
  await using trees = await ResidentTrees.open({ device: "cpu", maxMemoryBytes: 300_000, roots: [first] });
  const held = trees.stats();
  expect(held.files).toBe(50);
  await trees.load(second);
  await expectSame(trees, second, "-c", "needle");
  expect(trees.stats().files).toBe(50);
  expect(trees.stats().memoryBytes).toBeLessThanOrEqual(300_000);
  expect(trees.stats().filesReadFromDisk).toBe(0);
  await expectSame(trees, first, "-c", "needle");
  await trees.settle();
  expect(trees.stats().memoryBytes).toBeLessThanOrEqual(300_000);
  expect(trees.stats().degraded).toEqual([]);
});

it("reads from disk what memory has no room for", async () => {
  const root = join(folder, "tree");
  fill(root, 50, 4000);
  const reasons: string[] = [];
  const options = { device: "cpu", maxMemoryBytes: 100_000, roots: [root] };
  await using trees = await ResidentTrees.open(options, { onDegraded: (reason) => reasons.push(reason) });
  expect(trees.stats().files).toBeGreaterThan(0);
  expect(trees.stats().memoryBytes).toBeLessThanOrEqual(100_000);
  expect(reasons).toEqual([expect.stringContaining("100000 bytes")]);
  await expectSame(trees, root, "-c", "needle");
  await trees.settle();
  expect(trees.stats().memoryBytes).toBeLessThanOrEqual(100_000);
});

it("answers from other directories, for a part of a tree, and by absolute paths", async () => {
  const root = join(folder, "tree");
  fill(join(root, "a"), 5, 10);
  fill(join(root, "b", "c"), 5, 10);
  await using trees = await ResidentTrees.open({ device: "cpu", roots: [root] });
  for (const cwd of [folder, root, join(root, "b")]) {
    await expectSame(trees, cwd, "-g", "c/1*", "needle");
    await expectSame(trees, cwd, "needle", root);
    await expectSame(trees, cwd, "needle", "tree", "b/c", "c", ".");
  }
  expect(trees.stats().files).toBe(10); // nothing was loaded twice
  expect(trees.stats().filesReadFromDisk).toBe(20); // of trees that were named twice in one search
});

it("notices a root that was deleted, replaced by a link, and moved away with what is around it", async () => {
  const root = join(folder, "around", "tree");
  fill(root, 5, 10);
  fill(join(folder, "other"), 7, 10);
  await using trees = await ResidentTrees.open({ device: "cpu", roots: [root] });
  const expectAll = async (): Promise<void> => {
    await expectSame(trees, folder, "-c", "needle", "around/tree");
    await expectSame(trees, folder, "-c", "needle", root);
    await expectSame(trees, folder, "-c", "needle");
    await trees.settle();
  };
  await expectAll();
  renameSync(join(folder, "around"), join(folder, "elsewhere"));
  await expectAll();
  fill(root, 3, 10);
  await expectAll();
  rmSync(root, { recursive: true });
  await expectAll();
  symlinkSync(join(folder, "other"), root);
  await expectAll();
  writeFileSync(join(folder, "other", "0.txt"), "hay\n");
  await expectAll();
});

it("sees what links lead to as it is now", async () => {
  const [root, other] = [join(folder, "tree"), join(folder, "other")];
  fill(root, 3, 10);
  fill(other, 3, 10);
  symlinkSync(join(other, "0.txt"), join(root, "link.txt"));
  symlinkSync(other, join(root, "folder"));
  symlinkSync("1.txt", join(root, "near.txt"));
  await using trees = await ResidentTrees.open({ device: "cpu", roots: [root] });
  const expectAll = async (): Promise<void> => {
    await expectSame(trees, root, "-L", "-c", "needle");
    await expectSame(trees, root, "-c", "needle");
    await trees.settle();
  };
  await expectAll();
  writeFileSync(join(other, "0.txt"), "needle\nneedle\n");
  writeFileSync(join(root, "1.txt"), "needle\nneedle\nneedle\n");
  await expectAll();
  renameSync(other, join(folder, "away"));
  await expectAll();
  fill(other, 2, 10);
  await expectAll();
  symlinkSync(join(folder, "away"), join(folder, "new"));
  renameSync(join(folder, "new"), join(root, "folder"));
  await expectAll();
});

it("joins what was loaded piece by piece, and reads nothing from disk afterwards", async () => {
  const root = join(folder, "tree");
  fill(root, 60, 100);
  await using trees = await ResidentTrees.open({ device: "cpu", roots: [root] });
  for (let round = 0; round < 12; round++) {
    for (let index = 0; index < 5; index++)
      writeFileSync(join(root, `${(round * 5 + index) % 60}.txt`), `needle of ${round}\n`);
    await expectSame(trees, root, "-c", "needle of");
    await trees.settle();
    const before = trees.stats().filesReadFromDisk;
    await expectSame(trees, root, "needle");
    expect(trees.stats().filesReadFromDisk).toBe(before);
    expect(trees.stats().corpora).toBeLessThanOrEqual(5);
    expect(trees.stats().files).toBe(60);
  }
});

it("does not search the file that the output goes to", async () => {
  const root = join(folder, "tree");
  fill(root, 5, 10);
  writeFileSync(join(root, "out.txt"), "needle of before\n");
  await using trees = await ResidentTrees.open({ device: "cpu", roots: [root] });
  const { dev, ino } = statSync(join(root, "out.txt"), { bigint: true });
  for (const args of [
    ["needle"],
    ["-c", "--include-zero", "needle"],
    ["--files-without-match", "hay"],
    ["--files"],
  ]) {
    const client = new Client(root, { device: dev, inode: ino });
    const sorted = [...args, "--sort", "path"];
    const resident = await client.resident(trees, sorted);
    expect(resident.stdout.toString()).toBe((await client.ordinary(sorted)).stdout.toString());
    expect(resident.stdout.includes("out.txt")).toBe(args[0] === "--files");
  }
});

it("leaves to the asking process what only that can do, and says nothing", async () => {
  await using trees = await ResidentTrees.open({ device: "cpu" });
  for (const args of [
    ["x", "-"],
    ["-f", "-"],
    ["--device", "gpu", "x"],
    ["--strategy", "batch", "x"],
  ])
    expect(await new Client(folder).resident(trees, args)).toEqual({
      code: -1,
      stdout: Buffer.alloc(0),
      stderr: "",
    });
});

it("tells errors of arguments as the command does, and ends where its signal says", async () => {
  fill(folder, 5, 10);
  await using trees = await ResidentTrees.open({ device: "cpu", roots: [folder] });
  for (const args of [["("], ["--no-such-flag"], ["-g", "[", "x"], [], ["x", "nowhere"]]) {
    const client = new Client(folder);
    const resident = await client.resident(trees, args);
    expect(resident).toEqual(await client.ordinary(args));
    expect(resident.code).toBe(2);
  }
  const aborted = await new Client(folder).resident(trees, ["needle"], AbortSignal.abort());
  expect(aborted).toMatchObject({
    code: 2,
    stdout: Buffer.alloc(0),
    stderr: expect.stringContaining("EW_ABORTED"),
  });
});
