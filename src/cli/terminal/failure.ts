/** Words the error that ended a command. */
import { EverwarpError } from "../../base/index.ts";
import { systemErrorText } from "../../search/index.ts";

/**
 * The text of an error: one line for an expected error. A fault of everwarp itself comes with its stack,
 * which helps to find it.
 */
export function failureText(error: unknown): string {
  if (error instanceof EverwarpError) return `${error.message} [${error.code}]`;
  const reason = systemErrorText(error);
  if (reason !== undefined) {
    const { path, syscall } = error as NodeJS.ErrnoException;
    return `${path ?? syscall}: ${reason}`;
  }
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
