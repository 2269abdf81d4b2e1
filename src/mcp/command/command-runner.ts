/**
 * Runs everwarp's commands as processes.
 *
 * A process for each call costs the start of Node. For that, every answer is about the files as they are at the time of
 * the call, a call can be ended at once, and whatever happens in it harms no other call.
 *
 * Guarantees: a process ends when its call ends, is cancelled, or the runner is closed. At most `MAX_RUNNING` processes
 * run at a time; further calls wait.
 */
import { type ChildProcessByStdio, spawn } from "node:child_process";
import { once } from "node:events";
import type { Readable, Writable } from "node:stream";
import { EverwarpError } from "../../base/index.ts";

/** Each process uses all processors by itself, so more of them answer no sooner. */
const MAX_RUNNING = 4;
/** So much of what a command writes to standard error is kept: a tree can have very many files that cannot be read. */
const MAX_ERROR_BYTES = 2 ** 18;
/** How long a process may take to end before it is killed. A kernel on a device needs a moment to stop. */
const GRACE_MS = 3_000;

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

type Child = ChildProcessByStdio<Writable | null, Readable, Readable>;

/** Starts commands of everwarp. */
export class CommandRunner {
  readonly #program: readonly string[];
  readonly #workingDirectory: string;
  readonly #running = new Set<RunningCommand>();
  #taken = 0;
  readonly #waiting: (() => void)[] = [];

  /** @param program the words that start everwarp, without a command */
  constructor(program: readonly string[], workingDirectory: string) {
    this.#program = program;
    this.#workingDirectory = workingDirectory;
  }

  /**
   * Runs a command, and gives it to `use` until that is done.
   * @throws EW_ABORTED, EW_REQUEST_TOO_LARGE for arguments that are too long, EW_WORKER_DIED where no process starts,
   * and what `use` throws
   */
  async run<T>(
    args: readonly string[],
    input: CommandInput,
    use: (command: RunningCommand) => Promise<T>,
  ): Promise<T> {
    // Whoever leaves hands its place to the next that waits.
    if (this.#taken === MAX_RUNNING) await new Promise<void>((resolve) => this.#waiting.push(resolve));
    else this.#taken++;
    let command: RunningCommand | undefined;
    try {
      this.#throwIfAborted(input.signal);
      command = await this.#start(args, input);
      this.#running.add(command);
      const result = await use(command);
      this.#throwIfAborted(input.signal);
      return result;
    } catch (error) {
      this.#throwIfAborted(input.signal); // the command was ended in the middle of its output
      throw error;
    } finally {
      if (command !== undefined) {
        command.stop();
        this.#running.delete(command);
      }
      const next = this.#waiting.shift();
      if (next === undefined) this.#taken--;
      else next();
    }
  }

  /** Ends all commands. */
  close(): void {
    for (const command of this.#running) command.stop();
  }

  #throwIfAborted(signal: AbortSignal): void {
    if (signal.aborted) throw new EverwarpError("EW_ABORTED", "the call was cancelled");
  }

  async #start(args: readonly string[], { signal, stdin }: CommandInput): Promise<RunningCommand> {
    const child = this.#spawn(args, stdin !== undefined);
    const errors = beginningOf(child.stderr);
    const closed = once(child, "close") as Promise<[number | null]>;
    const stop = (): void => endChild(child);
    signal.addEventListener("abort", stop, { once: true });
    const ended = closed.then(async ([code]) => {
      signal.removeEventListener("abort", stop);
      return { code: code ?? undefined, errors: await errors };
    });
    ended.catch(() => undefined); // `once` rejects where no process starts, which is told below
    await new Promise<void>((resolve, reject) => {
      child.once("spawn", resolve);
      child.once("error", (cause) => reject(notStarted(cause)));
    });
    // A command that has ended reads no more; that is no error of ours.
    child.stdin?.on("error", () => undefined).end(stdin);
    return { output: child.stdout as AsyncIterable<Buffer>, ended, stop };
  }

  #spawn(args: readonly string[], hasStdin: boolean): Child {
    const [program = "", ...words] = this.#program;
    try {
      return spawn(program, [...words, ...args], {
        cwd: this.#workingDirectory,
        stdio: [hasStdin ? "pipe" : "ignore", "pipe", "pipe"],
      }) as Child;
    } catch (cause) {
      if ((cause as NodeJS.ErrnoException).code !== "E2BIG") throw notStarted(cause as Error);
      throw new EverwarpError("EW_REQUEST_TOO_LARGE", "the arguments are longer than the system allows", {
        remedy: "Give fewer or shorter patterns, globs and paths.",
        cause,
      });
    }
  }
}

/** The beginning of a stream's text. The rest is read, so that nobody waits, and dropped. */
async function beginningOf(stream: Readable): Promise<string> {
  const pieces: Buffer[] = [];
  let sizeBytes = 0;
  for await (const piece of stream as AsyncIterable<Buffer>) {
    if (sizeBytes < MAX_ERROR_BYTES) pieces.push(piece);
    sizeBytes += piece.length;
  }
  return Buffer.concat(pieces).toString("utf8");
}

function endChild(child: Child): void {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.kill("SIGTERM");
  const timer = setTimeout(() => child.kill("SIGKILL"), GRACE_MS);
  child.once("exit", () => clearTimeout(timer));
}

function notStarted(cause: Error): EverwarpError {
  return new EverwarpError("EW_WORKER_DIED", `a search could not be started: ${cause.message}`, {
    remedy: "Try again; if it happens every time, look at the limits of processes and memory.",
    cause,
  });
}
