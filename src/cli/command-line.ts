/**
 * The command line. `everwarp search` is the most frequent command, so it is recognised by hand and loads
 * nothing else. commander handles the others.
 */
import type { SearchOverrides } from "./commands/index.ts";
import { type CommandContext, exitCodeOf, processContext } from "./terminal/index.ts";

/**
 * Runs a command. Its errors are told as `exitCodeOf` does.
 * @param argv the arguments without node and script
 * @returns the exit code
 */
export async function main(
  argv: readonly string[],
  context: CommandContext = processContext(),
  overrides: SearchOverrides = {},
): Promise<number> {
  return exitCodeOf(context, () => run(argv, context, overrides));
}

async function run(
  argv: readonly string[],
  context: CommandContext,
  overrides: SearchOverrides,
): Promise<number> {
  if (argv[0] === "search") {
    const { runSearch } = await import("./commands/search.ts");
    return await runSearch(argv.slice(1), context, overrides);
  }
  const { runCommand } = await import("./commands/others.ts");
  return await runCommand(argv, context);
}
