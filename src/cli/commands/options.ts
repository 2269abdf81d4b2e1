/** Parses the options of the commands other than `search`. */
import { parseArgs, type ParseArgsConfig } from "node:util";
import { EverwarpError } from "../../base/index.ts";

/**
 * Splits the words of a command into options and others.
 * @param command its name, for the hint
 * @throws EW_BAD_ARGUMENT for unknown options
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

/** The error EW_BAD_ARGUMENT for arguments that are not understood. */
export function badArgument(message: string, remedy: string, cause?: unknown): EverwarpError {
  return new EverwarpError("EW_BAD_ARGUMENT", message, { remedy, cause });
}

/** The value of `--device` as `Device.open` takes it: an index, or a name or a part of one. */
export function deviceSelection(device = "auto"): string | number {
  return /^\d+$/.test(device) ? Number(device) : device;
}
