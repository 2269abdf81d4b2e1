/**
 * What a process does when nobody has asked it for a while: it gives memory back.
 *
 *   search ends ──some seconds──▶ what only searches in flight need ──a minute──▶ what makes searches sooner
 *
 * A search that comes meanwhile ends that, and is followed by another rest.
 */
import { collectGarbage, trimHeaps } from "../../threads/index.ts";

/** What happens after a number of milliseconds of rest. Threads have some time to collect their own garbage. */
const STEPS: readonly {
  readonly atMs: number;
  readonly does: "trim" | "forget" | "collect" | "collectAll";
}[] = [
  { atMs: 6_000, does: "trim" },
  { atMs: 6_500, does: "collect" },
  // V8 makes its space for new objects small at a collection before which little was allocated for some seconds.
  { atMs: 12_500, does: "collect" },
  { atMs: 60_000, does: "forget" },
  { atMs: 60_500, does: "collectAll" },
  { atMs: 66_500, does: "collectAll" },
];

/** See the head of this file. */
export class Rest {
  readonly #trim: (forgets: boolean) => void;
  #timer: NodeJS.Timeout | undefined;
  #running = 0;

  /** @param trim gives memory back. `forgets`: also what makes searches sooner */
  constructor(trim: (forgets: boolean) => void) {
    this.#trim = trim;
  }

  /** Something begins that needs memory. */
  begin(): void {
    this.#running++;
    this.stop();
  }

  /** It has ended. */
  end(): void {
    if (--this.#running === 0) this.#wait(0);
  }

  /** Does something that needs memory. A rest follows. */
  async after<T>(work: () => Promise<T>): Promise<T> {
    this.begin();
    try {
      return await work();
    } finally {
      this.end();
    }
  }

  /** Nothing happens any more, until something ends. */
  stop(): void {
    clearTimeout(this.#timer);
  }

  #wait(index: number): void {
    const step = STEPS[index];
    if (step === undefined) return;
    const delayMs = step.atMs - (STEPS[index - 1]?.atMs ?? 0);
    this.#timer = setTimeout(() => {
      if (step.does === "trim" || step.does === "forget") this.#trim(step.does === "forget");
      else collect(step.does === "collectAll");
      this.#wait(index + 1);
    }, delayMs).unref();
  }
}

function collect(forgetsCode: boolean): void {
  collectGarbage(forgetsCode);
  trimHeaps();
}
