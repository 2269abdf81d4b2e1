/** What a command wrote to standard error: one error that ended it, or messages about single files. */
import { ERROR_CODES, type ErrorCode, EverwarpError } from "../../base/index.ts";
import type { CommandEnd } from "./running-command.ts";

/** An error that ended a command: its text and its code. Other messages may stand before it. */
const FAILURE = /^everwarp: ((?:(?!^everwarp: )[^])*?) \[(EW_[A-Z_]+)\]\s*$/m;

/** The error about the value of a flag has ripgrep's words, and no code behind them. */
const FLAG_VALUE = /^everwarp: ((?:error parsing (?:glob|flag)|unrecognized file type)\b[^]*)/m;

/**
 * The error that ended a command.
 * @param remedyOf what the caller can do about an error
 * @returns undefined where the command did its work, even if it could not read single files
 */
export function commandError(
  { code, errors }: CommandEnd,
  remedyOf: (code: ErrorCode, message: string) => string | undefined,
): EverwarpError | undefined {
  const [, message, errorCode] = FAILURE.exec(errors) ?? [];
  if (message !== undefined && errorCode !== undefined && errorCode in ERROR_CODES)
    return withRemedy(errorCode as ErrorCode, message, remedyOf);
  const [, value] = (code === 2 && FLAG_VALUE.exec(errors)) || [];
  if (value !== undefined) return withRemedy("EW_BAD_FLAG_VALUE", value.trim(), remedyOf);
  if (code !== undefined && code <= 2 && !/^everwarp: \w*Error\b/m.test(errors)) return undefined;
  return new EverwarpError(
    "EW_WORKER_DIED",
    `a search ended too early: ${errors.trim() || "it said nothing"}`,
    {
      remedy: "Try again. If it happens every time, please report it.",
    },
  );
}

function withRemedy(
  code: ErrorCode,
  message: string,
  remedyOf: (code: ErrorCode, message: string) => string | undefined,
): EverwarpError {
  const remedy = remedyOf(code, message);
  return new EverwarpError(code, message, remedy === undefined ? {} : { remedy });
}

/** The messages of a command about single files, one line each, without the name of the program. */
export function messagesOf({ errors }: CommandEnd): string[] {
  return errors
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => line.replace(/^everwarp: /, ""));
}
