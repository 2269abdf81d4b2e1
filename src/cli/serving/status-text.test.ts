import { expect, it } from "vitest";
import type { ResidentTreesStats } from "../../daemon/index.ts";
import { statusText } from "./status-text.ts";

it("says what a daemon holds and has done, in words", () => {
  const service: ResidentTreesStats = {
    trees: ["/home/me/project/src"],
    files: 1008,
    memoryBytes: 5 * 2 ** 20,
    corpora: 1,
    listings: 1,
    watches: 129,
    polledDirectories: 2,
    overflows: 1,
    fromMemory: 7,
    fromDisk: 3,
    filesReadFromDisk: 12,
    degraded: ["too many files to watch"],
  };
  const report = {
    version: "1.2.3",
    protocol: 1,
    processId: 42,
    startedAt: "2026-11-30T20:00:00.000Z",
    trees: ["/home/me/project", "/srv"],
    searches: { answered: 10, declined: 4, cancelled: 5, failed: 6, running: 8 },
    connections: 1,
    residentBytes: 95 * 2 ** 20,
    idleMinutes: 30,
    service,
  };
  expect(statusText(report).split("\n")).toEqual([
    "everwarp 1.2.3, process 42, since 2026-11-30T20:00:00.000Z",
    "tree        /home/me/project",
    "tree        /srv",
    "memory      95 MiB, of which texts take 5 MiB",
    "loaded      1008 files, below what was searched:",
    "            /home/me/project/src",
    "changes     129 folders watched, 2 compared with the disk, 1 time too many at once",
    "searches    10 answered, 4 left to their clients, 5 called off, 6 failed, 8 running",
    "            7 from memory, for which 12 files were read, and 3 from disk",
    "slow        too many files to watch",
    "ends        after 30 minutes without a search",
    "",
  ]);
});
