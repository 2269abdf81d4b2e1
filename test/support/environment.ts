/** What a command that runs in this process writes, kept. */
import type { CommandContext } from "../../src/cli/terminal/command-context.ts";

export interface Captured {
  /** Without variables, terminals and standard input, but for what was changed. */
  readonly environment: CommandContext;
  /** Written to standard output so far. */
  readonly out: () => string;
  readonly outBytes: () => Buffer;
  /** Written to standard error so far. */
  readonly errors: () => string;
}

/** Surroundings for a command. */
export function captured(changes: Partial<CommandContext> = {}): Captured {
  const chunks: Buffer[] = [];
  let errors = "";
  return {
    environment: {
      env: {},
      stdoutIsTerminal: false,
      stderrIsTerminal: false,
      stdinIsReadable: false,
      stdoutFile: undefined,
      messagesLost: false,
      writeOut: (bytes) => void chunks.push(Buffer.from(bytes)),
      writeError: (text) => void (errors += text),
      ...changes,
    },
    outBytes: () => Buffer.concat(chunks),
    out: () => Buffer.concat(chunks).toString("utf8"),
    errors: () => errors,
  };
}
