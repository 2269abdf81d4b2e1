/**
 * Drives the requests of one system until they are answered. Each backend has one driver, however many callers wait.
 *
 *     request ──▶ sent at once ──▶ spin ──answered──▶ the caller continues in the same turn of the event loop
 *                                    └── not soon ──▶ drive: turns of the event loop, then sleeps, until all is done
 *
 * Invariants: one loop drives, however many callers wait. No timer and no immediate exists while no request waits or is
 * in flight. The event loop is never blocked for longer than a spin. An answer within a spin allocates no memory.
 */
import {
  ASSERT_INTERVAL_MS,
  EverwarpError,
  SPINS_PER_CLOCK,
  SPIN_MS,
  STALL_MS,
  WaitPace,
} from "../../base/index.ts";
import { EventLoopTurns } from "./event-loop-turns.ts";

/** The part of a kernel that a driver uses. */
export interface DrivenKernel {
  /** Reads mapped memory once. @returns the number of requests answered since the last poll */
  poll(): number;
  /** Asks the driver whether the kernel still runs. If not, all requests in flight have failed when this returns. */
  assertRunning(): void;
}

/** The requests of one system, waiting and in flight. */
export interface DrivenRequests {
  /** Requests answered so far, whoever polled. */
  readonly answeredCount: number;
  /** Whether no request waits and none is in flight. */
  readonly isIdle: boolean;
  /** Takes every answer that has arrived. */
  collect(): void;
  /** Sends waiting requests, as far as there is room. */
  send(): void;
  /** Fails all waiting requests, because nothing will be answered any more. */
  end(error: EverwarpError): void;
}

/** Something that a caller waits for. */
export interface Awaited {
  readonly isEnded: boolean;
}

/** Options of a driver. */
export interface DriverOptions {
  /** Name of the kernel in errors: "lookup kernel". */
  readonly noun: string;
  /** Milliseconds without an answer, with requests in flight, after which the kernel is given up. Default: 60,000. */
  readonly stallMs?: number | undefined;
}

/** Awaiting this resumes after the caller's synchronous code. */
export const CALLER_DONE: Promise<void> = Promise.resolve();

/** Waits for the requests of one system. */
export class CompletionDriver {
  /** Call `overdue()` before an answer within a spin, so that the event loop gets its turn. */
  readonly turns = new EventLoopTurns();
  readonly #kernel: DrivenKernel;
  readonly #requests: DrivenRequests;
  readonly #noun: string;
  readonly #stallMs: number;
  #isDriving = false;

  constructor(kernel: DrivenKernel, requests: DrivenRequests, { noun, stallMs = STALL_MS }: DriverOptions) {
    this.#kernel = kernel;
    this.#requests = requests;
    this.#noun = noun;
    this.#stallMs = stallMs;
  }

  /** Polls in place, for `SPIN_MS` at most. After that, `drive` continues in turns of the event loop. */
  spin(awaited: Awaited): void {
    let begin = 0;
    while (!awaited.isEnded) {
      this.#look();
      if (awaited.isEnded) return;
      this.#requests.send();
      const now = performance.now();
      if (begin === 0) begin = now;
      else if (now - begin >= SPIN_MS) {
        this.drive();
        return;
      }
    }
  }

  /**
   * Blocks the thread until `awaited` has ended.
   * @returns false if `timeoutMs` passed first: the request stays in flight, and `drive` continues with it
   */
  waitSync(awaited: Awaited, timeoutMs: number): boolean {
    let begin = 0;
    let asserted = 0;
    let progressed = 0;
    let answered = this.#requests.answeredCount;
    while (!awaited.isEnded) {
      this.#look();
      if (awaited.isEnded) break;
      this.#requests.send();
      const now = performance.now();
      if (begin === 0) begin = asserted = progressed = now;
      if (this.#requests.answeredCount !== answered) progressed = now;
      answered = this.#requests.answeredCount;
      if (now - begin >= timeoutMs) {
        this.drive();
        return false;
      }
      if (now - asserted > ASSERT_INTERVAL_MS) {
        asserted = now;
        this.#assertRunning(now - progressed);
      }
    }
    return true;
  }

  /** Polls in turns of the event loop until no request waits or is in flight. Call it if nobody spins. */
  drive(): void {
    if (this.#isDriving) return;
    this.#isDriving = true;
    void this.#driveOn();
  }

  #look(): void {
    for (let spin = 0; spin < SPINS_PER_CLOCK; spin++) if (this.#kernel.poll() > 0) break;
    this.#requests.collect();
  }

  async #driveOn(): Promise<void> {
    const requests = this.#requests;
    let asserted = performance.now();
    const pace = new WaitPace(asserted);
    let answered = requests.answeredCount;
    for (;;) {
      const now = performance.now();
      this.#kernel.poll();
      requests.collect();
      requests.send();
      // A caller that spins may have taken answers too.
      if (requests.answeredCount !== answered) pace.progress(now);
      answered = requests.answeredCount;
      if (now - asserted > ASSERT_INTERVAL_MS) {
        asserted = now;
        this.#assertRunning(pace.silenceMs(now));
      }
      if (requests.isIdle) {
        // Reset the flag first: an answered caller may make a new request.
        this.#isDriving = false;
        return;
      }
      await pace.pause(now);
    }
  }

  #assertRunning(silenceMs: number): void {
    this.#kernel.assertRunning();
    this.#requests.collect();
    if (silenceMs > this.#stallMs) this.#requests.end(this.#stalledError());
  }

  #stalledError(): EverwarpError {
    return new EverwarpError(
      "EW_TIMEOUT",
      `the ${this.#noun} answered nothing for ${this.#stallMs / 1000} s, with requests before it`,
      {
        remedy:
          "Please report this, with the output of `everwarp doctor`; another program may also hold the device.",
      },
    );
  }
}
