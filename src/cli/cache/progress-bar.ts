/** How far something has come, on a terminal; nothing where standard error is none. */
import type { Environment } from "../flags/environment.ts";

const BAR_WIDTH = 24;
const NAME_WIDTH = 40;

export class ProgressBar {
  readonly #environment: Pick<Environment, "stderrIsTerminal" | "writeError">;
  #isShown = false;

  constructor(environment: Pick<Environment, "stderrIsTerminal" | "writeError">) {
    this.#environment = environment;
  }

  /** @param name what is being done now */
  show(done: number, total: number, name: string): void {
    if (!this.#environment.stderrIsTerminal || total === 0) return;
    this.#isShown = true;
    const full = Math.round((done / total) * BAR_WIDTH);
    const bar = "█".repeat(full) + "░".repeat(BAR_WIDTH - full);
    const what = name.length > NAME_WIDTH ? `${name.slice(0, NAME_WIDTH - 1)}…` : name;
    this.#environment.writeError(`\r\x1b[K${bar} ${done}/${total} ${what}`);
  }

  /** Takes the bar away. */
  end(): void {
    if (this.#isShown) this.#environment.writeError("\r\x1b[K");
    this.#isShown = false;
  }
}
