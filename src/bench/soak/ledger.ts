/**
 * What was asked in one chapter of a soak, what became of it, and the judgement at the end.
 *
 *     asked ──▶ answered             performed once, its answer is the reference's at its place
 *           ├─▶ never performed      (cancelled while pending, or refused at once): its record says 0 times
 *           ├─▶ open                 (its deadline passed, or a spinning call gave it up): performed once or never,
 *           │                        its record says which, and where
 *           └─▶ refused by fail()    no state is touched
 *
 * The places of all performed requests must be 1, 2, 3 … without a gap: nothing was lost and nothing was done
 * twice. Within a priority, they must rise in the order of the calls.
 */
import { expectResult } from "../measure/index.ts";
import { type Report, SoakReference, type Task } from "./kernel.ts";

export type Priority = 0 | 1;
/** What became of a request, as far as its caller knows. */
export type Outcome = "asked" | "answered" | "never performed" | "open" | "refused";

/** A request in the ledger. */
export interface Entry {
  readonly task: Task;
  readonly priority: Priority;
  outcome: Outcome;
  report: Report | undefined;
}

/** The ledger of one chapter. */
export class SoakLedger {
  readonly entries: Entry[] = [];
  /** State at the beginning of the chapter. */
  readonly begin: SoakReference;
  #performed: Entry[] = [];

  constructor(begin: SoakReference) {
    this.begin = begin;
  }

  ask(task: Task, priority: Priority): Entry {
    const entry: Entry = { task, priority, outcome: "asked", report: undefined };
    this.entries.push(entry);
    return entry;
  }

  /** Entries whose callers do not know whether they were performed, or were told that they were not. */
  get doubtful(): Entry[] {
    return this.entries.filter(({ outcome }) => outcome === "open" || outcome === "never performed");
  }

  /**
   * Judges the chapter, after each doubtful entry was looked up.
   * @param lookUps the kernel's records, by serial
   * @returns the reference at the end of the chapter
   * @throws EW_BENCH_WRONG_RESULT
   */
  judge(lookUps: ReadonlyMap<number, Report>): SoakReference {
    const places = new Map<Entry, number>();
    for (const entry of this.entries) {
      const { outcome, task, report } = entry;
      const name = `request ${task.serial}`;
      expectResult(`${name} has come to an end`, outcome !== "asked", true);
      if (outcome === "refused") continue;
      if (outcome === "answered") {
        places.set(entry, (report as Report).order);
        continue;
      }
      const { times, order } = lookUps.get(task.serial) as Report;
      if (outcome === "never performed") expectResult(`${name}, which is never performed: times`, times, 0);
      else if (times !== 0) {
        expectResult(`${name}, whose deadline passed: times`, times, 1);
        places.set(entry, order);
      }
    }
    this.#performed = [...places.keys()].toSorted((a, b) => (places.get(a) ?? 0) - (places.get(b) ?? 0));
    const latest: [number, number] = [0, 0];
    const reference = new SoakReference(this.begin);
    for (const entry of this.#performed) {
      const { task, priority, report } = entry;
      const expected = reference.perform(task);
      expectResult(`place of request ${task.serial}`, places.get(entry), expected.order);
      if (report !== undefined) expectReport(report, expected);
      const hasOrder = task.serial > latest[priority];
      expectResult(
        `request ${task.serial} comes after ${latest[priority]} in priority ${priority}`,
        hasOrder,
        true,
      );
      latest[priority] = task.serial;
    }
    return reference;
  }

  /**
   * Judges a kernel that was restored from a checkpoint within the chapter. Call it after `judge`.
   * @param restored answers to the requests that were in flight then
   * @param count number of requests that had changed its state in the end
   * @throws EW_BENCH_WRONG_RESULT
   */
  judgeFork(restored: readonly Report[], count: number): void {
    const reference = new SoakReference(this.begin);
    const before = count - restored.length;
    const bySerial = new Map(this.entries.map((entry) => [entry.task.serial, entry]));
    for (const { task } of this.#performed) {
      if (reference.count >= before) break;
      reference.perform(task);
      expectResult(
        `request ${task.serial} is restored, though it was performed before the checkpoint`,
        restored.some(({ serial }) => serial === task.serial),
        false,
      );
    }
    expectResult("requests performed before the checkpoint", reference.count, before);
    for (const report of restored.toSorted((a, b) => a.order - b.order)) {
      const entry = bySerial.get(report.serial);
      if (entry === undefined)
        expectResult("a restored request is one of this chapter", report.serial, "known");
      else expectReport(report, reference.perform(entry.task));
    }
  }
}

function expectReport(actual: Report, expected: Report): void {
  for (const field of ["serial", "order", "times", "sum"] as const)
    expectResult(`${field} of request ${expected.serial}`, actual[field], expected[field]);
}
