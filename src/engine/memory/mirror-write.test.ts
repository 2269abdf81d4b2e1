import fc from "fast-check";
import { expect, test } from "vitest";
import { propertyRuns } from "../../../test/support/property-runs.ts";
import { MirrorWrite, type WordSpan } from "./mirror-write.ts";

const PAGE_WORDS = 1024;

/** Lists of runs: ascending, disjoint, with multiples of 4. */
const changes = fc.array(
  fc
    .array(fc.tuple(fc.integer({ min: 1, max: 300 }), fc.integer({ min: 1, max: 8000 })), {
      minLength: 1,
      maxLength: 5,
    })
    .map((steps) => {
      let at = 0;
      return Uint32Array.from(steps.flatMap(([gap, length]) => [(at += 4 * gap), (at += 4 * length)]));
    }),
  { minLength: 1, maxLength: 4 },
);

test("sends every word of every run once and in order, within pages and the size of a request", () => {
  fc.assert(
    fc.property(
      changes,
      fc.integer({ min: 32, max: 100_000 }),
      fc.func(fc.boolean()),
      (lists, maxBytes, hasRoom) => {
        const write = new MirrorWrite(PAGE_WORDS);
        let ended = 0;
        let mostBytes = 0;
        for (const runs of lists) write.add(runs, { resolve: () => ended++, reject: () => undefined });
        const sent: WordSpan[] = [];
        for (let round = 0; !write.isSent; round++)
          write.take(maxBytes, (spans) => {
            const bytes = spans.reduce((sum, { begin, end }) => sum + 16 + 4 * (end - begin), 0);
            mostBytes = Math.max(mostBytes, bytes);
            if (round < 100 && !hasRoom(round)) return false;
            sent.push(...spans);
            return true;
          });
        expect(mostBytes).toBeLessThanOrEqual(maxBytes);
        const isInPage = ({ begin, end }: WordSpan): boolean =>
          begin < end && Math.floor(begin / PAGE_WORDS) === Math.floor((end - 1) / PAGE_WORDS);
        expect(sent.filter((span) => !isInPage(span))).toEqual([]);
        // As text: there are many, and only where they differ must it be told how.
        const words = (spans: readonly WordSpan[]): string =>
          spans
            .flatMap(({ begin, end }) => Array.from({ length: (end - begin) / 4 }, (_, at) => begin + 4 * at))
            .join(" ");
        const wanted = lists.flatMap((runs) =>
          Array.from({ length: runs.length / 2 }, (_, at) => ({
            begin: runs[2 * at]!,
            end: runs[2 * at + 1]!,
          })),
        );
        expect(words(sent)).toBe(words(wanted));
        write.resolve();
        expect(ended).toBe(lists.length);
      },
    ),
    propertyRuns(30),
  );
});
