/**
 * Searches that the user's daemon answers, for the server: the same bytes as from a process, without its start.
 *
 * Invariant: a search that the daemon does not answer has given nothing to anybody.
 */
import { existsSync } from "node:fs";
import { nowMs, packageVersion } from "../../base/index.ts";
import {
  askDaemon,
  type DaemonUse,
  NO_STREAMS,
  type Outcome,
  runtimeFolder,
  type SearchRequest,
  sentVariables,
  startDaemon,
} from "../../daemon/index.ts";
import { OutputQueue } from "./output-queue.ts";
import type { CommandEnd, RunningCommand } from "./running-command.ts";

/** A daemon that could not start is tried again after this time. */
const START_AGAIN_MS = 60_000;
/** So much of what a search writes to standard error is kept. */
const MAX_ERROR_CHARACTERS = 2 ** 18;

/** What decides which daemon is asked. */
export interface DaemonCommandsOptions {
  readonly use: DaemonUse;
  /** Absolute. */
  readonly workingDirectory: string;
  /** The folders that a daemon is started for. */
  readonly trees: readonly string[];
  readonly env: Readonly<Record<string, string | undefined>>;
}

/** Asks the daemon for searches. */
export class DaemonCommands {
  readonly #options: DaemonCommandsOptions;
  #startedMs = -Infinity;

  constructor(options: DaemonCommandsOptions) {
    this.#options = options;
  }

  /**
   * Begins a search.
   * @param argv the arguments after `everwarp search`
   * @returns undefined where no daemon answers it
   */
  async search(argv: readonly string[], signal: AbortSignal): Promise<RunningCommand | undefined> {
    const { use, env } = this.#options;
    const at = runtimeFolder(env);
    if (use === "off") return undefined;
    if (!existsSync(at.socket)) {
      this.#start();
      return undefined;
    }
    const output = new OutputQueue();
    let errors = "";
    const hangUp = new AbortController();
    const client = {
      writeOut: (bytes: Uint8Array) => output.push(bytes),
      writeError: (text: string) => void (errors.length < MAX_ERROR_CHARACTERS && (errors += text)),
    };
    const asked = askDaemon(at, this.#request(argv), client, AbortSignal.any([signal, hangUp.signal]));
    const ended = asked.then(
      (outcome): CommandEnd => {
        output.end();
        return { code: typeof outcome === "number" ? outcome : undefined, errors };
      },
      (error: unknown): CommandEnd => {
        output.end(error);
        if (hangUp.signal.aborted) return { code: undefined, errors };
        throw error;
      },
    );
    ended.catch(() => undefined); // told to whoever reads the output
    const outcome = await Promise.race([asked.catch(() => "broken"), output.hasBegun]);
    if (outcome === "declined" || outcome === "absent") {
      if ((outcome satisfies Outcome) === "absent") this.#start();
      return undefined;
    }
    return { output, ended, stop: () => hangUp.abort() };
  }

  #request(argv: readonly string[]): SearchRequest {
    const { use, workingDirectory, env } = this.#options;
    return {
      clientVersion: packageVersion(),
      cwd: workingDirectory,
      argv,
      // With `auto`, the request names its trees.
      env: { ...sentVariables(env), EVERWARP_DAEMON: use },
      facts: NO_STREAMS,
    };
  }

  #start(): void {
    const { use, env, trees } = this.#options;
    if (use !== "auto" || nowMs() - this.#startedMs < START_AGAIN_MS) return;
    this.#startedMs = nowMs();
    startDaemon(runtimeFolder(env), trees);
  }
}
