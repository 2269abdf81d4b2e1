/** Tells errors of the system from faults of the program. */
import { ioErrorText } from "../walk/walk-error.ts";

/** "Permission denied (os error 13)", or undefined for what is no error of the system. */
export function systemErrorText(error: unknown): string | undefined {
  return error instanceof Error && "syscall" in error && "errno" in error ? ioErrorText(error) : undefined;
}
