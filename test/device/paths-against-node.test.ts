/**
 * Lookups on a device against the kernel of Linux: the same names in a real directory, through `node:fs`. Hundreds of
 * small namespaces follow each other on one device. The same on the host is src/paths/host/against-node.test.ts.
 *
 * A failure tells its seed. EVERWARP_PROPERTY_SEED=<seed> makes the trees of that seed, EVERWARP_PROPERTY_SEED=new
 * others in each run. EVERWARP_PROPERTY_RUNS=5000 makes more trees than the 100 by default, in each way that the
 * kernel works.
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
} from "../support/path-grounds.ts";
import { inPieces, PathDevice } from "../support/path-device.ts";
import { propertyRuns } from "../support/property-runs.ts";
import { watchValidation } from "../support/vulkan.ts";

watchValidation();
const RUNS = 100;
const runs = propertyRuns(RUNS);
const ground = new Ground();
afterAll(() => ground[Symbol.dispose]());

describe.each([
  ["a lane resolves a path", { togetherPathsMax: 0 }],
  ["a subgroup resolves a path", { togetherPathsMax: 1 << 20 }],
])("the lookup kernel against that of Linux, where %s", (_, shape) => {
  it("answers as node:fs does, in generated trees", { timeout: 3_600_000 }, async ({ skip }) => {
    const said = new Set<string>();
    await using device = await PathDevice.open({ shape });
    skip(
      shape.togetherPathsMax > 0 && device.backend.profile.loopLimit !== undefined,
      "where loops are limited, the kernel is never laid out so: subgroups do not count their rounds",
    );
    const whole = device.lookup.bind(device);
    const pieces = inPieces(whole, [1, 1, 2, 1, 7]);
    await fc.assert(
      fc.asyncProperty(
        fc.oneof({ weight: 5, arbitrary: fc.constant([]) }, { weight: 1, arbitrary: bulk }),
        fc.array(change, { minLength: 10, maxLength: 60 }),
        fc.array(lookedUp, { minLength: 10, maxLength: 40 }),
        fc.constantFrom(0xffff_ffff, 0, 3),
        fc.nat(),
        async (first, changes, more, hashMask, number) => {
          const paths = [...certainLookups, ...more];
          const pair = ground.pair(hashMask);
          for (const it of [...certainChanges, ...first, ...changes]) pair.changeAlike(it);
          await device.show(pair.table);
          const directories = pair.directories();
          const from = directories[number % directories.length];
          for (const key of await pair.lookUpAlike(paths, [whole, pieces])) said.add(key);
          for (const key of await pair.lookUpAlike(paths.slice(0, 10), [whole, pieces], from))
            said.add(`${key} elsewhere`);
          pair.remove();
        },
      ),
      runs,
    );
    if (runs.numRuns < RUNS) return;
    // Nothing of what this is for was left out.
    for (const code of ["done", "ENOENT", "ENOTDIR", "ELOOP", "ENAMETOOLONG"])
      expect(said).toContain(`lookup ${code}`);
    for (const code of ["done", "ENOENT"]) expect(said).toContain(`lookup ${code} elsewhere`);
  });

  it("answers as node:fs does where directories lie deeper than the longest path", async ({ skip }) => {
    await using device = await PathDevice.open({ shape });
    skip(
      shape.togetherPathsMax > 0 && device.backend.profile.loopLimit !== undefined,
      "where loops are limited, the kernel is never laid out so: subgroups do not count their rounds",
    );
    const pair = ground.pair();
    await device.show(pair.table);
    const whole = async (...[paths, options]: Parameters<PathDevice["lookup"]>): Promise<Int32Array> => {
      await device.follow(pair.table);
      return device.lookup(paths, options);
    };
    await expectDeepAlike(pair, [whole, inPieces(whole, [1, 1, 1, 3])]);
    pair.removeDeep();
  });
});
