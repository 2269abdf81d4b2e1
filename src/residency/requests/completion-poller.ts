/**
 * Polls a kernel's mapped memory, in one rhythm for all requests.
 *
 *     asleep ──wake──▶ eager: every turn of the event loop ──nothing for a while──▶ patient: a timer, 1 ms … 4 ms
 *        ▲               ▲ └──────────────answers───────────────────────────────────────┘ │
 *        └── nothing in flight ───────────────────────────────────────────────────────────┘
 *
 * Invariants: while nothing is in flight, there is no timer and no immediate. While something is in flight, there is
 * exactly one of them. It keeps the process alive.
 */
import { nowMs } from "../../base/index.ts";

/**
 * How long the poller stays eager after the last answer. It is shorter than other such times: with 60 long requests a
 * second, it costs 3 % of a core.
 */
const ANSWER_EAGER_MS = 0.5;
const PATIENT_MS = 1;

/** The result of one poll. */
export type PassResult = "answers" | "nothing" | "idle";

/** Polls mapped memory while something is in flight. See the head of this file. */
export class CompletionPoller {
  readonly #pass: (now: number) => PassResult;
  readonly #maxPatientMs: number;
  readonly #turn = (): void => this.#look();
  #isAwake = false;
  #timer: NodeJS.Timeout | undefined;
  #lastAnswerMs = 0;
  #sleepMs = PATIENT_MS;

  /**
   * @param pass polls once; returns `idle` if there is nothing to wait for
   * @param maxPatientMs the longest time between two polls
   */
  constructor(pass: (now: number) => PassResult, maxPatientMs = 4) {
    this.#pass = pass;
    this.#maxPatientMs = maxPatientMs;
  }

  get isAwake(): boolean {
    return this.#isAwake;
  }

  /** Call this when a request was published. Polls soon, and continues until nothing is left. */
  wake(): void {
    if (this.#isAwake) {
      if (this.#timer === undefined) return;
      clearTimeout(this.#timer);
      this.#timer = undefined;
    }
    this.#isAwake = true;
    this.#sleepMs = PATIENT_MS;
    this.#lastAnswerMs = nowMs();
    setImmediate(this.#turn);
  }

  #look(): void {
    this.#timer = undefined;
    const now = nowMs();
    const result = this.#pass(now);
    if (result === "idle") {
      this.#isAwake = false;
      return;
    }
    if (result === "answers") {
      this.#lastAnswerMs = now;
      this.#sleepMs = PATIENT_MS;
    }
    if (now - this.#lastAnswerMs < ANSWER_EAGER_MS) {
      setImmediate(this.#turn);
      return;
    }
    this.#timer = setTimeout(this.#turn, this.#sleepMs);
    this.#sleepMs = Math.min(this.#sleepMs + PATIENT_MS, this.#maxPatientMs);
  }
}
