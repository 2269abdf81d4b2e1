/** The error that ended a command: its words and its exit code. */
import { EverwarpError } from "../../base/index.ts";
import { systemErrorText } from "../../search/index.ts";
import type { CommandContext } from "./command-context.ts";

/**
 * The text of an error: one line for an expected error. A fault of everwarp itself comes with its stack,
 * which helps to find it.
 */
export function failureText(error: unknown): string {
  // What is said about the value of a flag is ripgrep's, word for word.
  if (error instanceof EverwarpError)
    return error.code === "EW_BAD_FLAG_VALUE" ? error.message : `${error.message} [${error.code}]`;
  const reason = systemErrorText(error);
  if (reason !== undefined) {
    const { path, syscall } = error as NodeJS.ErrnoException;
    return `${path ?? syscall}: ${reason}`;
  }
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}

/**
 * Runs a command, and tells its error: an expected one in one line, a fault of everwarp itself with its stack.
 * @returns its exit code; 2 for an error, and where a message was lost
 */
export async function exitCodeOf(context: CommandContext, command: () => Promise<number>): Promise<number> {
  let code: number;
  try {
    code = await command();
  } catch (error) {
    // The reader of the output has seen enough.
    if (error instanceof Error && "code" in error && error.code === "EPIPE") return 0;
    context.writeError(`everwarp: ${failureText(error)}\n`);
    return 2;
  }
  return context.messagesLost ? 2 : code;
}
