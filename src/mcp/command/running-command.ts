/** What a command is given, gives and ends with. Types only. */

/** How a command ended. */
export interface CommandEnd {
  /** Its exit code. Undefined where it was stopped, or ended by a signal. */
  readonly code: number | undefined;
  /** What it wrote to standard error. */
  readonly errors: string;
}

/** A command that runs. Whoever starts it must call `stop` at the end; it does nothing to a command that has ended. */
export interface RunningCommand {
  /** Standard output, in pieces. */
  readonly output: AsyncIterable<Buffer>;
  /** Resolves when the command has ended. Read all output before, or call `stop`. */
  readonly ended: Promise<CommandEnd>;
  /** Ends the command if it still runs. */
  stop(): void;
}

/** What a command is given beside its arguments. */
export interface CommandInput {
  /** Ends the command. */
  readonly signal: AbortSignal;
  /** Its standard input. Without it there is none. */
  readonly stdin?: string;
}
