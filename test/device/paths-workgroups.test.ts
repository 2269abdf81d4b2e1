/**
 * Many requests in flight before several workgroups, each of which takes them in batches of its own: who resolves which
 * path must follow from the request alone.
 *
 * A software driver keeps as many workgroups as it has threads, less one, so this process asks for some, however few
 * cores there are.
 */
process.env["LP_NUM_THREADS"] = "4";

import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, it, type TestContext } from "vitest";
import { EverwarpError } from "../../src/base/errors.ts";
import type { StrategyName } from "../../src/residency/strategies/strategy-name.ts";
import { ROOT_INODE } from "../../src/paths/table/linux.ts";
import { PathTable } from "../../src/paths/table/table.ts";
import { PathTree } from "../../src/paths/tree/tree.ts";
import { lookupReference, referenceOf } from "../../src/paths/reference/index.ts";
import { inPieces, PathDevice } from "../support/path-device.ts";
import { packed } from "../support/path-worlds.ts";
import { watchValidation } from "../support/vulkan.ts";

watchValidation();

const SIZES = [1, 7, 1, 1, 3, 40, 1, 2, 130, 1, 5, 1, 1, 64, 1, 11];

/** A small tree, and texts with their answers. */
function ground() {
  const table = new PathTable({ maxEntries: 4000 });
  const tree = new PathTree(table);
  const texts: string[] = [];
  for (let outer = 0; outer < 12; outer++) {
    tree.addDirectories(Buffer.from(`/directory ${outer}/inner`), ROOT_INODE);
    for (let file = 0; file < 60; file++) {
      const text = `/directory ${outer}/inner/file ${file}.ts`;
      tree.addFile(Buffer.from(text), ROOT_INODE);
      texts.push(text, `${text}x`);
    }
  }
  const reference = referenceOf(tree);
  return { table, texts, expected: texts.map((text) => lookupReference(reference, Buffer.from(text))) };
}

it("resolves every path of every request, in whatever batches the workgroups take them", async () => {
  const { table, texts, expected } = ground();
  await using device = await PathDevice.open({ shape: { residentWorkgroupCount: 3 } });
  await device.show(table);
  const look = inPieces((paths, options) => device.lookup(paths, options), SIZES);
  for (let round = 0; round < 40; round++) expect([...(await look(packed(texts), {}))]).toEqual(expected);
});

describe.each(["persistent", "leased", "continuous"] as const)("single paths, kernel kept %s", (strategy) => {
  it("are answered across every end and beginning of a launch", async (context) => {
    const { table, texts, expected } = ground();
    await using device = await openOrSkip(context, strategy);
    await device.show(table);
    for (let round = 0; round < 60; round++) {
      for (let index = round; index < texts.length; index += 37) {
        const [inode] = await device.lookup(packed([texts[index]!]));
        expect(inode, texts[index]).toBe(expected[index]);
      }
      if (round % 3 === 0) await sleep(round % 10); // now and then long enough for the kernel to park
    }
    // More than there are slots, so that each was taken again behind others that no workgroup was waited for.
    expect((60 * texts.length) / 37).toBeGreaterThan(2 * 256);
  });
});

async function openOrSkip(context: TestContext, strategy: StrategyName): Promise<PathDevice> {
  try {
    return await PathDevice.open({ strategy, parkAfterMs: 3, shape: { residentWorkgroupCount: 3 } });
  } catch (error) {
    if (!(error instanceof EverwarpError) || error.code !== "EW_STRATEGY_UNSUPPORTED") throw error;
    return context.skip(error.message);
  }
}
