/**
 * Compares the tree and its lookups on the host with Linux: the same changes and the same paths on a real directory,
 * through `node:fs`. test/device/paths-against-node.test.ts does the same on a device.
 *
 * A failure prints its seed. EVERWARP_PROPERTY_SEED=<seed> makes the trees of that seed, EVERWARP_PROPERTY_SEED=new
 * others in each run. EVERWARP_PROPERTY_RUNS=20000 makes more trees than the default of 250.
 */
import fc from "fast-check";
import { afterAll, describe, expect, it } from "vitest";
import {
  bulk,
  certainChanges,
  certainLookups,
  change,
  expectDeepAlike,
  Ground,
  lookedUp,
} from "../../../test/support/path-grounds.ts";
import { propertyRuns } from "../../../test/support/property-runs.ts";
import { HostBackend } from "./host-backend.ts";

const RUNS = 250;
const runs = propertyRuns(RUNS);
const ground = new Ground();
afterAll(() => ground[Symbol.dispose]());

describe("the tree, compared with Linux", () => {
  it("answers every change and every lookup like node:fs, in generated trees", async () => {
    const said = new Set<string>();
    await fc.assert(
      fc.asyncProperty(
        fc.oneof({ weight: 5, arbitrary: fc.constant([]) }, { weight: 1, arbitrary: bulk }),
        fc.array(change, { minLength: 10, maxLength: 60 }),
        fc.array(lookedUp, { minLength: 30, maxLength: 60 }),
        fc.constantFrom(0xffff_ffff, 0, 3),
        fc.nat(),
        async (first, changes, paths, hashMask, number) => {
          const pair = ground.pair(hashMask);
          const host = new HostBackend(pair.table, { threads: 0 });
          for (const it of [...certainChanges, ...first, ...changes]) said.add(pair.changeAlike(it));
          const directories = pair.directories();
          const from = directories[number % directories.length];
          const asks = [host.lookup.bind(host)];
          const all = [...certainLookups, ...paths, ...changes.map(({ to }) => to)];
          for (const key of await pair.lookUpAlike(all, asks)) said.add(key);
          for (const key of await pair.lookUpAlike(all.slice(0, 25), asks, from))
            said.add(`${key} elsewhere`);
          pair.remove();
        },
      ),
      runs,
    );
    if (runs.numRuns < RUNS) return;
    // Every kind of operation occurred.
    for (const key of ["mkdir done", "rename done", "link done", "rmdir done", "unlink done", "symlink done"])
      expect([key, said.has(key)]).toEqual([key, true]);
    for (const code of ["ENOENT", "ENOTDIR", "EEXIST", "ELOOP", "ENAMETOOLONG"])
      expect([code, [...said].some((key) => key.includes(code))]).toEqual([code, true]);
    for (const code of ["done", "ENOENT", "ENOTDIR"]) expect(said).toContain(`lookup ${code} elsewhere`);
  }, 3_600_000);

  it("answers like node:fs below directories that are deeper than the longest path", async () => {
    const pair = ground.pair();
    const host = new HostBackend(pair.table, { threads: 0 });
    await expectDeepAlike(pair, [host.lookup.bind(host)]);
    pair.removeDeep();
  });
});
