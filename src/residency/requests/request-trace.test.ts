import { mkdtemp, readFile, rm } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { OUTCOMES, RequestTrace, SPAN_NAMES, type TraceEvent } from "./request-trace.ts";

/** Reads a trace like a viewer: begin and end events with the same id must nest. */
function requestsOf(
  events: TraceEvent[],
): Map<string, { name: string; begin: number; end: number; depth: number }[]> {
  const requests = new Map<string, { name: string; begin: number; end: number; depth: number }[]>();
  const open = new Map<string, { name: string; begin: number; end: number }[]>();
  for (const { ph, id = "", name, ts = Number.NaN } of events.filter(({ cat }) => cat === "request")) {
    const stack = open.get(id) ?? [];
    open.set(id, stack);
    if (ph === "b") stack.push({ name, begin: ts, end: Number.NaN });
    else {
      const top = stack.pop();
      expect([ph, top?.name]).toEqual(["e", name]);
      requests.set(id, [...(requests.get(id) ?? []), { ...top!, end: ts, depth: stack.length }]);
    }
  }
  for (const stack of open.values()) expect(stack).toEqual([]);
  return requests;
}

describe("RequestTrace", () => {
  it("writes a file whose events nest and have the noted times", async () => {
    const folder = await mkdtemp(path.join(os.tmpdir(), "everwarp-trace-"));
    try {
      const trace = new RequestTrace(4);
      trace.request(0, 7, 3, "answered", 10, 10.5, 12);
      trace.request(1, 1, 4, "failed", 11, 11.25, 11.75);
      trace.request(0, 0, 0, "timed out", 20, 0, 25);
      trace.span("lease", 9, 13);
      trace.span("checkpoint", 13, 13.5);
      const file = path.join(folder, "trace.json");
      await trace.write(file);
      const { traceEvents } = JSON.parse(await readFile(file, "utf8")) as { traceEvents: TraceEvent[] };
      const requests = [...requestsOf(traceEvents).values()];
      expect(requests).toEqual([
        [
          { name: "pending", begin: 10_000, end: 10_500, depth: 1 },
          { name: "in flight", begin: 10_500, end: 12_000, depth: 1 },
          { name: "request", begin: 10_000, end: 12_000, depth: 0 },
        ],
        [
          { name: "pending", begin: 11_000, end: 11_250, depth: 1 },
          { name: "in flight", begin: 11_250, end: 11_750, depth: 1 },
          { name: "request", begin: 11_000, end: 11_750, depth: 0 },
        ],
        [
          { name: "pending", begin: 20_000, end: 25_000, depth: 1 },
          { name: "request", begin: 20_000, end: 25_000, depth: 0 },
        ],
      ]);
      expect(traceEvents.filter(({ ph }) => ph === "X")).toMatchObject([
        { name: "lease", ts: 9_000, dur: 4_000 },
        { name: "checkpoint", ts: 13_000, dur: 500 },
      ]);
      const begun = traceEvents.filter(({ ph, name }) => ph === "b" && name === "request");
      expect(begun.map(({ args }) => args)).toEqual([
        { sequence: 7, ordinal: 3, outcome: "answered" },
        { sequence: 1, ordinal: 4, outcome: "failed" },
        { sequence: 0, ordinal: 0, outcome: "timed out" },
      ]);
      const trackOf = (tid: number): unknown =>
        traceEvents.find((one) => one.ph === "M" && one.tid === tid)?.args;
      expect(begun.map(({ tid }) => trackOf(tid))).toEqual([
        { name: "normal" },
        { name: "urgent" },
        { name: "normal" },
      ]);
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  it("keeps the latest entries, whatever came before", () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 6 }), fc.nat(30), (capacity, count) => {
        const trace = new RequestTrace(capacity);
        for (let sequence = 0; sequence < count; sequence++) {
          trace.request(
            0,
            sequence,
            0,
            OUTCOMES[sequence % OUTCOMES.length],
            sequence,
            sequence + 0.25,
            sequence + 0.5,
          );
          trace.span(SPAN_NAMES[sequence % SPAN_NAMES.length], sequence, sequence + 1);
        }
        const events = trace.events();
        requestsOf(events);
        const kept = Array.from({ length: count }, (_, index) => index).slice(
          capacity === 0 ? count : -capacity,
        );
        const begun = events.filter(({ ph, name }) => ph === "b" && name === "request");
        expect(begun.map(({ args }) => args?.["sequence"])).toEqual(kept);
        expect(events.filter(({ ph }) => ph === "X").map(({ ts }) => ts)).toEqual(
          kept.map((at) => at * 1000),
        );
      }),
    );
  });
});
