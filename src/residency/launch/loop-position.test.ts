import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  copyPosition,
  decodePosition,
  encodePosition,
  isBetweenRequests,
  isSplit,
  loopRegions,
  type LoopPosition,
  positionFrom,
  regionBytes,
  withdraw,
} from "./loop-position.ts";

const SLOTS = 8;

/** The expected device memory of a kernel, computed from what each workgroup has done. */
interface Reference {
  answered: [number, number];
  /** By priority and workgroup: the number of finished unanswered requests. The minimum in each priority is 0. */
  ahead: [number[], number[]];
  progress: [bigint[], bigint[]];
}
const priority = (workgroups: number): fc.Arbitrary<number[]> =>
  fc
    .array(fc.nat(4), { minLength: workgroups, maxLength: workgroups })
    .map((counts) => counts.map((count) => count - Math.min(...counts)));
const long = fc.bigInt({ min: 0n, max: 2n ** 64n - 1n });
const references: fc.Arbitrary<Reference> = fc.integer({ min: 1, max: 4 }).chain((workgroups) =>
  fc.record({
    answered: fc.tuple(fc.nat(0xffff_ffff), fc.nat(0xffff_ffff)),
    ahead: fc.tuple(priority(workgroups), priority(workgroups)),
    progress: fc.tuple(
      fc.array(long, { minLength: workgroups, maxLength: workgroups }),
      fc.array(long, { minLength: workgroups, maxLength: workgroups }),
    ),
  }),
);
/** The number of workgroups that have finished the unanswered request `index`. */
const arrivalsAt = (ahead: number[], index: number): bigint =>
  BigInt(ahead.filter((count) => count > index).length);

function deviceBytes({ answered, ahead, progress }: Reference): Uint8Array[] {
  const counters = new BigUint64Array(2 * SLOTS);
  for (const which of [0, 1] as const)
    for (let index = 0; index < SLOTS; index++)
      counters[which * SLOTS + ((answered[which] + 1 + index) & (SLOTS - 1))] = arrivalsAt(
        ahead[which],
        index,
      );
  const done = ([0, 1] as const).map((which) =>
    Uint32Array.from(ahead[which], (count) => answered[which] + count),
  );
  const words = [
    new BigUint64Array(6),
    ...done,
    new Uint32Array(ahead[0].length).fill(77),
    ...progress.map((of) => BigUint64Array.from(of)),
    counters,
  ];
  return words.map((of) => new Uint8Array(of.buffer));
}
const positionOf = (reference: Reference): LoopPosition =>
  positionFrom(deviceBytes(reference), reference.ahead[0].length, SLOTS);

describe("a position", () => {
  it("does not depend on the queue's numbers, and fits a queue that begins at 1", () => {
    fc.assert(
      fc.property(references, (reference) => {
        const position = positionOf(reference);
        const workgroups = reference.ahead[0].length;
        expect(position).toEqual(positionOf({ ...reference, answered: [0, 0] }));
        expect(regionBytes(position, workgroups, SLOTS)).toEqual(
          deviceBytes({ ...reference, answered: [0, 0] }),
        );
        expect(deviceBytes(reference).map(({ length }) => length)).toEqual(
          loopRegions(workgroups, SLOTS).map(({ sizeBytes }) => sizeBytes),
        );
      }),
    );
  });

  it("is the same after encoding and decoding", () => {
    fc.assert(
      fc.property(references, (reference) => {
        const position = positionOf(reference);
        const bytes = encodePosition(position);
        expect(decodePosition(bytes)).toEqual(position);
        for (const damaged of [
          bytes.subarray(0, -1),
          bytes.subarray(0, 4),
          new Uint8Array([...bytes, 0]),
          new Uint8Array(8),
        ])
          expect(() => decodePosition(damaged)).toThrow(
            expect.objectContaining({ code: "EW_CHECKPOINT_CORRUPTED" }),
          );
      }),
    );
  });

  it("keeps all other requests when one is withdrawn", () => {
    fc.assert(
      fc.property(
        references,
        fc.constantFrom(0 as const, 1 as const),
        fc.nat(5),
        (reference, which, index) => {
          const position = copyPosition(positionOf(reference));
          withdraw(position, which, index);
          // For each workgroup: the finished requests by their old index, without the withdrawn one.
          const left = reference.ahead[which].map((count) =>
            Array.from({ length: count }, (_, place) => place).filter((place) => place !== index),
          );
          expect([...position.priorities[which].ahead]).toEqual(left.map(({ length }) => length));
          expect([...position.priorities[which].progress]).toEqual(
            reference.progress[which].map((value, workgroup) =>
              reference.ahead[which][workgroup] === index ? 0n : value,
            ),
          );
          const places = Array.from({ length: SLOTS }, (_, place) => place).filter(
            (place) => place !== index,
          );
          expect([...position.priorities[which].arrivals]).toEqual(
            [...places.map((place) => arrivalsAt(reference.ahead[which], place)), 0n].slice(0, SLOTS),
          );
          expect(position.priorities[1 - which]).toEqual(positionOf(reference).priorities[1 - which]);
        },
      ),
    );
  });

  it("between requests fits any number of workgroups; in the middle of a request only the original number", () => {
    const still = positionOf({
      answered: [5, 9],
      ahead: [
        [0, 0],
        [0, 0],
      ],
      progress: [
        [0n, 0n],
        [0n, 0n],
      ],
    });
    expect([isBetweenRequests(still), isSplit(still)]).toEqual([true, false]);
    expect(regionBytes(still, 3, SLOTS).map(({ length }) => length)).toEqual(
      loopRegions(3, SLOTS).map(({ sizeBytes }) => sizeBytes),
    );
    const suspended = positionOf({
      answered: [5, 9],
      ahead: [
        [0, 0],
        [0, 0],
      ],
      progress: [
        [7n, 7n],
        [0n, 0n],
      ],
    });
    expect([isBetweenRequests(suspended), isSplit(suspended)]).toEqual([false, false]);
    expect(() => regionBytes(suspended, 3, SLOTS)).toThrow(
      expect.objectContaining({ code: "EW_BAD_ARGUMENT" }),
    );
    const split = positionOf({
      answered: [5, 9],
      ahead: [
        [3, 0],
        [0, 0],
      ],
      progress: [
        [0n, 0n],
        [0n, 0n],
      ],
    });
    expect(isSplit(split)).toBe(true);
    expect(() => regionBytes(split, 2, 2)).toThrow(expect.objectContaining({ code: "EW_BAD_ARGUMENT" }));
  });
});
