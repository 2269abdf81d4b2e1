/** Ends a daemon that nobody uses. */

const MS_PER_MINUTE = 60_000;

/** Counts the time since the last use. */
export class IdleWatch {
  readonly #idleMs: number | undefined;
  readonly #onIdle: () => void;
  #timer: NodeJS.Timeout | undefined;

  /** @param idleMinutes undefined: it is never idle */
  constructor(idleMinutes: number | undefined, onIdle: () => void) {
    this.#idleMs = idleMinutes === undefined ? undefined : idleMinutes * MS_PER_MINUTE;
    this.#onIdle = onIdle;
  }

  /** It is used now. */
  restart(): void {
    this.stop();
    if (this.#idleMs !== undefined) this.#timer = setTimeout(this.#onIdle, this.#idleMs);
  }

  /** It counts no longer: it is in use, or about to end. */
  stop(): void {
    clearTimeout(this.#timer);
  }
}
