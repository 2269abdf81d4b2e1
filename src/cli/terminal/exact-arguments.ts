/** The arguments of this process, exactly. Node decodes them, and bytes that are not UTF-8 are lost on the way. */
import { readFileSync } from "node:fs";
import { byteText } from "../../base/index.ts";

const REPLACEMENT = "\ufffd";

/**
 * The arguments as byte text (see `byteText`): the system is asked for their bytes, where Node may have lost some.
 * @param argv the arguments as Node has them, up to the last one
 */
export function exactArguments(argv: readonly string[]): readonly string[] {
  if (!argv.some((argument) => argument.includes(REPLACEMENT))) return argv;
  let commandLine: Buffer;
  try {
    commandLine = readFileSync("/proc/self/cmdline");
  } catch {
    return argv; // no /proc: a name that is not UTF-8 is not found, and the message says so
  }
  // Each argument ends in a NUL. Node's own options stand before those that it gives to the program.
  const all = commandLine.toString("latin1").split("\0").slice(0, -1);
  if (all.length < argv.length) return argv;
  return all.slice(all.length - argv.length).map((argument) => byteText(Buffer.from(argument, "latin1")));
}
