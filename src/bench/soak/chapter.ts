/**
 * One chapter of a soak: several hundred requests of all kinds to a kernel, while it is parked, throttled,
 * checkpointed and lost. Then it becomes quiet, and the ledger is judged.
 */
import { setImmediate as turn, setTimeout as sleep } from "node:timers/promises";
import { EverwarpError, injectFaults } from "../../base/index.ts";
import type { CallOptions, ResidentKernel } from "../../residency/index.ts";
import { expectResult } from "../measure/index.ts";
import {
  CELLS,
  DATA_WORDS,
  Operation,
  type Report,
  type soakKernel,
  type SoakReference,
  type Task,
} from "./kernel.ts";
import { type Entry, type Priority, SoakLedger } from "./ledger.ts";
import type { Random } from "./random.ts";

/** The kernel of a soak. */
export type SoakedKernel = ResidentKernel<typeof soakKernel.request, typeof soakKernel.response>;

/** Counts over all chapters. */
export interface SoakCounts {
  requests: number;
  answered: number;
  refused: number;
  expired: number;
  neverPerformed: number;
  checkpoints: number;
  files: number;
  faults: number;
  dutyChanges: number;
}

const TASKS_MIN = 20;
const TASKS_MAX = 400;
const SLICES_MAX = 60;
const AMOUNT_END = 1 << 16;
const UNFINISHED_MAX = 600;
/** By this time everything is answered, however busy the machine is. */
const QUIET_TIMEOUT_MS = 90_000;
const SYNC_TIMEOUT_MS = 30_000;
const LOSSES = ["device-lost@submit", "device-lost@fence-status"] as const;

/** What a chapter left. */
export interface ChapterResult {
  readonly ledger: SoakLedger;
  readonly reference: SoakReference;
  /** Whether the file holds a checkpoint from the middle of the chapter. */
  readonly hasFile: boolean;
}

/** Runs one chapter. */
export class SoakChapter {
  readonly #kernel: SoakedKernel;
  readonly #random: Random;
  readonly #counts: SoakCounts;
  readonly #ledger: SoakLedger;
  readonly #nextSerial: () => number;
  readonly #onAnswer: (timeUs: number) => void;
  readonly #file: string;
  /** Rejects with the first error. */
  readonly #pending = new Set<Promise<void>>();
  #failure: unknown;
  #hasFile = false;

  constructor(parts: {
    kernel: SoakedKernel;
    random: Random;
    counts: SoakCounts;
    reference: SoakReference;
    nextSerial: () => number;
    onAnswer: (timeUs: number) => void;
    /** Path of the checkpoint in the middle of the chapter, if there is one. */
    file: string;
  }) {
    this.#kernel = parts.kernel;
    this.#random = parts.random;
    this.#counts = parts.counts;
    this.#ledger = new SoakLedger(parts.reference);
    this.#nextSerial = parts.nextSerial;
    this.#onAnswer = parts.onAnswer;
    this.#file = parts.file;
  }

  /** Runs the chapter. @throws EW_BENCH_WRONG_RESULT, and every error that no request may end with */
  async run(): Promise<ChapterResult> {
    const random = this.#random;
    const taskCount = TASKS_MIN + random.below(TASKS_MAX - TASKS_MIN);
    const faults: Disposable[] = [];
    try {
      // Events beside the requests, each as its own task.
      const events = new Map<number, () => void>();
      const plan = (percent: number, event: () => void): void => {
        if (random.percent(percent)) events.set(random.below(taskCount), event);
      };
      plan(25, () => this.#checkpoint(undefined));
      plan(40, () => this.#checkpoint(this.#file));
      plan(20, () => this.#throttle());
      plan(20, () => {
        this.#counts.faults++;
        faults.push(injectFaults(`${random.of(LOSSES)}:${1 + random.below(4)}`));
        // A resident kernel is not examined while it answers.
        if (random.percent(70)) this.#checkpoint(undefined);
      });
      for (let index = 0; index < taskCount && this.#failure === undefined; index++) {
        events.get(index)?.();
        this.#ask();
        if (random.percent(30)) await turn();
        if (random.percent(2)) await sleep(random.between(0, 12));
        while (this.#pending.size > UNFINISHED_MAX) await sleep(1);
      }
      await this.#quiet();
    } finally {
      for (const fault of faults) fault[Symbol.dispose]();
    }
    this.#kernel.setDutyCycle(1);
    const reference = await this.#judge();
    return { ledger: this.#ledger, reference, hasFile: this.#hasFile };
  }

  /** Sends one more request of any kind. */
  #ask(): void {
    const random = this.#random;
    const kind = random.below(100);
    const operation = kind < 82 ? Operation.ADD : kind < 95 ? Operation.JOB : Operation.REFUSE;
    const task: Task = {
      operation,
      serial: this.#nextSerial(),
      cell: random.below(CELLS),
      amount: random.below(AMOUNT_END),
      slices: operation === Operation.JOB ? 1 + random.below(SLICES_MAX) : 0,
      data: Array.from({ length: DATA_WORDS }, () => random.below(AMOUNT_END)),
    };
    this.#counts.requests++;
    if (random.percent(2)) {
      this.#askSync(this.#ledger.ask(task, 0));
      return;
    }
    const priority: Priority = random.percent(25) ? 1 : 0;
    const options: CallOptions = {
      priority: priority === 1 ? "urgent" : "normal",
      ...(random.percent(12) ? { timeoutMs: random.between(0.02, 8) } : {}),
      ...(random.percent(8) ? { signal: this.#signal() } : {}),
    };
    const entry = this.#ledger.ask(task, priority);
    const begin = performance.now();
    const answer = random.percent(30)
      ? this.#kernel.tryCall(task, options)
      : this.#kernel.call(task, options);
    this.#watch(
      answer.then(
        (report) => {
          this.#answered(entry, report);
          this.#onAnswer((performance.now() - begin) * 1000);
        },
        (error: unknown) => this.#failed(entry, error),
      ),
    );
  }

  #askSync(entry: Entry): void {
    try {
      this.#answered(entry, this.#kernel.callSync(entry.task, { timeoutMs: SYNC_TIMEOUT_MS }));
    } catch (error) {
      const code = error instanceof EverwarpError ? error.code : undefined;
      if (code === "EW_DEVICE_LOST") {
        entry.outcome = "open"; // withdrawn, or performed at the last moment
        this.#counts.expired++;
      } else if (code === "EW_TIMEOUT" && (error as Error).message.includes("the request is not performed")) {
        entry.outcome = "never performed"; // the kernel was being parked
        this.#counts.neverPerformed++;
      } else this.#failed(entry, error);
    }
  }

  #answered(entry: Entry, report: Report): void {
    expectResult(`request ${entry.task.serial} is told once`, entry.outcome, "asked");
    expectResult(
      `request ${entry.task.serial} is not one that the kernel refuses`,
      entry.task.operation !== Operation.REFUSE,
      true,
    );
    entry.outcome = "answered";
    entry.report = report;
    this.#counts.answered++;
  }

  #failed(entry: Entry, error: unknown): void {
    if (!(error instanceof EverwarpError)) throw error;
    expectResult(`request ${entry.task.serial} is told once`, entry.outcome, "asked");
    if (error.code === "EW_KERNEL_FAULT" && entry.task.operation === Operation.REFUSE) {
      entry.outcome = "refused";
      this.#counts.refused++;
    } else if (error.code === "EW_TIMEOUT") {
      entry.outcome = "open";
      this.#counts.expired++;
    } else if (error.code === "EW_ABORTED" || error.code === "EW_QUEUE_FULL") {
      entry.outcome = "never performed";
      this.#counts.neverPerformed++;
    } else throw error;
  }

  #signal(): AbortSignal {
    const controller = new AbortController();
    const abort = (): void => controller.abort(new Error("called off by the soak"));
    if (this.#random.percent(50)) setImmediate(abort);
    else setTimeout(abort, this.#random.between(0, 10));
    return controller.signal;
  }

  #checkpoint(file: string | undefined): void {
    this.#watch(
      this.#kernel.checkpoint(file).then(() => {
        this.#counts.checkpoints++;
        if (file === undefined) return;
        this.#counts.files++;
        this.#hasFile = true;
      }),
    );
  }

  #throttle(): void {
    this.#counts.dutyChanges++;
    this.#kernel.setDutyCycle(this.#random.of([0.2, 0.5, 0.8, 1]));
  }

  #watch(promise: Promise<void>): void {
    const done: Promise<void> = promise
      .catch((error: unknown) => {
        this.#failure ??= error;
      })
      .finally(() => this.#pending.delete(done));
    this.#pending.add(done);
  }

  /** Waits until everything has ended. */
  async #quiet(): Promise<void> {
    const begin = performance.now();
    while (this.#pending.size > 0 && this.#failure === undefined) {
      if (performance.now() - begin > QUIET_TIMEOUT_MS) {
        const { inFlight, pending, recoveries } = this.#kernel.stats();
        throw new EverwarpError(
          "EW_BENCH_WRONG_RESULT",
          `${this.#pending.size} requests and checkpoints have not come to an end within ${QUIET_TIMEOUT_MS} ms (in flight ${inFlight}, pending ${pending}, recoveries ${recoveries})`,
        );
      }
      await sleep(1);
    }
    if (this.#failure !== undefined) throw this.#failure;
  }

  async #judge(): Promise<SoakReference> {
    const lookUp = (serial: number, urgent: boolean): Promise<Report> =>
      this.#kernel.call(
        {
          operation: Operation.LOOK_UP,
          serial,
          cell: 0,
          amount: 0,
          slices: 0,
          data: Array.from({ length: DATA_WORDS }, () => 0),
        },
        { priority: urgent ? "urgent" : "normal" },
      );
    // A request whose deadline has passed may still be performed. Later requests of its priority wait for
    // that.
    await Promise.all([lookUp(0, false), lookUp(0, true)]);
    const { sum: count } = await lookUp(0, false);
    const reports = await Promise.all(this.#ledger.doubtful.map(({ task }) => lookUp(task.serial, false)));
    const reference = this.#ledger.judge(new Map(reports.map((report) => [report.serial, report])));
    expectResult("requests that changed the kernel's state", count, reference.count);
    const { inFlight, pending, poisoned } = this.#kernel.stats();
    expectResult("requests left in flight, pending, and given up", inFlight + pending + poisoned, 0);
    return reference;
  }
}
