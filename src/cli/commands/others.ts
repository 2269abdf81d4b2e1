/** Runs all commands but `search`. commander distinguishes them. Each is loaded when it is called. */
import { Command, CommanderError } from "commander";
import type { Environment } from "../terminal/index.ts";
import { COMMANDS } from "./registry.ts";
import { versionText } from "../../base/index.ts";

/** Runs a command. @returns its exit code, or 2 if it does not exist */
export async function runCommand(argv: readonly string[], environment: Environment): Promise<number> {
  // A command prints its own help. commander knows only its name.
  const [word, named, ...more] = argv;
  if (word === "help" && named !== undefined && more.length === 0) {
    if (named === "search") return (await import("./search.ts")).runSearch(["--help"], environment);
    const command = COMMANDS.find(({ name }) => name === named);
    if (command !== undefined) return (await command.load()).run(["--help"], environment);
    if (named !== "version" && named !== "help") {
      const names = ["search", "version", ...COMMANDS.map(({ name }) => name)].join(", ");
      environment.writeError(`everwarp: there is no command "${named}". Choose among ${names}.\n`);
      return 2;
    }
  }
  let code = 0;
  const program = new Command("everwarp")
    .description("Search and more from programs that stay resident on the GPU.")
    .version(versionText().trim(), "-V, --version", "show the version")
    .helpCommand("help [command]", "show help, of a command if it is named")
    .exitOverride()
    .configureOutput({
      writeOut: (text) => environment.writeOut(Buffer.from(text)),
      writeErr: (text) => environment.writeError(text),
    });
  program
    .command("search")
    .summary("search files as ripgrep does (everwarp search --help)")
    .allowUnknownOption()
    .helpOption(false)
    .argument("[arguments...]")
    .action(async () => {
      const { runSearch } = await import("./search.ts");
      code = await runSearch(argv.slice(argv.indexOf("search") + 1), environment);
    });
  program
    .command("version")
    .summary("show the version")
    .action(() => environment.writeOut(Buffer.from(versionText())));
  for (const command of COMMANDS)
    program
      .command(command.name)
      .summary(command.summary)
      .allowUnknownOption()
      .allowExcessArguments()
      .helpOption(false)
      .action(async () => {
        code = await (await command.load()).run(argv.slice(argv.indexOf(command.name) + 1), environment);
      });
  try {
    await program.parseAsync(argv, { from: "user" });
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
    throw error;
  }
  return code;
}
