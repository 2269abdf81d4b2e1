/**
 * The lookup kernel against its slow twin, through the device backend: random namespaces and paths, forced hash collisions, symlinks in every
 * place, batches of every size, changes between lookups.
 */
import fc from "fast-check";
import { afterEach, describe, expect, it } from "vitest";
import { ROOT_INODE, type TableEdits } from "../../src/paths/contracts.ts";
import { DevicePathsBackend, type DevicePathsOptions } from "../../src/paths/gpu/device-backend.ts";
import { build, makings, packed, path, PathWorld } from "../support/path-worlds.ts";
import { isValidated, testDeviceInfo, watchValidation } from "../support/vulkan.ts";

watchValidation();

let backend: DevicePathsBackend | undefined;

afterEach(async () => {
  await backend?.close();
  backend = undefined;
});

async function open(world: PathWorld, options: DevicePathsOptions = {}): Promise<DevicePathsBackend> {
  await backend?.close();
  backend = await DevicePathsBackend.open(world.table, {
    select: testDeviceInfo().index,
    validation: isValidated,
    ...options,
  });
  world.table.takeEdits();
  return backend;
}

describe("the lookup kernel", () => {
  it("finds what the twin finds", { timeout: 120_000 }, async () => {
    const world = build([]);
    const device = await open(world);
    await fc.assert(
      fc.asyncProperty(
        makings,
        fc.array(path, { minLength: 1, maxLength: 40 }),
        fc.constantFrom(0, 1, 0xff, 0xffff_ffff),
        fc.boolean(),
        fc.nat(),
        fc.integer({ min: 0, max: 20 }),
        async (steps, paths, hashMask, followSymlinks, start, gap) => {
          const made = build(steps, { hashMask, hashSeed: 7 });
          await replace(device, world, made);
          const directory = start % (made.nodes.size + 3);
          const options = { directory: directory === 0 ? ROOT_INODE : directory, followSymlinks };
          const results = await device.lookup(packed(paths, gap), options);
          expect([...results]).toEqual(paths.map((text) => made.expected(text, options)));
        },
      ),
      { numRuns: 60 },
    );
  });
});

/** Puts another namespace in the place of the one that the backend mirrors. */
async function replace(device: DevicePathsBackend, world: PathWorld, made: PathWorld): Promise<void> {
  const { words } = world.table;
  const runs: number[] = [];
  for (const { begin, end } of world.table.regions()) {
    words.fill(0, begin, end);
    runs.push(begin, end);
  }
  const edits: TableEdits[] = [{ runs: Uint32Array.from(runs) }];
  const again: number[] = [];
  for (const { begin, end } of made.table.regions()) {
    words.set(made.table.words.subarray(begin, end), begin);
    again.push(begin, end);
  }
  edits.push({ runs: Uint32Array.from(again) });
  await Promise.all(edits.map((edit) => device.apply(edit)));
}
