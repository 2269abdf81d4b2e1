import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { INODE_KIND } from "./linux.ts";
import type { TableImage } from "./image.ts";
import { PathTable } from "./table.ts";
import { TableHeader } from "./table.schema.ts";

const encode = (text: string): Uint8Array => new TextEncoder().encode(text);

/** A copy that sees a table only through its edits, like a device. */
class Mirror {
  readonly words: Uint32Array;
  constructor(image: TableImage) {
    this.words = new Uint32Array(image.words[TableHeader.END_AT]);
  }
  apply(image: TableImage, runs: Uint32Array): void {
    for (let index = 0; index < runs.length; index += 2)
      this.words.set(image.words.subarray(runs[index], runs[index + 1]), runs[index]);
  }
}

const name = fc.oneof(
  fc.constantFrom("a", "b", "ab", "abcd", "abcdefgh", "abcdefghi", "x".repeat(255)),
  fc.string({ minLength: 1, maxLength: 40 }),
);
const step = fc.record({
  isUnlink: fc.integer({ min: 0, max: 3 }).map((number) => number === 0),
  parent: fc.integer({ min: 1, max: 5 }),
  name,
  inode: fc.integer({ min: 1, max: 1000 }),
});

describe("PathTable", () => {
  it("maps (parent, name) to inode with any hash, and so does its mirror", () => {
    fc.assert(
      fc.property(
        fc.array(step, { maxLength: 300 }),
        fc.constantFrom(0, 1, 3, 0xff, 0xffff_ffff),
        fc.integer({ min: 0, max: 0xffff_ffff }),
        (steps, hashMask, hashSeed) => {
          const table = new PathTable({ maxEntries: 2000, hashMask, hashSeed });
          const mirror = new Mirror(table);
          const model = new Map<string, number>();
          for (const [index, { isUnlink, parent, name: text, inode }] of steps.entries()) {
            const bytes = encode(text).subarray(0, 255);
            const key = `${parent}/${Buffer.from(bytes).toString("latin1")}`;
            if (isUnlink) expect(table.unlink(parent, bytes)).toBe(model.delete(key));
            else {
              table.link(parent, inode, INODE_KIND.file, bytes);
              model.set(key, inode * 4 + INODE_KIND.file);
            }
            if (index % 7 === 0) mirror.apply(table, table.takeEdits().runs);
          }
          mirror.apply(table, table.takeEdits().runs);
          expect(table.stats().entryCount).toBe(model.size);
          for (const { parent, name: text } of steps) {
            const bytes = encode(text).subarray(0, 255);
            const key = `${parent}/${Buffer.from(bytes).toString("latin1")}`;
            expect(table.find(parent, bytes)).toBe(model.get(key) ?? 0);
          }
          expect(Buffer.compare(Buffer.from(mirror.words.buffer), imageBytes(table))).toBe(0);
        },
      ),
      { numRuns: 60 },
    );
  });

  it("keeps targets and parents, and frees their room", () => {
    const table = new PathTable({ maxEntries: 100 });
    table.setDirectory(1, 1);
    table.setSymlink(2, encode("../elsewhere"));
    table.setFile(3);
    expect([1, 2, 3, 4].map((inode) => table.kindOf(inode))).toEqual([2, 3, 1, 0]);
    expect(table.parentOf(1)).toBe(1);
    expect(new TextDecoder().decode(table.targetOf(2))).toBe("../elsewhere");
    const used = table.stats().usedBytes;
    for (let round = 0; round < 1000; round++) table.setSymlink(2, encode(`target ${round % 10}`));
    expect(new TextDecoder().decode(table.targetOf(2))).toBe("target 9");
    expect(table.stats().usedBytes - used).toBeLessThan(1000);
    expect(table.stats().nameBytes).toBe("target 9".length);
  });

  it("uses the buckets again that became free", () => {
    const table = new PathTable({ maxEntries: 100, hashMask: 0, hashSeed: 1 }); // one hash: one chain of buckets
    const names = Array.from({ length: 20 }, (_, index) => encode(`name ${index}`));
    const counts = new Set<number>();
    for (let round = 0; round < 50; round++) {
      for (const [index, bytes] of names.entries()) table.link(1, index + 2, INODE_KIND.file, bytes);
      counts.add(table.stats().overflowBucketCount);
      for (const bytes of names) expect(table.unlink(1, bytes)).toBe(true);
    }
    expect(counts.size).toBe(1);
    expect(table.stats().entryCount).toBe(0);
  });

  it("fails before it changes anything if it is full, and works again after removals", () => {
    const table = new PathTable({ maxEntries: 1, hashSeed: 1 });
    const names: Uint8Array[] = [];
    let failure: unknown;
    for (let index = 0; failure === undefined && index < 1_000_000; index++) {
      const bytes = encode(`${index}`.padEnd(255, "-"));
      try {
        table.link(1, 1, INODE_KIND.file, bytes);
        names.push(bytes);
      } catch (error) {
        failure = error;
      }
    }
    expect(failure).toMatchObject({ code: "EW_PATHS_FULL" });
    expect(table.stats().entryCount).toBe(names.length);
    for (const bytes of names) expect(table.find(1, bytes)).toBe(1 * 4 + INODE_KIND.file);
    expect(table.unlink(1, names[0])).toBe(true);
    table.link(1, 2, INODE_KIND.file, names[0]);
    expect(table.find(1, names[0])).toBe(2 * 4 + INODE_KIND.file);
  });

  it("can be restored from its saved regions", () => {
    const table = new PathTable({ maxEntries: 5000 });
    table.setDirectory(1, 1);
    for (let index = 2; index < 4000; index++) {
      table.setFile(index);
      table.link(1, index, INODE_KIND.file, encode(`entry ${index}`));
    }
    const saved = table.regions().map(({ begin, end }) => table.words.slice(begin, end));
    const restored = PathTable.restore(saved[0], { maxEntries: 50_000 }, refuse);
    const regions = saved.slice(1);
    for (const into of restored.contents)
      if (into.length > 0) into.set(new Uint8Array(regions.shift()!.buffer));
    const copy = restored.accept();
    expect(regions).toEqual([]);
    expect(copy.stats()).toEqual(table.stats());
    for (let index = 2; index < 4000; index++)
      expect(copy.find(1, encode(`entry ${index}`))).toBe(index * 4 + INODE_KIND.file);
  });
});

const refuse = (what: string): never => {
  throw new Error(what);
};

function imageBytes(table: PathTable): Buffer {
  const { words } = table;
  return Buffer.from(words.buffer, 0, words[TableHeader.END_AT] * 4);
}
