/**
 * Work that goes on behind answered requests, and what is saved a while later, or at the end of the process.
 *
 * Invariant: nothing here keeps a process alive for longer than its work takes. A process that is ended by
 * `process.exit()` does what is left in its short form, which is synchronous; one that is ended by a signal loses what
 * would have been saved, and nothing else.
 */

import { atExit } from "../../storage/index.ts";

/** How long what changed is left to change further. */
const SAVE_DELAY_MS = 2_000;

/** What can be brought to disk. */
export interface Unsaved {
  readonly isUnsaved: boolean;
  flush(): Promise<void>;
}

const unsaved = new Set<Unsaved>();
let isWatching = false;

/** Flushes `what` some time from now; before that, when the process has nothing else to do any more. */
export function saveLater(what: Unsaved): void {
  if (unsaved.has(what)) return;
  unsaved.add(what);
  setTimeout(() => save(what), SAVE_DELAY_MS).unref();
  if (isWatching) return;
  isWatching = true;
  process.on("beforeExit", () => unsaved.forEach(save));
}

/** What is flushed already needs no more of it. */
export function isSaved(what: Unsaved): void {
  unsaved.delete(what);
}

function save(what: Unsaved): void {
  if (unsaved.delete(what) && what.isUnsaved) void what.flush();
}

/** Promises that nobody awaits at once. */
export class Background {
  readonly #running = new Set<Promise<void>>();

  /**
   * @param work must deal with its errors; one that comes through is an unhandled rejection, as it should be
   * @param atOnce takes its place where the process ends before the work is done
   */
  run(work: () => Promise<void>, atOnce?: () => void): void {
    const settle = atOnce === undefined ? undefined : atExit(atOnce);
    const running = work().finally(() => {
      settle?.();
      this.#running.delete(running);
    });
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
