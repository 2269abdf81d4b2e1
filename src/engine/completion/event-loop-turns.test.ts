/** Who waits for a turn of the event loop, and in which order the waiting callers continue. */
import { expect, it } from "vitest";
import { nowMs, SLICE_MS } from "../../base/index.ts";
import { EventLoopTurns } from "./event-loop-turns.ts";

/** Answers for longer than a slice, without a turn of the loop. */
function useUpSlice(turns: EventLoopTurns): Promise<void> {
  const beginMs = nowMs();
  for (;;) {
    const overdue = turns.overdue();
    if (overdue !== undefined) return overdue;
    // Fails only if the clock stands still.
    if (nowMs() - beginMs > 1_000 * SLICE_MS) throw new Error("a slice never ends");
  }
}

it("the first answers of a turn come at once, later ones wait for the next turn", async () => {
  const turns = new EventLoopTurns();
  expect(turns.overdue()).toBeUndefined();
  expect(turns.overdue()).toBeUndefined();
  let hasTurned = false;
  setImmediate(() => (hasTurned = true));
  await useUpSlice(turns);
  await new Promise(setImmediate);
  expect(hasTurned).toBe(true);
  expect(turns.overdue()).toBeUndefined();
});

it("waiting callers continue together: the first cannot use up the next slice before the second", async () => {
  const turns = new EventLoopTurns();
  const order: string[] = [];
  const greedy = useUpSlice(turns).then(async () => {
    // One microtask at a time, like a program that makes one change after the other.
    while (turns.overdue() === undefined) await Promise.resolve();
    order.push("first, a slice later");
  });
  const modest = useUpSlice(turns).then(() => order.push("second"));
  await Promise.all([greedy, modest]);
  expect(order).toEqual(["second", "first, a slice later"]);
});
