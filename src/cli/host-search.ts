/**
 * The search on the host, from arguments to an exit code: all that most starts of `everwarp` need.
 *
 * Invariant: where this is not for the host after all, nothing was printed. So whoever takes over may begin anew.
 */
import { type GrepOptions, paysOnDevice, runGrep } from "../search/index.ts";
import { readArguments } from "./commands/index.ts";
import { toGrepOptions } from "./flags/index.ts";
import { type CommandContext, exitCodeOf, HeldMessages } from "./terminal/index.ts";

/**
 * Searches on the host, if the host is to search.
 * @param argv the arguments after `everwarp search`
 * @returns the exit code; undefined for what the host is not to do: a device, help, arguments that are not understood
 */
export async function searchOnHost(
  argv: readonly string[],
  context: CommandContext,
): Promise<number | undefined> {
  const held = new HeldMessages(context);
  const options = optionsOf(argv, held.context);
  if (options === undefined) return undefined;
  let isForDevice = false;
  const search = (): Promise<number> =>
    runGrep(options, held.context, async ({ plan, listFiles }) => {
      isForDevice = options.engine.device === "auto" && paysOnDevice(options, plan, listFiles);
      if (isForDevice) throw new Error("not for the host"); // ends the search before it begins; nobody sees it
      held.release();
      return undefined;
    }).finally(() => {
      if (!isForDevice) held.release();
    });
  if (options.mode.kind !== "search") held.release();
  const code = await exitCodeOf(held.context, search);
  return isForDevice ? undefined : code;
}

/** @returns undefined for arguments that are not understood or name a device */
function optionsOf(argv: readonly string[], context: CommandContext): GrepOptions | undefined {
  try {
    const flags = readArguments(argv, context);
    if (flags.special !== undefined) return undefined;
    const options = toGrepOptions(flags, context);
    const { device, strategy, persistent } = options.engine;
    const isHost = (device === "auto" || device === "cpu") && strategy === undefined && !persistent;
    return isHost ? options : undefined;
  } catch {
    return undefined; // whoever takes over finds the same error, and says it
  }
}
