/** How far something has come, on a terminal; nothing where standard error is none. */
import type { Environment } from "./command-context.ts";

const BAR_WIDTH = 24;
const NAME_WIDTH = 40;
/** What is over sooner than this needs no progress. */
const PATIENCE_MS = 500;
/** A terminal is not written to more often than this. */
const PAUSE_MS = 100;

type Terminal = Pick<Environment, "stderrIsTerminal" | "writeError">;

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

  /** So many of so many. @param name what is being done now */
  show(done: number, total: number, name: string): void {
    if (total === 0) return;
    const full = Math.round((done / total) * BAR_WIDTH);
    const bar = "█".repeat(full) + "░".repeat(BAR_WIDTH - full);
    const what = name.length > NAME_WIDTH ? `${name.slice(0, NAME_WIDTH - 1)}…` : name;
    this.#write(`${bar} ${done}/${total} ${what}`);
  }

  /** So many, where nobody knows of how many. Shown only of what takes long, and not at every call. */
  count(text: string): void {
    const now = this.#nowMs();
    if (now < this.#nextMs) return;
    this.#nextMs = now + PAUSE_MS;
    this.#write(text);
  }

  /** Takes the bar away. */
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

/** Shows for as long as something takes that tells nothing itself; its time must not be this thread's. */
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
