import { describe, expect, it } from "vitest";
import { Queue } from "./queue.schema.ts";
import { sealMix } from "./seal.ts";
import { WorkQueue } from "./work-queue.ts";

const CAPACITY = 8;

/** A queue. The test plays the kernel. */
function queueOf() {
  const completions = new Uint32Array(CAPACITY * 4);
  const queue = new WorkQueue(new Uint32Array(CAPACITY * Queue.SLOT_VECTORS * 4), completions);
  const payload = new Uint32Array(1);
  const answer = (sequence: number): void => {
    const at = (sequence & (CAPACITY - 1)) * 4;
    completions.set([7, 0, sequence, sequence + sealMix(7, 0, sequence)], at);
  };
  /** Sends requests one by one, each answered at once. Stops when the next request may not be of this kind. */
  const serve = (count: number, isAlone: boolean): number => {
    let served = 0;
    for (; served < count && !queue.isFull && (!isAlone || queue.mayBeAlone); served++) {
      const ticket = queue.submit(payload, 1, isAlone);
      answer(ticket.sequence);
      expect(queue.check(ticket)).toBe(true);
    }
    return served;
  };
  return { queue, payload, answer, serve };
}

describe("requests that the first workgroup answers alone", () => {
  it("may fill half of the slots, then all workgroups must count one request", () => {
    const { queue, serve } = queueOf();
    expect(serve(100, true)).toBe(CAPACITY / 2);
    expect(queue.mayBeAlone).toBe(false);
    expect(serve(1, false)).toBe(1);
    expect(queue.mayBeAlone).toBe(true);
    expect(serve(100, true)).toBe(CAPACITY / 2);
  });

  it("keep their slots after their answers until all workgroups counted a later request", () => {
    const { queue, payload, answer, serve } = queueOf();
    expect(serve(100, true)).toBe(CAPACITY / 2);
    const tickets = Array.from({ length: CAPACITY / 2 }, () => queue.submit(payload, 1));
    expect(queue.inFlightCount).toBe(CAPACITY / 2);
    expect(queue.isFull).toBe(true);
    expect(() => queue.submit(payload, 1)).toThrow("slots");
    // All workgroups counted the first ticket, so it and all requests before it are free.
    answer(tickets[0]!.sequence);
    expect(queue.checkAll()).toBe(1);
    expect(queue.isFull).toBe(false);
    for (const { sequence } of tickets.slice(1)) answer(sequence);
    expect(queue.checkAll()).toBe(CAPACITY / 2 - 1);
    expect(serve(100, false)).toBe(100);
  });

  it("change nothing if there are none", () => {
    const { queue, payload, serve } = queueOf();
    expect(serve(1000, false)).toBe(1000);
    for (let index = 0; index < CAPACITY; index++) queue.submit(payload, 1);
    expect(queue.isFull).toBe(true);
  });
});
