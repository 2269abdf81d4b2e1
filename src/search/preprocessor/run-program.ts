/** Runs a program to its end and keeps what it writes. */
import type { SpawnSyncOptions, SpawnSyncReturns } from "node:child_process";
import { bytesOfText, holdsBytes } from "../../base/index.ts";

/**
 * Puts an argument together from octal bytes, since Node gives a program only arguments that are UTF-8. The x keeps
 * line feeds at the end.
 */
const WITH_BYTES = 'last=$(printf %bx "$1"); shift; exec "$@" "${last%x}"';

/** What a shell answers about a program that is not there, or is none. */
const SHELL_ERRORS: Readonly<Record<number, NodeJS.ErrnoException>> = {
  126: Object.assign(new Error("not a program"), { code: "EACCES", errno: -13 }),
  127: Object.assign(new Error("no such program"), { code: "ENOENT", errno: -2 }),
};

/**
 * Runs a program.
 * @param words the program and its arguments
 * @param path byte text: the last argument
 * @param stdin an open file, or nothing
 * @param maxOutputBytes the program is ended when it writes more
 */
export function runProgram(
  words: readonly string[],
  path: string,
  stdin: number | "ignore",
  maxOutputBytes: number,
): SpawnSyncReturns<Buffer> {
  // It takes some milliseconds to load, and most searches run no program.
  const { spawnSync } = process.getBuiltinModule("node:child_process");
  const options: SpawnSyncOptions = { stdio: [stdin, "pipe", "pipe"], maxBuffer: maxOutputBytes };
  const run = (program: string, args: string[]): SpawnSyncReturns<Buffer> =>
    spawnSync(program, args, options) as SpawnSyncReturns<Buffer>;
  const [program = "", ...args] = words;
  if (!holdsBytes(path)) return run(program, [...args, path]);
  const result = run("/bin/sh", ["-c", WITH_BYTES, "sh", octal(path), ...words]);
  const error = SHELL_ERRORS[result.status ?? 0];
  return error === undefined ? result : { ...result, error };
}

function octal(text: string): string {
  return Array.from(bytesOfText(text), (byte) => `\\0${byte.toString(8).padStart(3, "0")}`).join("");
}

/** A command as ripgrep shows it: each word in quotes, and in ASCII. */
export function shownCommand(words: readonly string[], path: string): string {
  return [...words, path].map((word) => `"${inAscii(word)}"`).join(" ");
}

const ESCAPES: Readonly<Record<string, string>> = { "\t": "\\t", "\n": "\\n", "\r": "\\r" };

function inAscii(text: string): string {
  return bytesOfText(text)
    .toString("latin1")
    .replace(/["'\\]/g, "\\$&")
    .replace(/[^ -~]/g, (byte) => ESCAPES[byte] ?? `\\x${byte.charCodeAt(0).toString(16).padStart(2, "0")}`);
}
