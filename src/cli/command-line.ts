/**
 * The command line. `everwarp search` is the most frequent command, so it is recognised by hand and loads
 * nothing else. commander handles the others.
 */
import type { SearchOverrides } from "./commands/index.ts";
import { type CommandContext, processContext, failureText } from "./terminal/index.ts";

/**
 * Runs a command. An expected error is reported in one line, a fault of everwarp itself with its stack.
 * @param argv the arguments without node and script
 * @returns the exit code
 */
export async function main(
  argv: readonly string[],
  context: CommandContext = processContext(),
  overrides: SearchOverrides = {},
): Promise<number> {
  let code: number;
  try {
    code = await run(argv, context, overrides);
  } catch (error) {
    // The reader of the output has seen enough.
    if (error instanceof Error && "code" in error && error.code === "EPIPE") return 0;
    context.writeError(`everwarp: ${failureText(error)}\n`);
    return 2;
  }
  return context.messagesLost ? 2 : code;
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
