/** What trees in memory find out at which moment: changes between searches, other names of files, and mounts. */
import { execFileSync, spawnSync } from "node:child_process";
import { appendFileSync, linkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { expect, it } from "vitest";
import { ResidentTrees } from "../../src/daemon/index.ts";
import { Inotify, nativeInotify } from "../../src/daemon/watch/index.ts";
import { eachInFreshFolder } from "../support/fresh-folder.ts";
import { Client, expectSame, fill } from "../support/resident-search.ts";

let folder: string;
eachInFreshFolder("moments", (fresh) => (folder = fresh));

it("looks once for searches of one moment, and again for one that came after a look", async () => {
  const root = join(folder, "tree");
  fill(root, 30, 10);
  const native = nativeInotify();
  let looks = 0;
  const read = (descriptor: number, into: Buffer): number => {
    looks++;
    return native.read(descriptor, into);
  };
  const inotify = new Inotify({ ...native, read });
  await using trees = await ResidentTrees.open({ device: "cpu", roots: [root] }, { inotify });
  const args = ["-l", "needle of later"];
  const ask = async (): Promise<string> => (await new Client(root).resident(trees, args)).stdout.toString();
  await ask();
  looks = 0;
  const together = Array.from({ length: 10 }, ask);
  writeFileSync(join(root, "a.txt"), "needle of later\n"); // they were asked, and nothing of them was answered
  await Promise.resolve();
  const first = ask();
  expect(looks).toBe(0);
  await new Promise(setImmediate);
  // The first ones have looked, and have not ended.
  const looksTogether = looks;
  writeFileSync(join(root, "b.txt"), "needle of later\n");
  const second = ask();
  expect(await first).toBe("a.txt\n");
  expect((await second).split("\n").toSorted()).toEqual(["", "a.txt", "b.txt"]);
  await Promise.all(together);
  expect(looksTogether).toBeGreaterThan(0);
  expect(looksTogether).toBeLessThan(10); // a timer of its own may have drained the queue, too
});

it("finds names that files get elsewhere, and then every change by such a name", async () => {
  const root = join(folder, "tree");
  fill(root, 40, 10);
  await using trees = await ResidentTrees.open({ device: "cpu", roots: [root] });
  const outside = join(folder, "outside");
  linkSync(join(root, "7.txt"), outside);
  while (trees.stats().files === 40) await sleep(10); // the test's time limit ends this
  appendFileSync(outside, "needle by another name\n");
  await expectSame(trees, root, "-c", "needle");
  await trees.settle();
  expect(trees.stats().files).toBe(40); // it has a watch of its own
  const { filesReadFromDisk } = trees.stats();
  await expectSame(trees, root, "-c", "needle");
  expect(trees.stats().filesReadFromDisk).toBe(filesReadFromDisk);
  appendFileSync(outside, "needle once more\n");
  await expectSame(trees, root, "-c", "needle");
});

it("heeds the rules of a repository whose path is not UTF-8, as git does", async () => {
  const script =
    "d=$(printf 'r\\xff'); git init -q $d; cd $d; echo needle > a; git add a; " +
    "git -c user.name=e -c user.email=e@e commit -qm x; echo b > .git/info/exclude; git worktree add -q ../tree; " +
    "cd ../tree; echo needle | tee b c";
  execFileSync("/bin/bash", ["-c", script], { cwd: folder, stdio: "ignore" });
  const root = join(folder, "tree");
  await using trees = await ResidentTrees.open({ device: "cpu", roots: [root] });
  const ask = async (): Promise<string> =>
    (await new Client(root).resident(trees, ["-l", "--sort", "path", "needle"])).stdout.toString();
  expect(await ask()).toBe("a\nc\n");
  execFileSync("/bin/bash", ["-c", "echo c >> r*/.git/info/exclude"], { cwd: folder });
  expect(await ask()).toBe("a\n");
});

it("sees what is mounted over a folder, and what is below it afterwards", async (context) => {
  const root = join(folder, "tree");
  const over = join(root, "sub");
  fill(root, 5, 10);
  fill(over, 5, 10);
  await using trees = await ResidentTrees.open({ device: "cpu", roots: [root] });
  await expectSame(trees, root, "-c", "needle");
  const { status } = spawnSync("mount", ["-t", "tmpfs", "none", over], { stdio: "ignore" });
  if (status !== 0) context.skip("only root may mount");
  try {
    await expectSame(trees, root, "-c", "needle");
    writeFileSync(join(over, "new.txt"), "needle\n");
    await expectSame(trees, root, "-c", "needle");
  } finally {
    spawnSync("umount", ["--lazy", over]);
  }
  await expectSame(trees, root, "-c", "needle");
});
