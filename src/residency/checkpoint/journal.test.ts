import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Priority } from "../queue/priority.ts";
import { Journal } from "./journal.ts";

const IN_FLIGHT_MAX = 8;
const WORDS_MAX = 6;
const make = (keepsAnswered: boolean, maxBytes = 4 * IN_FLIGHT_MAX * (WORDS_MAX + 2) * 4): Journal =>
  new Journal({ maxBytes, maxInFlight: IN_FLIGHT_MAX, maxRequestWords: WORDS_MAX, keepsAnswered });

/** A journal with three unanswered requests: 1 and 2 in the normal priority, 3 in the urgent one. */
function withThree(): Journal {
  const journal = make(true);
  journal.published(0, Uint32Array.of(1), 1);
  journal.published(0, Uint32Array.of(2), 1);
  journal.published(1, Uint32Array.of(3), 1);
  return journal;
}

interface Model {
  priority: Priority;
  words: number[];
  ordinal?: number;
}

const steps = fc.array(
  fc.oneof(
    {
      weight: 5,
      arbitrary: fc.record({
        kind: fc.constant("publish" as const),
        priority: fc.constantFrom<Priority>(0, 1),
        words: fc.array(fc.nat(0xffff_ffff), { maxLength: WORDS_MAX }),
      }),
    },
    {
      weight: 4,
      arbitrary: fc.record({
        kind: fc.constant("answer" as const),
        priority: fc.constantFrom<Priority>(0, 1),
      }),
    },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant("cut" as const) }) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant("withdraw" as const) }) },
  ),
  { maxLength: 300 },
);

describe("Journal", () => {
  it.each([true, false])("agrees with a plain list (answered kept: %s)", (keepsAnswered) => {
    fc.assert(
      fc.property(steps, fc.nat(0xffff_ffff), (sequence, firstOrdinal) => {
        const journal = make(keepsAnswered);
        let records: Model[] = [];
        let ordinal = firstOrdinal; // any number, so that ordinals wrap in some runs
        const inFlight = (priority: Priority): Model[] =>
          records.filter((one) => one.priority === priority && one.ordinal === undefined);
        for (const step of sequence) {
          if (step.kind === "publish") {
            if (!journal.hasRoom || inFlight(step.priority).length === IN_FLIGHT_MAX) continue;
            journal.published(step.priority, Uint32Array.from([...step.words, 7, 7]), step.words.length);
            records.push({ priority: step.priority, words: step.words });
          } else if (step.kind === "answer") {
            const oldest = inFlight(step.priority)[0];
            if (oldest === undefined) continue;
            journal.answered(step.priority, ordinal);
            oldest.ordinal = ordinal;
            ordinal = (ordinal + 1) >>> 0;
          } else if (step.kind === "cut") {
            journal.cut();
            records = records.filter((one) => one.ordinal === undefined);
          } else {
            journal.withdrawInFlight();
            records = records.filter((one) => one.ordinal !== undefined);
          }
          if (!keepsAnswered) records = records.filter((one) => one.ordinal === undefined);
          const bytes = records.reduce((sum, one) => sum + (one.words.length + 2) * 4, 0);
          expect(journal.usedBytes).toBe(bytes);
          for (const priority of [0, 1] as const)
            expect(journal.answeredCount(priority)).toBe(
              records.filter((one) => one.priority === priority && one.ordinal !== undefined).length,
            );
          expect(journal.hasRoom).toBe(bytes + (WORDS_MAX + 2) * 4 <= journal.maxBytes);
        }
        for (const priority of [0, 1] as const) {
          expect(journal.inFlightCount(priority)).toBe(inFlight(priority).length);
          expect(journal.inFlight(priority).map((words) => [...words])).toEqual(
            inFlight(priority).map(({ words }) => words),
          );
        }
        const answered = records
          .filter((one) => one.ordinal !== undefined)
          .sort((a, b) => ((a.ordinal ?? 0) - (b.ordinal ?? 0)) | 0);
        expect(
          journal
            .replay()
            .map(({ priority, words, ordinal: at }) => ({ priority, words: [...words], ordinal: at })),
        ).toEqual(answered);
      }),
      { numRuns: 300 },
    );
  });

  it("replays in the order in which the kernel took requests, across the wrap of ordinals", () => {
    const journal = withThree();
    journal.answered(1, 0xffff_fffe);
    journal.answered(0, 0xffff_ffff);
    journal.answered(0, 0);
    expect(journal.replay().map(({ words }) => words[0])).toEqual([3, 1, 2]);
  });

  it("keeps the order within a priority if the ordinals of several workgroups contradict it", () => {
    const journal = withThree();
    journal.answered(0, 9);
    journal.answered(0, 4);
    journal.answered(1, 5);
    expect(journal.replay().map(({ words }) => words[0])).toEqual([3, 1, 2]);
  });

  it("works without limit beside a request that stays in flight, if answers are not kept", () => {
    const journal = make(false);
    journal.published(0, Uint32Array.of(42), 1); // the long job, at the beginning of the words
    for (let index = 0; index < 10_000; index++) {
      expect(journal.hasRoom).toBe(true);
      journal.published(1, Uint32Array.of(index, index, index), 3);
      journal.answered(1, index);
    }
    expect(journal.inFlight(0)).toEqual([Uint32Array.of(42)]);
    expect(journal.usedBytes).toBe(12);
  });

  it("never exceeds its limit, and reports early that it is filling", () => {
    const journal = make(true);
    let filledAt = 0;
    for (let index = 0; journal.hasRoom; index++) {
      journal.published(0, Uint32Array.of(1, 2, 3, 4, 5, 6), 6);
      journal.answered(0, index);
      if (filledAt === 0 && journal.isFilling) filledAt = journal.usedBytes;
    }
    expect(journal.usedBytes).toBe(journal.maxBytes);
    expect(filledAt / journal.maxBytes).toBeCloseTo(0.75, 1);
    journal.cut();
    expect([journal.usedBytes, journal.hasRoom, journal.isFilling]).toEqual([0, true, false]);
  });

  it("refuses a limit that is too small for the requests in flight", () => {
    expect(() => make(true, 100)).toThrow(expect.objectContaining({ code: "EW_BAD_ARGUMENT" }));
  });
});
