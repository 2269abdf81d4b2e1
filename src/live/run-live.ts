/** One session of `everwarp live`, from the terminal to the hit that was chosen. */
import { setTimeout as sleep } from "node:timers/promises";
import { HistoryFile } from "./history/index.ts";
import type { LiveOutcome } from "./outcome.ts";
import { LiveSession } from "./session.ts";
import type { HitSource } from "./source/index.ts";
import { paletteOf, Terminal, type TerminalStreams } from "./terminal/index.ts";

/** What a session begins with. */
export interface LiveOptions {
  readonly streams: TerminalStreams;
  readonly source: HitSource;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly pattern?: string;
  readonly globs?: readonly string[];
  readonly isHidden?: boolean;
}

/** How long the source has to close after a signal. */
const CLOSE_MS = 2000;
const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/**
 * Runs a session until somebody chooses a hit or leaves. The source is opened here and closed at the end.
 * @param onWarning is told what went wrong beside the session, when the screen is gone
 * @throws errors of the source
 */
export async function runLive(options: LiveOptions, onWarning: (text: string) => void): Promise<LiveOutcome> {
  const { streams, source, env, pattern, globs = [], isHidden } = options;
  const history = new HistoryFile(env);
  const session = new LiveSession(new Terminal(streams), source, paletteOf(env), {
    history: history.read(),
    globs: globs.join(" "),
    ...(pattern === undefined ? {} : { pattern }),
    ...(isHidden === undefined ? {} : { isHidden }),
  });
  let isSignalled = false;
  const onSignal = (signal: NodeJS.Signals): void => {
    isSignalled = true;
    session.end({ kind: "signal", signal });
  };
  for (const signal of SIGNALS) process.on(signal, onSignal);
  try {
    const { outcome, pattern: used } = await session.run();
    if (outcome.kind === "chosen") keep(history, used, onWarning);
    return outcome;
  } finally {
    // Whoever sends a signal does not wait for long.
    await Promise.race([source.close(), ...(isSignalled ? [sleep(CLOSE_MS)] : [])]);
    for (const signal of SIGNALS) process.off(signal, onSignal);
  }
}

function keep(history: HistoryFile, pattern: string, onWarning: (text: string) => void): void {
  try {
    history.add(pattern);
  } catch (error) {
    onWarning(`the pattern is not kept in the history: ${(error as Error).message}`);
  }
}
