/** Options of the commands other than `search`, which have few. */
import { parseArgs, type ParseArgsConfig } from "node:util";
import { EverwarpError } from "../../base/index.ts";

/**
 * Takes the words of a command apart.
 * @param command its name, for the hint
 * @throws EW_BAD_ARGUMENT for options that it does not have
 */
export function readOptions<T extends ParseArgsConfig>(
  command: string,
  argv: readonly string[],
  config: T,
): ReturnType<typeof parseArgs<T & { args: string[] }>> {
  try {
    return parseArgs({ ...config, args: [...argv] });
  } catch (cause) {
    throw badArgument((cause as Error).message, `everwarp ${command} --help shows the options.`, cause);
  }
}

/** What is thrown for words that are not understood. */
export function badArgument(message: string, remedy: string, cause?: unknown): EverwarpError {
  return new EverwarpError("EW_BAD_ARGUMENT", message, { remedy, cause });
}
