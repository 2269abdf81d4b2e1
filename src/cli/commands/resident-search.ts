/** `everwarp search` as a process that holds trees answers it for others. */
import type { ResidentTrees } from "../../daemon/index.ts";
import type { GrepOptions } from "../../search/index.ts";
import { toGrepOptions } from "../flags/index.ts";
import { type CommandContext, exitCodeOf } from "../terminal/index.ts";
import { readArguments, showSpecial } from "./search.ts";

/**
 * Searches for somebody else, whose surroundings `context` describes. Errors are told there, as the command tells them.
 * @param argv the arguments after `everwarp search`
 * @returns the exit code. Undefined for what only the asking process can do: reading its standard input, and using a
 * device or a launch strategy that it names. Then nothing was printed
 */
export async function searchResident(
  trees: ResidentTrees,
  argv: readonly string[],
  context: CommandContext & { cwd: string },
  signal?: AbortSignal,
): Promise<number | undefined> {
  let isForAsker = false;
  const code = await exitCodeOf(context, async () => {
    const flags = readArguments(argv, context);
    if (flags.special !== undefined) return await showSpecial(flags.special, context);
    isForAsker = flags.patterns.some((pattern) => "file" in pattern && pattern.file === "-");
    if (isForAsker) return 0;
    const options = toGrepOptions(flags, context);
    isForAsker = needsAsker(options);
    return isForAsker ? 0 : await trees.search(options, context, signal);
  });
  return isForAsker ? undefined : code;
}

function needsAsker({ engine, paths }: GrepOptions): boolean {
  return (
    paths.includes("-") || engine.device !== "auto" || engine.strategy !== undefined || engine.persistent
  );
}
