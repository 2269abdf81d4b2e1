/** Records of a match as they may come, and what is made of them. */
import fc from "fast-check";
import { expect, it } from "vitest";
import { propertyRuns } from "../../../test/support/property-runs.ts";
import { MatchHits } from "./match-hits.ts";
import { MatchRecord } from "./scan.schema.ts";

const SHARE_BYTES = 64;
const SEGMENT_BYTES = 2 ** 32;

interface Hit {
  readonly offset: number;
  readonly length: number;
}

/** Files one behind another, each with lines of 16 bytes; hits anywhere in their text. */
const files = fc.array(
  fc.record({
    length: fc.nat(200),
    isMarked: fc.boolean(),
    startsSegment: fc.boolean(),
    hits: fc.uniqueArray(fc.record({ offset: fc.nat(220), length: fc.nat(3) }), {
      selector: ({ offset }) => offset,
      maxLength: 8,
    }),
    undecided: fc.uniqueArray(fc.nat(12), { maxLength: 2 }),
  }),
  { minLength: 1, maxLength: 12 },
);

it("makes hits of records, whatever order shares come in", () => {
  fc.assert(
    fc.property(files, fc.infiniteStream(fc.nat(1000)), fc.nat(3), (made, weights, cuts) => {
      const order = made.map((_, index) => [weights.next().value as number, index] as const);
      order.sort(([a], [b]) => a - b); // where they lie in memory
      const map = { start: [] as number[], file: [] as number[], firstRank: [] as number[] };
      const shares = new Map<number, number[][]>();
      const hits: (Hit & { file: number })[] = [];
      const undecided: number[][] = [];
      let at = 0;
      let segment = 0;
      for (const [, file] of order) {
        const { length, isMarked, startsSegment, hits: wanted, undecided: lines } = made[file]!;
        if (startsSegment) {
          segment++;
          at = 0;
        }
        const start = segment * SEGMENT_BYTES + at;
        map.start.push(start);
        map.file.push(file);
        map.firstRank.push(at / 16);
        if (isMarked && length > 3) undecided.push([file, 1, 3]);
        const leaves = new Set(lines);
        const records: { offset: number; third: number }[] = lines.map((line) => ({
          offset: line * 16,
          third: MatchRecord.UNDECIDED << MatchRecord.COLUMN_BITS,
        }));
        for (const line of lines)
          if (line * 16 < length && !(isMarked && line === 0)) undecided.push([file, line + 1, line * 16]);
        for (const hit of wanted) {
          const line = Math.floor(hit.offset / 16);
          if (leaves.has(line)) continue;
          records.push({
            offset: hit.offset,
            third: (hit.offset % 16) | (hit.length << MatchRecord.COLUMN_BITS),
          });
          if (hit.offset < length && !(isMarked && line === 0)) hits.push({ ...hit, file });
        }
        for (const { offset, third } of records.sort((a, b) => a.offset - b.offset)) {
          const lineStart = at + offset - (offset % 16);
          const share = segment * 2 ** 20 + Math.floor(lineStart / SHARE_BYTES);
          const record = [at + offset, lineStart / 16, third, segment];
          shares.set(share, [...(shares.get(share) ?? []), record]);
        }
        at += (Math.max(length, 224) + 16) & ~15;
      }
      const shuffled = [...shares.values()].map(
        (records) => [weights.next().value as number, records] as const,
      );
      shuffled.sort(([a], [b]) => a - b);
      const words = shuffled.map(([, records]) => Uint32Array.from(records.flat()));
      const first = words.splice(0, cuts);
      const parts = [...first, Uint32Array.from(words.flatMap((part) => [...part]))];

      const found = new MatchHits(
        parts,
        {
          map: {
            start: Float64Array.from(map.start),
            file: Uint32Array.from(map.file),
            firstRank: Uint32Array.from(map.firstRank),
          },
          placement: { length: Uint32Array.from(made, ({ length }) => length) },
          markedFiles: Uint32Array.from(made.flatMap(({ isMarked }, file) => (isMarked ? [file] : []))),
        },
        SHARE_BYTES,
        false,
      );
      hits.sort((a, b) => a.file - b.file || a.offset - b.offset);
      const { line, column } = found.locate();
      const rows = Array.from({ length: found.count }, (_, index) => [
        found.file[index],
        found.offset[index],
        found.length[index],
        line[index],
        column[index],
        found.literal[index],
      ]);
      expect(rows).toEqual(
        hits.map(({ file, offset, length }) => [
          file,
          offset,
          length,
          Math.floor(offset / 16) + 1,
          (offset % 16) + 1,
          0,
        ]),
      );
      undecided.sort((a, b) => a[0]! - b[0]! || a[1]! - b[1]!);
      const told = found.undecided;
      expect(
        Array.from({ length: told.count }, (_, index) => [
          told.file[index],
          told.line[index],
          told.offset[index],
        ]),
      ).toEqual(undecided);
    }),
    propertyRuns(200),
  );
});
