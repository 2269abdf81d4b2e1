/**
 * Work that continues after a request was answered, and data that is saved later: after a delay, or when the process
 * ends.
 *
 * Invariant: nothing here keeps a process alive longer than its work takes. At `process.exit()` the remaining work runs
 * in its short, synchronous form. A process that a signal kills loses only unsaved data.
 */

import { atExit } from "../../storage/index.ts";

/** How long to wait for further changes before saving. */
const SAVE_DELAY_MS = 2_000;

/** Something with data that is not on disk yet. */
export interface Unsaved {
  readonly isUnsaved: boolean;
  flush(): Promise<void>;
}

const unsaved = new Set<Unsaved>();
let isWatching = false;

/** Flushes `what` after a delay, or as soon as the process has nothing else to do. */
export function saveLater(what: Unsaved): void {
  if (unsaved.has(what)) return;
  unsaved.add(what);
  setTimeout(() => save(what), SAVE_DELAY_MS).unref();
  if (isWatching) return;
  isWatching = true;
  process.on("beforeExit", () => unsaved.forEach(save));
}

/** Cancels a planned flush, because `what` is saved already. */
export function isSaved(what: Unsaved): void {
  unsaved.delete(what);
}

function save(what: Unsaved): void {
  if (unsaved.delete(what) && what.isUnsaved) void what.flush();
}

/** Promises that nobody awaits at first. */
export class Background {
  readonly #running = new Set<Promise<void>>();

  /**
   * @param work must handle its own errors. An error that escapes is an unhandled rejection, on purpose
   * @param atOnce runs instead of `work` if the process ends before the work is done
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

  /** Waits for all running work, and for the work that it starts. */
  async settled(): Promise<void> {
    while (this.isBusy) await Promise.all(this.#running);
  }
}
