/** Tells errors of the system from faults of the program. */
import { ioErrorText, isNulInPath } from "../walk/walk-error.ts";

/** "Permission denied (os error 13)", or undefined for what is no error of the system. */
export function systemErrorText(error: unknown): string | undefined {
  const isSystemError = error instanceof Error && "syscall" in error && "errno" in error;
  return isSystemError || isNulInPath(error) ? ioErrorText(error) : undefined;
}
