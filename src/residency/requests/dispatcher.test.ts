/** The dispatcher, on a loop whose answers and room the test decides. */
import { expect, it } from "vitest";
import { EverwarpError, nowMs } from "../../base/index.ts";
import { type Priority, Ticket } from "../queue/index.ts";
import { Dispatcher, type DispatcherLoop } from "./dispatcher.ts";
import { PendingRequest } from "./pending-request.ts";
import { RequestTrace } from "./request-trace.ts";

const SLOTS = 4;

/** A loop that answers when it is told to: a request's first word. */
class PlayedLoop implements DispatcherLoop {
  /** The first word of each request, in the order in which they came. */
  readonly submitted: number[] = [];
  readonly #inFlight: { ticket: Ticket; word: number }[] = [];

  submit(words: Uint32Array, _wordCount: number, priority: number): Ticket {
    const ticket = new Ticket(priority, this.submitted.push(words[0]!));
    this.#inFlight.push({ ticket, word: words[0]! });
    return ticket;
  }
  poll(): number {
    return 0;
  }
  freeSlots(priority: number): number {
    return SLOTS - this.#inFlight.filter(({ ticket }) => ticket.priority === priority).length;
  }
  /** @param times how often the kernel says that it has answered each */
  answer(count: number, times = 1): void {
    for (const { ticket, word } of this.#inFlight.splice(0, count)) {
      ticket.result = times;
      ticket.words = Uint32Array.of(word);
      ticket.isDone = true;
    }
  }
}

function ground() {
  const trace = new RequestTrace(8);
  const dispatcher = new Dispatcher<number>({
    decode: (words) => words[0]!,
    maxInFlight: SLOTS,
    maxPending: 100,
    journal: { maxBytes: 1 << 16, maxRequestWords: 4, keepsAnswered: true },
    trace,
  });
  const answers: number[] = [];
  const accept = (word: number, priority: Priority = 0): PendingRequest<number> => {
    const request = new PendingRequest<number>(priority, nowMs());
    request.resolve = (answer) => answers.push(answer);
    dispatcher.accept(request, Uint32Array.of(word), 1);
    return request;
  };
  const loop = new PlayedLoop();
  dispatcher.attach(loop);
  return { dispatcher, loop, accept, answers, trace };
}

it("publishes as many requests as there are slots, and the others when answers come", () => {
  const { dispatcher, loop, accept, answers } = ground();
  for (let word = 1; word <= 6; word++) accept(word);
  expect(loop.submitted).toEqual([1, 2, 3, 4]);
  expect(dispatcher.counters).toMatchObject({ requests: 6, waits: 2, answered: 0 });
  expect(dispatcher.collect()).toBe(0);
  expect(loop.submitted).toEqual([1, 2, 3, 4]);
  loop.answer(1);
  expect(dispatcher.collect()).toBe(1);
  expect(answers).toEqual([1]);
  expect(loop.submitted).toEqual([1, 2, 3, 4, 5]);
  loop.answer(5);
  dispatcher.collect();
  loop.answer(1);
  dispatcher.collect();
  expect(answers).toEqual([1, 2, 3, 4, 5, 6]);
  expect(dispatcher.counters).toMatchObject({ requests: 6, answered: 6, failed: 0 });
  expect(dispatcher.isBusy).toBe(false);
});

it("has a free slot where the loop has one and nobody waits, and none without a loop", () => {
  const { dispatcher, loop, accept } = ground();
  expect([dispatcher.hasFreeSlot(0), dispatcher.hasFreeSlot(1)]).toEqual([true, true]);
  for (let word = 1; word <= SLOTS; word++) accept(word);
  expect([dispatcher.hasFreeSlot(0), dispatcher.hasFreeSlot(1)]).toEqual([false, true]);
  accept(5);
  loop.answer(1); // a slot is free, but a request waits for it
  expect(loop.freeSlots(0)).toBe(1);
  expect(dispatcher.hasFreeSlot(0)).toBe(false);
  dispatcher.detach();
  expect(dispatcher.hasFreeSlot(1)).toBe(false);
});

it("takes the requests in flight back after a loss, and publishes them one at a time, before all others", () => {
  const { dispatcher, loop, accept, answers } = ground();
  for (let word = 1; word <= 3; word++) accept(word);
  loop.answer(1);
  dispatcher.collect();
  dispatcher.detach();
  accept(4);
  const asked: [Priority, number][] = [];
  const count = dispatcher.takeBack((_request, priority, index) => {
    asked.push([priority, index]);
    return false;
  });
  // One request was answered since the checkpoint, so those in flight are the second and the third.
  expect(asked).toEqual([
    [0, 1],
    [0, 2],
  ]);
  expect(count).toBe(2);
  expect(dispatcher.inFlightCount).toBe(0);
  const next = new PlayedLoop();
  dispatcher.attach(next);
  expect(next.submitted).toEqual([2]);
  next.answer(1);
  dispatcher.collect();
  expect(next.submitted).toEqual([2, 3]);
  next.answer(1);
  dispatcher.collect();
  expect(next.submitted).toEqual([2, 3, 4]);
  next.answer(1);
  dispatcher.collect();
  expect(answers).toEqual([1, 2, 3, 4]);
  expect(dispatcher.hasFreeSlot(0)).toBe(true);
});

it("does not publish again what is given up", () => {
  const { dispatcher, accept } = ground();
  const [first] = [accept(1), accept(2)];
  expect(dispatcher.takeBack((request) => request === first)).toBe(1);
  const next = new PlayedLoop();
  dispatcher.attach(next);
  expect(next.submitted).toEqual([2]);
});

it("counts the requests in flight of both priorities, and is at ease where a loss took none", () => {
  const { dispatcher, loop, accept } = ground();
  accept(1, 0);
  accept(2, 1);
  expect(dispatcher.inFlightCount).toBe(2);
  loop.answer(2);
  dispatcher.collect();
  expect(dispatcher.takeBack(() => false)).toBe(0);
  expect(dispatcher.hasFreeSlot(0)).toBe(true);
});

it("fails a request that the kernel answered twice, and traces what failed", () => {
  const { dispatcher, loop, accept, answers, trace } = ground();
  const errors: EverwarpError[] = [];
  for (const word of [1, 2]) accept(word).reject = (error) => errors.push(error);
  loop.answer(1, 2);
  dispatcher.collect();
  expect(errors).toMatchObject([{ code: "EW_KERNEL_FAULT", message: expect.stringContaining("2 times") }]);
  const gone = new EverwarpError("EW_CLOSED", "closed", { remedy: "None." });
  dispatcher.failAll(gone);
  expect(errors).toHaveLength(2);
  expect(errors[1]).toBe(gone);
  expect(answers).toEqual([]);
  expect(dispatcher.counters).toMatchObject({ answered: 1, failed: 1 });
  const told = JSON.stringify(trace.events());
  for (const outcome of ["failed", "closed"]) expect(told).toContain(outcome);
});

it("keeps a request that finds its loop lost for the next loop", () => {
  const { dispatcher, accept } = ground();
  const losses: unknown[] = [];
  dispatcher.onLoss = (loss) => losses.push(loss);
  const loss = new EverwarpError("EW_DEVICE_LOST", "gone", { remedy: "None." });
  const lost: DispatcherLoop = {
    submit: () => {
      throw loss;
    },
    poll: () => 0,
    freeSlots: () => SLOTS,
  };
  dispatcher.attach(lost);
  accept(9);
  expect(losses).toEqual([loss]);
  // The request waits for the next loop.
  expect(dispatcher.pending.waitingCount).toBe(1);
  const next = new PlayedLoop();
  dispatcher.attach(next);
  expect(next.submitted).toEqual([9]);
});
