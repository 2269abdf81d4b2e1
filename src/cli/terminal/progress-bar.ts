/** Progress on a terminal. Nothing is shown if standard error is not a terminal. */
import type { Environment } from "./command-context.ts";

const BAR_WIDTH = 24;
const NAME_WIDTH = 40;
/** Work that ends sooner than this shows no progress. */
const PATIENCE_MS = 500;
/** Shortest time between two writes to the terminal. */
const PAUSE_MS = 100;

type Terminal = Pick<Environment, "stderrIsTerminal" | "writeError">;

/** A line on standard error that shows progress. */
export class ProgressBar {
  readonly #terminal: Terminal;
  readonly #nowMs: () => number;
  #nextMs: number;
  #isShown = false;

  constructor(terminal: Terminal, nowMs: () => number = () => performance.now()) {
    this.#terminal = terminal;
    this.#nowMs = nowMs;
    this.#nextMs = nowMs() + PATIENCE_MS;
  }

  /** Shows that `done` of `total` is done. @param name what is being done now */
  show(done: number, total: number, name: string): void {
    if (total === 0) return;
    const full = Math.round((done / total) * BAR_WIDTH);
    const bar = "█".repeat(full) + "░".repeat(BAR_WIDTH - full);
    const what = name.length > NAME_WIDTH ? `${name.slice(0, NAME_WIDTH - 1)}…` : name;
    this.#write(`${bar} ${done}/${total} ${what}`);
  }

  /** Shows a count whose total is unknown. It is shown only for long work, and not at every call. */
  count(text: string): void {
    const now = this.#nowMs();
    if (now < this.#nextMs) return;
    this.#nextMs = now + PAUSE_MS;
    this.#write(text);
  }

  /** Removes the bar. */
  end(): void {
    if (this.#isShown) this.#terminal.writeError("\r\x1b[K");
    this.#isShown = false;
  }

  #write(text: string): void {
    if (!this.#terminal.stderrIsTerminal) return;
    this.#isShown = true;
    this.#terminal.writeError(`\r\x1b[K${text}`);
  }
}

/** Shows that work goes on that reports no progress itself. The work must not block this thread. */
export async function withProgress<T>(terminal: Terminal, text: string, work: Promise<T>): Promise<T> {
  if (!terminal.stderrIsTerminal) return work;
  const bar = new ProgressBar(terminal);
  const begunMs = performance.now();
  const timer = setInterval(
    () => bar.count(`${text}: ${Math.floor((performance.now() - begunMs) / 1000)} s`),
    PAUSE_MS,
  );
  try {
    return await work;
  } finally {
    clearInterval(timer);
    bar.end();
  }
}
