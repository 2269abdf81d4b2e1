/** The question which files of a corpus have certain byte runs: letters that fold beyond ASCII. */
import type { BackendTicket } from "../backend/index.ts";

/** One such question, asked once; its answer is kept. */
export class ExceptionProbe {
  hasFailed = false;
  readonly #ticket: BackendTicket;
  #files: readonly number[] | undefined;

  constructor(ticket: BackendTicket) {
    this.#ticket = ticket;
  }

  /** Is the answer there? A cheap poll. @throws as `BackendTicket.wait` */
  get done(): boolean {
    return this.#files !== undefined || this.#failing(() => this.#ticket.done);
  }

  /** Blocks until the answer is there. @returns false when the time was over first */
  waitSync(timeoutMs: number): boolean {
    return this.#files !== undefined || this.#failing(() => this.#ticket.waitSync(timeoutMs));
  }

  async wait(): Promise<void> {
    if (this.#files !== undefined) return;
    try {
      await this.#ticket.wait();
    } catch (error) {
      this.hasFailed = true;
      throw error;
    }
  }

  /** Somebody has read the answer, and there are no such files. */
  get hasFoundNone(): boolean {
    return this.#files?.length === 0;
  }

  /** Indexes of the files, ascending. */
  files(): readonly number[] {
    return (this.#files ??= this.#failing(() => [...new Set(this.#ticket.result().file)]));
  }

  #failing<T>(ask: () => T): T {
    try {
      return ask();
    } catch (error) {
      this.hasFailed = true;
      throw error;
    }
  }
}
