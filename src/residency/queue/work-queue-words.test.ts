/** The words that the host writes to slots, and the words that it reads from completions. */
import { expect, it } from "vitest";
import { EverwarpError } from "../../base/index.ts";
import { Queue } from "./queue.schema.ts";
import { sealMix, sealNumberAt } from "./seal.ts";
import { PAYLOAD_WORDS_MAX, WorkQueue } from "./work-queue.ts";

const SLOT_WORDS = Queue.SLOT_VECTORS * 4;

function queueOf(capacity = 4, vectors = 1) {
  const slots = new Uint32Array(capacity * SLOT_WORDS);
  const completions = new Uint32Array(capacity * vectors * 4);
  const queue = new WorkQueue(slots, completions);
  /** Writes the vectors one by one, as a kernel does. */
  const answer = (sequence: number, ...contents: [number, number, number][]): void => {
    const base = (sequence & (capacity - 1)) * vectors * 4;
    for (const [index, [x, y, z]] of contents.entries())
      completions.set([x, y, z, sequence + sealMix(x, y, z)], base + index * 4);
  };
  return { queue, slots, answer };
}

it("a payload fills the sealed vectors first, and then plain words", () => {
  for (const count of [0, 1, 2, 3, 11, 12, 13, 14, PAYLOAD_WORDS_MAX]) {
    const { queue, slots } = queueOf();
    const payload = Uint32Array.from({ length: PAYLOAD_WORDS_MAX }, (_, index) => 0x1000_0001 * (index + 1));
    const { sequence } = queue.submit(payload, count);
    const base = (sequence & 3) * SLOT_WORDS;
    const slot = slots.subarray(base, base + SLOT_WORDS);
    const header = [0, 1, 2, 3].flatMap((vector) => {
      expect(sealNumberAt(slot, vector * 4)).toBe(sequence);
      return [...slot.subarray(vector * 4, vector * 4 + 3)];
    });
    const given = [...payload.subarray(0, count)];
    expect(header).toEqual([...given.slice(0, 12), ...Array.from({ length: 12 }, () => 0)].slice(0, 12));
    expect([...slot.subarray(16, 16 + Math.max(0, count - 12))]).toEqual(given.slice(12));
    // The slots of other requests stay empty.
    expect(slots.filter((word) => word !== 0).length).toBe(slot.filter((word) => word !== 0).length);
  }
  expect(() => queueOf().queue.submit(new Uint32Array(PAYLOAD_WORDS_MAX + 1))).toThrow(
    expect.objectContaining({ code: "EW_REQUEST_TOO_LARGE" }),
  );
});

it("an answer with a 64-bit result, an ordinal and words is complete once every vector has arrived", () => {
  const { queue, answer } = queueOf(4, 3);
  const ticket = queue.submit(new Uint32Array(1));
  answer(ticket.sequence, [5, 2, 77]);
  answer(ticket.sequence + 4, [5, 2, 77], [1, 2, 3], [4, 5, 6]);
  expect(queue.check(ticket)).toBe(false);
  expect(ticket.isDone).toBe(false);
  answer(ticket.sequence, [5, 2, 77], [1, 2, 3]);
  expect(queue.check(ticket)).toBe(false);
  answer(ticket.sequence, [5, 2, 77], [1, 2, 3], [4, 5, 6]);
  expect(queue.check(ticket)).toBe(true);
  expect(ticket).toMatchObject({ isDone: true, result: 5 + 2 * 2 ** 32, ordinal: 77 });
  expect([...(ticket.words ?? [])]).toEqual([1, 2, 3, 4, 5, 6]);
});

it("sequence numbers wrap after 32 bits", () => {
  const { queue, answer } = queueOf();
  queue.nextSequence = queue.oldestSequence = 0xffff_fffe;
  // Start close to the wrap: no kernel has passed these requests.
  queue.failAll(new EverwarpError("EW_DEVICE_LOST", "gone"));
  for (let round = 0; round < 3; round++) {
    const tickets = Array.from({ length: 4 }, () => queue.submit(new Uint32Array(1)));
    expect([queue.inFlightCount, queue.isFull]).toEqual([4, true]);
    expect(() => queue.submit(new Uint32Array(1))).toThrow(
      expect.objectContaining({ code: "EW_QUEUE_FULL" }),
    );
    for (const { sequence } of tickets) answer(sequence, [sequence, 0, 0]);
    expect(queue.checkAll()).toBe(4);
    expect(tickets.map(({ result }) => result)).toEqual(tickets.map(({ sequence }) => sequence));
    expect([queue.inFlightCount, queue.isFull]).toEqual([0, false]);
  }
  expect(queue.nextSequence).toBe(10);
});

it("a check of all requests ends at the first unanswered one, and skips those answered before", () => {
  const { queue, answer } = queueOf(8);
  const [one, two, three, four] = Array.from({ length: 4 }, () => queue.submit(new Uint32Array(1)));
  answer(two!.sequence, [2, 0, 0]);
  answer(four!.sequence, [4, 0, 0]);
  expect(queue.checkAll()).toBe(0);
  expect(queue.check(two!)).toBe(true);
  // The first request keeps its slot, and so do those behind it.
  expect(queue.inFlightCount).toBe(4);
  answer(one!.sequence, [1, 0, 0]);
  expect(queue.checkAll()).toBe(1);
  expect(queue.inFlightCount).toBe(2);
  const failure = new EverwarpError("EW_DEVICE_LOST", "gone");
  queue.failAll(failure);
  expect([one, two, three, four].map((ticket) => ticket?.failure)).toEqual([
    undefined,
    undefined,
    failure,
    failure,
  ]);
  expect([queue.inFlightCount, queue.isFull]).toEqual([0, false]);
});

it.each([
  [3 * SLOT_WORDS, 12],
  [4 * SLOT_WORDS, 4 * 6],
])("%i slot words with %i completion words are refused", (slotWords, completionWords) => {
  expect(() => new WorkQueue(new Uint32Array(slotWords), new Uint32Array(completionWords))).toThrow(
    expect.objectContaining({ code: "EW_BAD_ARGUMENT" }),
  );
});
