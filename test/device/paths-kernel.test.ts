/**
 * The lookup kernel against its slow reference, through the device backend: random namespaces and paths, forced hash
 * collisions, symlinks in every
 * place, batches of every size, changes between lookups.
 */
import fc from "fast-check";
import { afterEach, describe, expect, it } from "vitest";
import { injectFaults } from "../../src/base/faults.ts";
import { ERRNO, ROOT_INODE } from "../../src/paths/table/linux.ts";
import type { TableEdits } from "../../src/paths/table/image.ts";
import { DeviceBackend, type DeviceBackendOptions } from "../../src/paths/gpu/device-backend.ts";
import { build, makings, packed, path, PathWorld } from "../support/path-worlds.ts";
import { isValidated, testDeviceInfo, watchValidation } from "../support/vulkan.ts";

watchValidation();

let backend: DeviceBackend | undefined;

afterEach(async () => {
  await backend?.close();
  backend = undefined;
});

async function open(world: PathWorld, options: DeviceBackendOptions = {}): Promise<DeviceBackend> {
  await backend?.close();
  backend = await DeviceBackend.open(world.table, {
    select: testDeviceInfo().index,
    validation: isValidated,
    ...options,
  });
  world.table.takeEdits();
  return backend;
}

describe("the lookup kernel", () => {
  it("finds what the reference finds", async () => {
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

  it("follows forty symlinks and no more, one behind the other and one inside the other", async () => {
    const world = build([]);
    world.addFile(ROOT_INODE, "end");
    const sub = world.addDirectory(ROOT_INODE, "d");
    world.addFile(sub, "inner");
    world.addSymlink(ROOT_INODE, "chain0", "end");
    world.addSymlink(ROOT_INODE, "nested0", "d");
    for (let index = 1; index <= 45; index++) {
      world.addSymlink(
        ROOT_INODE,
        `chain${index}`,
        index % 2 === 0 ? `chain${index - 1}` : `/chain${index - 1}`,
      );
      world.addSymlink(ROOT_INODE, `nested${index}`, `nested${index - 1}/./../d`);
    }
    const device = await open(world);
    const paths = ["chain", "nested"].flatMap((kind) =>
      Array.from({ length: 46 }, (_, index) => [
        `/${kind}${index}`,
        `${kind}${index}/inner`,
        `${kind}${index}//`,
      ]).flat(),
    );
    for (const followSymlinks of [true, false]) {
      const results = await device.lookup(packed(paths), { followSymlinks });
      expect([...results]).toEqual(paths.map((text) => world.expected(text, { followSymlinks })));
    }
    expect(world.expected("/chain39")).toBeGreaterThan(0);
    expect(world.expected("/chain40")).toBe(-ERRNO.ELOOP);
  });

  it("answers batches of every size, in pieces where they are large, in every way to be launched", async () => {
    const world = build([]);
    const directories = [ROOT_INODE];
    for (let index = 0; index < 2000; index++) {
      const parent = directories[index % directories.length];
      if (index % 5 === 0) directories.push(world.addDirectory(parent, `directory ${index}`));
      else world.addFile(parent, `file ${index}.ts`);
    }
    const paths: string[] = [];
    const walk = (inode: number, prefix: string): void => {
      for (const [name, child] of world.entriesOf(inode)) {
        paths.push(`${prefix}/${name}`, `${prefix}/${name}/`, `${prefix}/${name}.missing`);
        if (world.nodes.get(child)?.kind === "directory") walk(child, `${prefix}/${name}`);
      }
    };
    walk(ROOT_INODE, "");
    paths.push("y".repeat(100_000), "", "a\0b");
    const expected = paths.map((text) => world.expected(text));
    for (const strategy of ["auto", "batch", "dispatch"] as const) {
      const device = await open(world, {
        strategy,
        shape: { chunkPaths: 97, chunkBytes: 3000, inputBytes: 16 << 10, resultCount: 256 },
      });
      for (const count of [0, 1, 2, 3, 31, 32, 33, 100, 257, paths.length]) {
        const results = await device.lookup(
          packed(paths.slice(-count || paths.length, paths.length).slice(0, count)),
        );
        expect([...results]).toEqual(count === 0 ? [] : expected.slice(-count));
      }
      const all = await Promise.all(paths.slice(0, 300).map((text) => device.lookup(packed([text]))));
      expect(all.map(([result]) => result)).toEqual(expected.slice(0, 300));
      using kept = device.keep(packed(paths, 5));
      expect([...(await device.lookupKept(kept))]).toEqual(expected);
    }
  });

  it("shows every lookup all of a change or nothing of it, also while directories move to and fro", async () => {
    const world = build([]);
    const left = world.addDirectory(ROOT_INODE, "left");
    const right = world.addDirectory(ROOT_INODE, "right");
    const moving = world.addDirectory(left, "moving");
    const inner = world.addDirectory(moving, "inner");
    const file = world.addFile(inner, "file");
    const device = await open(world);
    // In every state of the namespace exactly one of the first two is there, and the third leads back through the
    // parent.
    const paths = [
      "/left/moving/inner/file",
      "/right/moving/inner/file",
      "/left/moving/..",
      "/right/moving/..",
    ];
    const states = new Set<string>([
      [file, -ERRNO.ENOENT, left, -ERRNO.ENOENT].join(),
      [-ERRNO.ENOENT, file, -ERRNO.ENOENT, right].join(),
    ]);
    let isOver = false;
    let lookups = 0;
    const look = async (): Promise<void> => {
      while (!isOver) {
        const results = await device.lookup(packed(Array.from({ length: 25 }, () => paths).flat()));
        // One request may be split between two states only at its chunks' borders; this one is a single chunk.
        for (let at = 0; at < results.length; at += 4)
          expect(states).toContain(results.slice(at, at + 4).join());
        lookups++;
        await new Promise(setImmediate);
      }
    };
    const readers = [look(), look(), look()];
    let names = 0;
    const begin = performance.now();
    // Some seconds, and on a busy machine as long as it takes for something to have happened.
    for (let turn = 0; performance.now() - begin < 3000 || lookups <= 10 || names <= 400; turn++) {
      const [from, to] = turn % 2 === 0 ? [left, right] : [right, left];
      world.rename(from, "moving", to, "moving");
      for (let index = 0; index < 40; index++) world.addFile(ROOT_INODE, `new ${names++}`); // the table grows meanwhile
      await device.apply(world.table.takeEdits());
      const seen = await device.lookup(
        packed([`/${to === right ? "right" : "left"}/moving/inner/file`, `/new ${names - 1}`]),
      );
      expect([...seen]).toEqual([file, world.expected(`/new ${names - 1}`)]);
      if (names > 15_000 && lookups > 10) break;
    }
    isOver = true;
    await Promise.all(readers);
    expect(lookups).toBeGreaterThan(10);
    expect(names).toBeGreaterThan(400);
  });

  it.each([
    ["0", 0, 500],
    ["1", 1, 1000],
    ["0xf", 0xf, 2500],
    ["all", 0xffff_ffff, 12_000],
  ])(
    "finds entries in chains of any length while the table grows, where bits %s of the hash count",
    async (_, hashMask, count) => {
      const world = build([], { hashMask, hashSeed: 3 });
      const device = await open(world);
      const directory = world.addDirectory(ROOT_INODE, "d");
      const waits: Promise<void>[] = [];
      const step = Math.ceil(count / 40);
      const entry = (at: number): string => (at % 3 === 0 ? `/entry ${at}` : `/d/entry ${at}`);
      for (let first = 0; first < count; first += step) {
        for (let at = first; at < first + step; at++)
          world.addFile(at % 3 === 0 ? ROOT_INODE : directory, `entry ${at}`);
        // Some go again, from the middle of their chains.
        for (let at = first; at < first + step; at += 7)
          world.remove(at % 3 === 0 ? ROOT_INODE : directory, `entry ${at}`);
        waits.push(device.apply(world.table.takeEdits()));
        const paths = Array.from({ length: 60 }, (_unused, at) => entry((at * 37) % (first + step)));
        paths.push("/entry", "/d/entry 1000000", entry(first + step - 1), `${entry(first)}/`);
        const expected = paths.map((text) => world.expected(text));
        // Behind the change, in the queue; the next ones are asked for before this is answered.
        for (const texts of [paths, paths.slice(-3), paths.slice(-1)])
          waits.push(
            device
              .lookup(packed(texts))
              .then((found) =>
                expect(texts.map((text, at) => [text, found[at]])).toEqual(
                  texts.map((text, at) => [text, expected.slice(-texts.length)[at]]),
                ),
              ),
          );
        if ((first / step) % 4 === 3) await Promise.all(waits.splice(0));
      }
      await Promise.all(waits);
      const all = Array.from({ length: count }, (_unused, at) => entry(at));
      expect([...(await device.lookup(packed(all)))]).toEqual(all.map((text) => world.expected(text)));
      expect(world.table.stats().overflowBucketCount).toBeGreaterThan(hashMask <= 0xf ? count / 10 : 0);
    },
  );

  it("takes changes that are made while others are being written, in their order", async () => {
    const world = build([]);
    const device = await open(world);
    const waits: Promise<unknown>[] = [];
    for (let index = 0; index < 500; index++) {
      const inode = world.addFile(ROOT_INODE, `entry ${index}`);
      waits.push(device.apply(world.table.takeEdits()));
      waits.push(
        device
          .lookup(packed([`/entry ${index}`, `/entry ${index + 1}`]))
          .then(([found]) => expect(found).toBe(inode)),
      );
    }
    await Promise.all(waits);
  });

  it("refuses offsets that are out of order or lead out of the bytes, wherever they are, and harms nobody else", async () => {
    const world = build([]);
    world.addFile(ROOT_INODE, "end");
    const device = await open(world, { shape: { chunkPaths: 50, resultCount: 1024 } });
    const paths = Array.from({ length: 200 }, () => "/end");
    const good = packed(paths);
    const wanted = paths.map((text) => world.expected(text));
    for (const [index, offset] of [
      [0, 5], // behind the next
      [1, 0xffff_fff0],
      [49, 3],
      [50, 0], // the last of a chunk: the chunk itself would have no length
      [77, 4 * 200 + 1], // one byte beyond
      [100, 0x8000_0000],
      [150, 4 * 150 + 9],
      [200, 4 * 200 + 1],
      [200, 0],
    ] as const) {
      const offsets = good.offsets.slice();
      offsets[index] = offset;
      const [bad, other] = await Promise.allSettled([
        device.lookup({ bytes: good.bytes, offsets }),
        device.lookup(good),
      ]);
      expect(bad, `offset ${index} is ${offset}`).toMatchObject({ reason: { code: "EW_BAD_ARGUMENT" } });
      expect(other.status === "fulfilled" && [...other.value]).toEqual(wanted);
    }
    await expect(device.lookup({ bytes: good.bytes, offsets: new Uint32Array(0) })).rejects.toMatchObject({
      code: "EW_BAD_ARGUMENT",
    });
  });

  it("gives every caller an answer or an error when the device is lost in mid-batch", async () => {
    const world = build([]);
    for (let index = 0; index < 100; index++) world.addFile(ROOT_INODE, `f${index}`);
    const device = await open(world, { strategy: "dispatch" });
    const paths = Array.from({ length: 100 }, (_, index) => `/f${index}`);
    const expected = paths.map((text) => world.expected(text));
    {
      using _fault = injectFaults("device-lost@submit:5");
      const calls = Array.from({ length: 12 }, () => device.lookup(packed(paths)));
      const change = device.apply({ runs: Uint32Array.from([0, 16]) });
      const outcomes = await Promise.allSettled([...calls, change]);
      let answered = 0;
      for (const outcome of outcomes.slice(0, 12)) {
        if (outcome.status === "fulfilled") {
          expect([...(outcome.value as Int32Array)]).toEqual(expected);
          answered++;
        } else expect(outcome.reason).toMatchObject({ code: "EW_DEVICE_LOST" });
      }
      expect(answered).toBeLessThan(12);
      expect(outcomes[12]).toMatchObject({ status: "rejected", reason: { code: "EW_DEVICE_LOST" } });
    }
    await expect(device.lookup(packed(["/f1"]))).rejects.toMatchObject({ code: "EW_DEVICE_LOST" });
    await expect(device.apply({ runs: Uint32Array.from([0, 16]) })).rejects.toMatchObject({
      code: "EW_DEVICE_LOST",
    });
  });

  it("ends what is in flight with EW_CLOSED when it is closed", async () => {
    const world = build([]);
    const device = await open(world);
    const many = packed(Array.from({ length: 20_000 }, () => "/a/b/c"));
    const outcomes = Promise.allSettled([
      device.lookup(many),
      device.lookup(many),
      device.apply({ runs: Uint32Array.from([0, 16]) }),
    ]);
    await device.close();
    for (const outcome of await outcomes)
      expect(outcome).toMatchObject({ status: "rejected", reason: { code: "EW_CLOSED" } });
    await expect(device.lookup(packed(["/"]))).rejects.toMatchObject({ code: "EW_CLOSED" });
  });
});

/** Puts another namespace in the place of the one that the backend mirrors. */
async function replace(device: DeviceBackend, world: PathWorld, made: PathWorld): Promise<void> {
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
