/** What ended a command, in words for whoever typed it. */
import { EverwarpError } from "../../base/index.ts";
import { systemErrorText } from "../../search/index.ts";

/** One line for what the surroundings refuse; the stack only for a fault of our own, which it helps to find. */
export function failureText(error: unknown): string {
  if (error instanceof EverwarpError) return `${error.message} [${error.code}]`;
  const reason = systemErrorText(error);
  if (reason !== undefined) {
    const { path, syscall } = error as NodeJS.ErrnoException;
    return `${path ?? syscall}: ${reason}`;
  }
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
