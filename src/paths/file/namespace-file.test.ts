import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, describe, expect, it } from "vitest";
import { propertyRuns } from "../../../test/support/property-runs.ts";
import { writeSealedFile } from "../../../test/support/sealed-file.ts";
import { ENTRY_DAMAGES } from "../../../test/support/table-entry-damages.ts";
import {
  encode,
  exercise,
  Ground,
  listed,
  MAX_ENTRIES,
  newTree,
  sectionsOf,
  trees,
} from "../../../test/support/table-grounds.ts";
import { TREE_DAMAGES } from "../../../test/support/table-tree-damages.ts";
import { EverwarpError } from "../../base/errors.ts";
import { saveCheckpoint } from "../../residency/checkpoint/checkpoint-file.ts";
import type { About } from "../../storage/sealed-format.ts";
import { ROOT_INODE } from "../table/linux.ts";
import { regionAt, type Region, REGIONS, usedWords } from "../table/shape.ts";
import { PathTable } from "../table/table.ts";
import { Table, TableHeader as H } from "../table/table.schema.ts";
import { PathTree } from "../tree/tree.ts";
import { loadNamespaceFile, saveNamespaceFile } from "./namespace-file.ts";

const folder = mkdtempSync(join(tmpdir(), "everwarp-namespace-file-"));
afterAll(() => rmSync(folder, { recursive: true }));
const file = join(folder, "file");

const ABOUT: About = { holds: "namespace", tableVersion: Table.VERSION };

/** Writes the regions of a table unchanged, with correct checksums. */
function write(words: Uint32Array, about = ABOUT): void {
  writeSealedFile(file, about, new Map(sectionsOf(words)));
}

const load = (): Promise<PathTable> => loadNamespaceFile(file, { maxEntries: MAX_ENTRIES });

/** Loads the file. Gives a table, or the code and the text of the error. */
async function outcome(): Promise<PathTable | string> {
  return load().catch((error: unknown) => {
    if (!(error instanceof EverwarpError)) throw error;
    return `${error.code} ${error.message}`;
  });
}

describe("a namespace file", () => {
  it("restores every namespace exactly", async () => {
    await fc.assert(
      fc.asyncProperty(trees, async (tree) => {
        write(tree.table.words);
        const loaded = await load();
        expect(loaded.stats()).toEqual(tree.table.stats());
        expect(listed(new PathTree(loaded))).toEqual(listed(tree));
        exercise(await load());
      }),
      propertyRuns(30),
    );
  });

  it("has only the header of a namespace, and files of version 0.1.0 are accepted", async () => {
    const tree = newTree(1);
    tree.addDirectories(encode("/src/lib"));
    await saveNamespaceFile(file, tree.table);
    expect(listed(new PathTree(await load()))).toEqual(["directory /src ", "directory /src/lib "]);
    write(tree.table.words, {
      identity: {
        deviceKey: "any",
        driverKey: "any",
        kernelKey: "everwarp path namespace",
        layoutHash: `path table ${Table.VERSION}`,
      },
      progress: { iterations: 0, phase: "stopped", sequences: [], taken: 0, workgroupCount: 0 },
    });
    expect(listed(new PathTree(await load()))).toEqual(["directory /src ", "directory /src/lib "]);
    write(tree.table.words, { ...ABOUT, tableVersion: Table.VERSION + 1 });
    expect(await outcome()).toMatch(/^EW_NAMESPACE_OUTDATED/);
    for (const about of [
      {},
      { holds: 5 },
      { holds: "soup" },
      { identity: null },
      { identity: { kernelKey: "x" } },
    ]) {
      write(tree.table.words, about);
      expect(await outcome()).toMatch(/^EW_NAMESPACE_CORRUPTED/);
    }
  });

  it("is distinguished from a checkpoint", async () => {
    const identity = { deviceKey: "d", driverKey: "d", kernelKey: "k", layoutHash: "l" };
    const progress = { iterations: 0, phase: "parked", sequences: [], taken: 0, workgroupCount: 1 };
    await saveCheckpoint(file, { identity, progress, sections: new Map() });
    expect(await outcome()).toMatch(/^EW_NAMESPACE_CORRUPTED .*checkpoint of a kernel/);
  });

  it("takes only the address space that its content needs, whatever its header says about regions", async () => {
    const tree = newTree(1);
    tree.addFile(encode("/file"));
    const words = tree.table.words.slice();
    const thirtyMillion = new PathTable({ maxEntries: 30_000_000 }).words;
    for (let word = H.INODES_AT; word <= H.END_AT; word++) words[word] = thirtyMillion[word];
    const sections = new Map(sectionsOf(tree.table.words));
    sections.set("header", new Uint8Array(words.slice(0, H.WORDS).buffer));
    writeSealedFile(file, ABOUT, sections);
    const loaded = await load();
    expect(loaded.words.length).toBe(new PathTable({ maxEntries: MAX_ENTRIES }).words.length);
  });
});

describe("a namespace file with correct checksums and hostile content", () => {
  it.each([...ENTRY_DAMAGES, ...TREE_DAMAGES])("is refused: %s", async (_what, damage, why) => {
    const ground = new Ground();
    write(ground.words);
    exercise(await load());
    damage(ground.words, ground);
    write(ground.words);
    expect(await loadNamespaceFile(file, {}).catch((error: unknown) => error)).toMatchObject({
      code: "EW_NAMESPACE_CORRUPTED",
      message: expect.stringMatching(why),
    });
  });

  it("is refused for a chain that is too long to be chance, in proportional time", async () => {
    // All names have the same hash: the last four bytes cancel the effect of the earlier ones.
    const ground = newTree(0);
    const { words } = ground.table;
    for (let count = 0; count < 400; count++) {
      const name = collidingName(words[H.HASH_SEED], count);
      if (!name.includes(0) && !name.includes(0x2f)) ground.addFileIn(ROOT_INODE, name);
    }
    expect(ground.entryCount).toBeGreaterThan(330);
    write(words);
    expect(await outcome()).toMatch(/^EW_NAMESPACE_CORRUPTED .*more than 64 buckets/);
  });

  it("is refused with a header of 20 words, or regions that are missing, too short or too many", async () => {
    const { words } = new Ground();
    const sections = sectionsOf(words);
    const variants: [string, Uint8Array][][] = [
      [["header", sections[0]![1].subarray(0, 80)], ...sections.slice(1)],
      [["header", new Uint8Array(0)], ...sections.slice(1)],
      [["header", new Uint8Array(80)]],
      [],
      sections.slice(1),
      sections.slice(0, -1),
      [...sections.slice(1), sections[0]!],
      [...sections, ["one more", new Uint8Array(64)]],
      sections.map(([name, bytes]) => [name, name === "region 2" ? bytes.subarray(64) : bytes]),
      sections.map(([name, bytes]) => [name, name === "region 4" ? new Uint8Array(bytes.length + 1) : bytes]),
    ];
    for (const variant of variants) {
      writeSealedFile(file, ABOUT, new Map(variant));
      expect(await outcome()).toMatch(/^EW_NAMESPACE_CORRUPTED/);
    }
  });

  const interesting = fc.constantFrom(0, 1, 2, 3, 4, 5, 255, 256, 0x7fff_ffff, 0x8000_0000, 0xffff_ffff);
  const place = fc.record({
    region: fc.constantFrom<Region | "free lists">(...REGIONS, "buckets", "overflow", "names", "free lists"),
    word: fc.nat(),
    from: fc.nat(),
    how: fc.constantFrom("value", "plus", "minus", "bit", "copy", "swap", "copy bucket", "zero"),
    value: interesting,
    bit: fc.nat(31),
  });
  it("with any changed words is refused, or is a valid namespace", async () => {
    let refused = 0;
    let accepted = 0;
    await fc.assert(
      fc.asyncProperty(trees, fc.array(place, { minLength: 1, maxLength: 4 }), async (tree, places) => {
        const words = tree.table.words.slice();
        for (const { region, word, from, how, value, bit } of places) {
          const isLists = region === "free lists";
          const begin = isLists ? H.FREE_LISTS : regionAt(tree.table.words, region);
          // Of the header, only the first words are in use.
          const count = isLists ? 258 : region === "header" ? 19 : usedWords(tree.table.words, region);
          if (count === 0) continue;
          const at = begin + (word % count);
          const other = begin + (from % count);
          if (how === "value") words[at] = value;
          else if (how === "zero") words[at] = 0;
          else if (how === "plus") words[at]++;
          else if (how === "minus") words[at]--;
          else if (how === "bit") words[at] ^= 1 << bit;
          else if (how === "copy") words[at] = words[other];
          else if (how === "swap") [words[at], words[other]] = [words[other], words[at]];
          else words.copyWithin(at - (at % 16), other - (other % 16), other - (other % 16) + 16);
        }
        // Section sizes follow the changed header, or stay unchanged.
        const sections = new Map(sectionsOf(tree.table.words));
        const lying = words.slice(0, H.WORDS);
        for (const [index, [name, bytes]] of [...sections].entries()) {
          const region =
            name === "header"
              ? "header"
              : REGIONS.filter((each) => usedWords(tree.table.words, each) > 0)[index]!;
          const begin = regionAt(tree.table.words, region);
          const told = Math.min(usedWords(lying, region) * 4, 1 << 20);
          const length = places[0]!.word % 2 === 0 && told > 0 ? told : bytes.length;
          sections.set(name, new Uint8Array(words.slice(begin, begin + Math.ceil(length / 4)).buffer));
        }
        writeSealedFile(file, ABOUT, sections);
        const found = await outcome();
        if (typeof found === "string") {
          refused++;
          expect(found).toMatch(/^EW_NAMESPACE_CORRUPTED|^EW_NAMESPACE_OUTDATED|^EW_BAD_ARGUMENT maxEntries/);
        } else {
          accepted++;
          exercise(found);
        }
      }),
      propertyRuns(100),
    );
    // The generator reaches both outcomes.
    expect([refused > 0, accepted > 0]).toEqual([true, true]);
  });
});

/**
 * A name of 8 bytes. All names of the same `count` have the same hash: the second word starts so that it cancels the
 * first.
 */
function collidingName(seed: number, count: number): Uint8Array {
  const first = (0x4141_4141 + count * 0x0001_0101) | 0;
  let state = Math.imul(seed ^ first, 0x85eb_ca77);
  state ^= state >>> 15;
  const second = state ^ 0x4242_4242;
  return new Uint8Array(Int32Array.of(first, second).buffer);
}
