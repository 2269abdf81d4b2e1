/** How a ticket of the host's threads waits. */
import { expect, it } from "vitest";
import type { HostCorpus } from "./host-corpus.ts";
import { HostTicket, type TicketOwner } from "./host-ticket.ts";

/** Threads that answer after so many looks. */
function ticketOf(looksUntilAnswer: number): HostTicket {
  let looks = 0;
  const owner: TicketOwner = {
    poll(ticket) {
      looks++;
      if (looks > looksUntilAnswer) ticket.settle([]);
      return looks > looksUntilAnswer;
    },
    sleep: () => undefined,
    awaken: () => undefined,
    rest: () => undefined,
    skip: () => undefined,
  };
  return new HostTicket(owner, {
    corpus: {} as HostCorpus,
    sequence: 1,
    slot: 0,
    operation: "scan",
    literals: [],
    maxHits: 0,
    automaton: 0,
    filter: 0,
  });
}

it("waitSync says that the time is over while there is no answer", () => {
  const ticket = ticketOf(Infinity);
  expect(ticket.waitSync(0)).toBe(false);
  expect(ticket.waitSync(2)).toBe(false);
  expect(ticket.done).toBe(false);
  expect(() => ticket.result()).toThrow(expect.objectContaining({ code: "EW_TIMEOUT" }));
});

it("waitSync says that there is an answer, however late it looks", () => {
  expect(ticketOf(0).waitSync(0)).toBe(true);
  expect(ticketOf(3).waitSync(Infinity)).toBe(true);
});
