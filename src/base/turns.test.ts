import { expect, test } from "vitest";
import { Turns } from "./turns.ts";

test("so many work at a time, the others in their order, and an error gives the turn on", async () => {
  const turns = new Turns(2);
  const begun: number[] = [];
  const ends: (() => void)[] = [];
  const works = [0, 1, 2, 3].map((index) =>
    turns.take(async () => {
      begun.push(index);
      await new Promise<void>((resolve) => ends.push(resolve));
      if (index === 0) throw new Error("broken");
      return index;
    }),
  );
  const settled = Promise.allSettled(works);
  expect([begun, turns.taken, turns.waiting]).toEqual([[0, 1], 2, 2]);
  ends[0]!();
  await expect(works[0]).rejects.toThrow("broken");
  await new Promise(setImmediate);
  expect([begun, turns.taken, turns.waiting]).toEqual([[0, 1, 2], 2, 1]);
  for (const index of [1, 2, 3]) {
    ends[index]!();
    await works[index];
    await new Promise(setImmediate);
  }
  expect([begun, turns.taken, turns.waiting]).toEqual([[0, 1, 2, 3], 0, 0]);
  expect((await settled).map(({ status }) => status)).toEqual([
    "rejected",
    "fulfilled",
    "fulfilled",
    "fulfilled",
  ]);
});
