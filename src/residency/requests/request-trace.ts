/**
 * Records the latest requests of a kernel, and what it did beside them. Perfetto (ui.perfetto.dev) and chrome://tracing
 * show the trace.
 *
 *     request ─────────────────────────────     tracks "urgent" and "normal": one nested pair for each request
 *       pending ────── in flight ──────────
 *     lease ───── lease ─── checkpoint ─ lease   track "kernel"
 *
 * Invariants: memory for the latest N requests and spans is allocated once. Noting an entry overwrites the oldest one
 * and allocates nothing. The format is the JSON of the Trace Event Format, with times in microseconds. Requests are
 * nestable async events ("b"/"e", matched by id), because any number may overlap. Spans are complete events ("X").
 */
import { unwritable, writeBytesAtomically } from "../../storage/index.ts";
import type { Priority } from "../queue/index.ts";

/** How requests end. */
export const OUTCOMES = ["answered", "failed", "timed out", "poisoned", "closed"] as const;
/** How one request ended. */
export type Outcome = (typeof OUTCOMES)[number];
/** What a kernel does beside requests. */
export const SPAN_NAMES = ["lease", "checkpoint", "recovery"] as const;
/** The name of a span of the trace. */
export type SpanName = (typeof SPAN_NAMES)[number];

/** An event of the trace file. */
export interface TraceEvent {
  readonly name: string;
  readonly ph: "b" | "e" | "X" | "M";
  readonly pid: number;
  readonly tid: number;
  /** Microseconds on the clock of `nowMs`. */
  readonly ts?: number;
  readonly dur?: number;
  readonly cat?: string;
  readonly id?: string;
  readonly args?: Readonly<Record<string, unknown>>;
}

const PROCESS = 1;
const PRIORITY_TRACKS: readonly [number, number] = [2, 1];
const KERNEL_TRACK = 3;
const TIMES = 3; // submitted, published, answered
const NUMBERS = 4; // sequence, ordinal, priority, outcome

/** The latest requests and spans of a kernel. See the head of this file. */
export class RequestTrace {
  /** Number of kept requests; 0: nothing is recorded. */
  readonly capacity: number;
  readonly #times: Float64Array;
  readonly #numbers: Uint32Array;
  #count = 0;
  readonly #spanTimes: Float64Array;
  readonly #spanNames: Uint8Array;
  #spanCount = 0;

  /** @param capacity number of requests to keep, and of spans; 0 for none */
  constructor(capacity: number) {
    this.capacity = capacity;
    this.#times = new Float64Array(capacity * TIMES);
    this.#numbers = new Uint32Array(capacity * NUMBERS);
    this.#spanTimes = new Float64Array(capacity * 2);
    this.#spanNames = new Uint8Array(capacity);
  }

  /** Records a request that has ended. Times are those of `nowMs`. */
  request(
    priority: Priority,
    sequence: number,
    ordinal: number,
    outcome: Outcome,
    submittedAtMs: number,
    publishedAtMs: number,
    endedAtMs: number,
  ): void {
    if (this.capacity === 0) return;
    const slot = this.#count++ % this.capacity;
    const times = this.#times;
    times[slot * TIMES] = submittedAtMs;
    times[slot * TIMES + 1] = publishedAtMs;
    times[slot * TIMES + 2] = endedAtMs;
    const numbers = this.#numbers;
    numbers[slot * NUMBERS] = sequence;
    numbers[slot * NUMBERS + 1] = ordinal;
    numbers[slot * NUMBERS + 2] = priority;
    numbers[slot * NUMBERS + 3] = OUTCOMES.indexOf(outcome);
  }

  /** Records what the kernel did for a period of time. */
  span(name: SpanName, beginAtMs: number, endAtMs: number): void {
    if (this.capacity === 0) return;
    const slot = this.#spanCount++ % this.capacity;
    this.#spanTimes[slot * 2] = beginAtMs;
    this.#spanTimes[slot * 2 + 1] = endAtMs;
    this.#spanNames[slot] = SPAN_NAMES.indexOf(name);
  }

  /** All recorded events, the oldest first. */
  events(): TraceEvent[] {
    const names = {
      [PRIORITY_TRACKS[0]]: "normal",
      [PRIORITY_TRACKS[1]]: "urgent",
      [KERNEL_TRACK]: "kernel",
    };
    const events: TraceEvent[] = [
      { name: "process_name", ph: "M", pid: PROCESS, tid: 0, args: { name: "everwarp" } },
      ...Object.entries(names).map(([tid, name]): TraceEvent => ({
        name: "thread_name",
        ph: "M",
        pid: PROCESS,
        tid: Number(tid),
        args: { name },
      })),
    ];
    const first = Math.max(0, this.#count - this.capacity);
    for (let number = first; number < this.#count; number++) this.#pushRequest(events, number);
    for (let number = Math.max(0, this.#spanCount - this.capacity); number < this.#spanCount; number++) {
      const slot = number % this.capacity;
      const [begin, end] = this.#spanTimes.subarray(slot * 2, slot * 2 + 2);
      events.push({
        name: SPAN_NAMES[this.#spanNames[slot]],
        ph: "X",
        pid: PROCESS,
        tid: KERNEL_TRACK,
        cat: "kernel",
        ts: begin * 1000,
        dur: (end - begin) * 1000,
      });
    }
    return events;
  }

  /** Writes the trace to a file, for ui.perfetto.dev. @throws EW_PATH_UNWRITABLE */
  async write(file: string): Promise<void> {
    const text = JSON.stringify({ displayTimeUnit: "ns", traceEvents: this.events() });
    try {
      await writeBytesAtomically(file, Buffer.from(text), { place: "named" });
    } catch (cause) {
      throw unwritable("the trace", file, cause);
    }
  }

  #pushRequest(events: TraceEvent[], number: number): void {
    const slot = number % this.capacity;
    const [submitted, published, ended] = this.#times.subarray(slot * TIMES, slot * TIMES + TIMES);
    const [sequence, ordinal, priority, outcome] = this.#numbers.subarray(
      slot * NUMBERS,
      slot * NUMBERS + NUMBERS,
    );
    const common = {
      pid: PROCESS,
      tid: PRIORITY_TRACKS[priority as Priority],
      cat: "request",
      id: `${number}`,
    } as const;
    const pair = (
      name: string,
      begin: number,
      end: number,
      inner: TraceEvent[],
      args?: TraceEvent["args"],
    ): TraceEvent[] => [
      { ...common, name, ph: "b", ts: begin * 1000, ...(args === undefined ? {} : { args }) },
      ...inner,
      { ...common, name, ph: "e", ts: end * 1000 },
    ];
    // A request that never got a slot was pending until its end.
    const leftQueue = published === 0 ? ended : published;
    const inner = pair("pending", submitted, leftQueue, []);
    if (published !== 0) inner.push(...pair("in flight", published, ended, []));
    events.push(
      ...pair("request", submitted, ended, inner, { sequence, ordinal, outcome: OUTCOMES[outcome] }),
    );
  }
}
