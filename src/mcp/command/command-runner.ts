/**
 * Runs everwarp's commands: searches through the user's daemon where it answers them, everything else as processes.
 *
 * A process costs the start of Node. For that, a call can be ended at once, and whatever happens in it harms no other
 * call. Either way, every answer is about the files as they are at the time of the call, and has the same bytes.
 *
 * Guarantees: a command ends when its call ends, is cancelled, or the runner is closed. At most `MAX_RUNNING` run at a
 * time; further calls wait.
 */
import { type ChildProcessByStdio, spawn } from "node:child_process";
import { once } from "node:events";
import type { Readable, Writable } from "node:stream";
import { EverwarpError, Turns } from "../../base/index.ts";
import type { DaemonCommands } from "./daemon-commands.ts";
import type { CommandInput, RunningCommand } from "./running-command.ts";

/** Each process uses all processors by itself, so more of them answer no sooner. */
const MAX_RUNNING = 4;
/** So much of what a command writes to standard error is kept: a tree can have very many files that cannot be read. */
const MAX_ERROR_BYTES = 2 ** 18;
/** How long a process may take to end before it is killed. A kernel on a device needs a moment to stop. */
const GRACE_MS = 3_000;

type Child = ChildProcessByStdio<Writable | null, Readable, Readable>;

/** Starts commands of everwarp. */
export class CommandRunner {
  readonly #program: readonly string[];
  readonly #workingDirectory: string;
  readonly #daemon: DaemonCommands | undefined;
  readonly #running = new Set<RunningCommand>();
  readonly #turns = new Turns(MAX_RUNNING);

  /** @param program the words that start everwarp, without a command */
  constructor(program: readonly string[], workingDirectory: string, daemon?: DaemonCommands) {
    this.#program = program;
    this.#daemon = daemon;
    this.#workingDirectory = workingDirectory;
  }

  /**
   * Runs a command, and gives it to `use` until that is done. Where a daemon dies in the middle of its answer, `use`
   * is called once more, with a command that begins anew.
   * @throws EW_ABORTED, EW_REQUEST_TOO_LARGE for arguments that are too long, EW_WORKER_DIED where no process starts,
   * and what `use` throws
   */
  run<T>(
    args: readonly string[],
    input: CommandInput,
    use: (command: RunningCommand) => Promise<T>,
  ): Promise<T> {
    return this.#turns.take(async () => {
      this.#throwIfAborted(input.signal);
      const answered = await this.#daemonSearch(args, input);
      this.#throwIfAborted(input.signal);
      try {
        return await this.#useOnce(answered ?? (await this.#start(args, input)), input, use);
      } catch (error) {
        const isDaemonDead = error instanceof EverwarpError && error.code === "EW_DAEMON_DIED";
        if (answered === undefined || !isDaemonDead) throw error;
        return await this.#useOnce(await this.#start(args, input), input, use);
      }
    });
  }

  async #useOnce<T>(
    command: RunningCommand,
    { signal }: CommandInput,
    use: (command: RunningCommand) => Promise<T>,
  ): Promise<T> {
    this.#running.add(command);
    try {
      const result = await use(command);
      this.#throwIfAborted(signal);
      return result;
    } catch (error) {
      this.#throwIfAborted(signal); // the command was ended in the middle of its output
      throw error;
    } finally {
      command.stop();
      this.#running.delete(command);
    }
  }

  async #daemonSearch(
    [command, ...argv]: readonly string[],
    { signal }: CommandInput,
  ): Promise<RunningCommand | undefined> {
    return command === "search" ? this.#daemon?.search(argv, signal) : undefined;
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
        // The daemon was asked already.
        env: { ...process.env, EVERWARP_DAEMON: "never" },
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
