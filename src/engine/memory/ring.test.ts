import { expect, test } from "vitest";
import { NO_ROOM, Ring } from "./ring.ts";

test("pieces follow each other, are never split at the end, and are released in order", () => {
  const ring = new Ring(10);
  expect(ring.place(4)).toBe(0);
  const first = ring.take(4);
  expect(ring.place(4)).toBe(4);
  const second = ring.take(4);
  expect(ring.place(3)).toBe(NO_ROOM); // 2 are left at the end, and none in front
  expect(ring.place(2)).toBe(8);
  ring.release(first);
  expect(ring.place(3)).toBe(0); // the 2 at the end are skipped
  const third = ring.take(3);
  expect(ring.place(2)).toBe(NO_ROOM);
  expect(ring.place(1)).toBe(3);
  ring.release(second);
  expect(ring.place(5)).toBe(3);
  ring.release(third);
  expect(ring.place(10)).toBe(0); // an empty ring starts at 0 again
  expect(ring.place(11)).toBe(NO_ROOM);
});
