/**
 * Work that goes on behind answered requests, and is brought to its end before the process ends by itself.
 *
 * Invariant: nothing here keeps a process alive for longer than its work takes, and a process that is ended all the same
 * loses nothing but what would have been saved.
 */

/** What can be brought to its end. */
export interface Unsaved {
  readonly isUnsaved: boolean;
  flush(): Promise<void>;
}

const unsaved = new Set<Unsaved>();
let isWatching = false;

/** Flushes `what` when the process has nothing else to do any more. */
export function flushAtEnd(what: Unsaved): void {
  unsaved.add(what);
  if (isWatching) return;
  isWatching = true;
  process.on("beforeExit", () => {
    for (const each of unsaved) if (each.isUnsaved) void each.flush();
  });
}

/** What is flushed needs no more of it. */
export function forgetAtEnd(what: Unsaved): void {
  unsaved.delete(what);
}

/** Promises that nobody awaits at once. */
export class Background {
  readonly #running = new Set<Promise<void>>();

  /** @param work must deal with its errors; one that comes through is an unhandled rejection, as it should be */
  run(work: () => Promise<void>): void {
    const running = work().finally(() => this.#running.delete(running));
    this.#running.add(running);
  }

  get isBusy(): boolean {
    return this.#running.size > 0;
  }

  /** Waits for all, and for what they begin. */
  async settled(): Promise<void> {
    while (this.isBusy) await Promise.all(this.#running);
  }
}
