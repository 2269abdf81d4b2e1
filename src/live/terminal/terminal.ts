/**
 * A terminal that is drawn on, and what it sends.
 *
 * Invariants: The terminal gets its modes and its screen back, whatever ends the session or the process, except
 * SIGKILL. `stop` does that. The end of the process does it too, also after an error that nobody caught. `stop` may be
 * called at any time and more than once.
 */
import type { ReadStream, WriteStream } from "node:tty";
import { EverwarpError } from "../../base/index.ts";
import type { ScreenSize } from "../state/index.ts";

/** Where keys come from, and where the screen is. */
export interface TerminalStreams {
  readonly input: ReadStream;
  readonly output: WriteStream;
}

/** What a terminal tells. */
export interface TerminalEvents {
  onBytes(bytes: Uint8Array): void;
  onResize(size: ScreenSize): void;
  /** Nothing more will come: the terminal is gone. */
  onEnd(): void;
}

/** Another screen, without wrapping, with marks around what is pasted, and reports of clicks and of the wheel. */
const ENTER = "\x1b[?1049h\x1b[?7l\x1b[?2004h\x1b[?1000h\x1b[?1006h";
const LEAVE = "\x1b[?2026l\x1b[m\x1b[?1006l\x1b[?1000l\x1b[?2004l\x1b[?7h\x1b[?25h\x1b[?1049l";

/**
 * The terminal of this process. Standard output may be something else, as in `$(everwarp live)`: then the screen is on
 * standard error.
 * @throws EW_NO_TERMINAL
 */
export function terminalStreams(env: Readonly<Record<string, string | undefined>>): TerminalStreams {
  const { stdin, stdout, stderr } = process;
  if (!stdin.isTTY) throw noTerminal("standard input is not a terminal", "Start it in a terminal.");
  const output = stdout.isTTY ? stdout : stderr;
  if (!output.isTTY)
    throw noTerminal(
      "neither standard output nor standard error is a terminal",
      "Leave one of them to the screen; the chosen hit is printed on standard output.",
    );
  const { TERM = "" } = env;
  if (TERM === "" || TERM === "dumb")
    throw noTerminal(
      TERM === "" ? "TERM is not set" : `TERM is "${TERM}": the cursor cannot be moved`,
      "Set TERM to what your terminal is, such as xterm-256color, or use everwarp search.",
    );
  return { input: stdin, output };
}

function noTerminal(message: string, remedy: string): EverwarpError {
  return new EverwarpError("EW_NO_TERMINAL", `everwarp live needs a terminal: ${message}`, { remedy });
}

/** See the head of this file. */
export class Terminal {
  readonly #streams: TerminalStreams;
  #events: TerminalEvents | undefined;
  readonly #onBytes = (bytes: Uint8Array): void => this.#events?.onBytes(bytes);
  readonly #onEnd = (): void => this.#events?.onEnd();
  readonly #onResize = (): void => this.#events?.onResize(this.size);
  readonly #onExit = (): void => this.stop();

  constructor(streams: TerminalStreams) {
    this.#streams = streams;
  }

  /** The size as it is now. */
  get size(): ScreenSize {
    const { columns, rows } = this.#streams.output;
    return { columns: columns || 80, rows: rows || 24 };
  }

  /** Takes the terminal. */
  start(events: TerminalEvents): void {
    if (this.#events !== undefined) return;
    this.#events = events;
    const { input, output } = this.#streams;
    process.on("exit", this.#onExit);
    process.on("uncaughtExceptionMonitor", this.#onExit);
    input.setRawMode(true);
    input.on("data", this.#onBytes).on("end", this.#onEnd).on("error", this.#onEnd);
    input.resume();
    output.on("resize", this.#onResize).on("error", this.#onEnd);
    this.write(ENTER);
  }

  /** Writes at once, while the terminal is taken. A slow terminal slows the caller down, so frames do not queue. */
  write(text: string): void {
    if (text !== "" && this.#events !== undefined) this.#streams.output.write(text);
  }

  /** Gives the terminal back as it was. */
  stop(): void {
    if (this.#events === undefined) return;
    const { input, output } = this.#streams;
    this.write(LEAVE);
    this.#events = undefined;
    try {
      input.setRawMode(false);
    } catch {
      // The terminal is gone: it has no mode any more.
    }
    input.pause();
    input.off("data", this.#onBytes).off("end", this.#onEnd).off("error", this.#onEnd);
    output.off("resize", this.#onResize).off("error", this.#onEnd);
    process.off("exit", this.#onExit);
    process.off("uncaughtExceptionMonitor", this.#onExit);
  }
}
