/**
 * The command line. `everwarp search` is the most frequent command, so it is recognised by hand and loads
 * nothing else. commander handles the others.
 */
import type { SearchHooks } from "./commands/index.ts";
import { type Environment, processEnvironment, failureText } from "./terminal/index.ts";

/**
 * Runs a command. An expected error is reported in one line, a fault of everwarp itself with its stack.
 * @param argv the arguments without node and script
 * @returns the exit code
 */
export async function main(
  argv: readonly string[],
  environment: Environment = processEnvironment(),
  hooks: SearchHooks = {},
): Promise<number> {
  let code: number;
  try {
    code = await run(argv, environment, hooks);
  } catch (error) {
    // The reader of the output has seen enough.
    if (error instanceof Error && "code" in error && error.code === "EPIPE") return 0;
    environment.writeError(`everwarp: ${failureText(error)}\n`);
    return 2;
  }
  return environment.messagesLost ? 2 : code;
}

async function run(argv: readonly string[], environment: Environment, hooks: SearchHooks): Promise<number> {
  if (argv[0] === "search") {
    const { runSearch } = await import("./commands/search.ts");
    return await runSearch(argv.slice(1), environment, hooks);
  }
  const { runCommand } = await import("./commands/others.ts");
  return await runCommand(argv, environment);
}
